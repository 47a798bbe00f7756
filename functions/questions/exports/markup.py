"""Question texts as HTML, with formulas marked so that MathJax finds them."""

import html
import re

# As in Pandoc: a formula begins right after its first $ and ends right before its last, and what
# follows is no digit, so that "$5 and $6" stays money. No formula reaches over a gap
# or from one criterion into the next.
_DISPLAYED = re.compile(r"(?<!\\)\$\$(?!\s|\$)((?:(?!_____|\n•)[^$])+?)(?<![\s\\])\$\$")
_INLINE = re.compile(r"(?<![\\$])\$(?![\s$])((?:(?!_____)[^$\n])+?)(?<![\s\\])\$(?![\d$])")


def with_mathjax(text: str) -> str:
    r"""The text with `$x$` as `\(x\)` and `$$x$$` as `\[x\]`.

    Moodle, Canvas and Anki all read these marks; a single $ means money to them.
    """
    displayed = _DISPLAYED.sub(r"\\[\1\\]", text)
    return _INLINE.sub(r"\\(\1\\)", displayed)


def as_html(text: str) -> str:
    """The text as HTML without a paragraph around it: nothing in it is markup."""
    return html.escape(with_mathjax(text), quote=False).replace("\n", "<br>")


def paragraph(text: str) -> str:
    """The text as an HTML paragraph that runs right to left where its script does."""
    return f'<p dir="auto">{as_html(text)}</p>'

"""Question texts as HTML, with formulas marked so that MathJax finds them."""

import html
import re
from functools import partial

# As in Pandoc: a formula begins right after its first $ and ends right before its last, and what
# follows is no digit, so that "$5 and $6" stays money.
_DISPLAYED = re.compile(r"(?<!\\)\$\$(?!\s|\$)([^$]+?)(?<![\s\\])\$\$")
_INLINE = re.compile(r"(?<![\\$])\$(?![\s$])([^$\n]+?)(?<![\s\\])\$(?![\d$])")


def with_mathjax(text: str) -> str:
    r"""The text with `$x$` as `\(x\)` and `$$x$$` as `\[x\]`.

    Moodle, Canvas and Anki all read these marks; a single $ means money to them.
    """
    displayed = _DISPLAYED.sub(partial(_marked, r"\[", r"\]"), text)
    return _INLINE.sub(partial(_marked, r"\(", r"\)"), displayed)


def _marked(begin: str, end: str, formula: re.Match[str]) -> str:
    """A gap is no formula, and neither is what stands around it."""
    return formula[0] if "_____" in formula[1] else f"{begin}{formula[1]}{end}"


def as_html(text: str) -> str:
    """The text as HTML without a paragraph around it: nothing in it is markup."""
    return html.escape(with_mathjax(text), quote=False).replace("\n", "<br>")


def paragraph(text: str) -> str:
    """The text as an HTML paragraph that runs right to left where its script does."""
    return f'<p dir="auto">{as_html(text)}</p>'

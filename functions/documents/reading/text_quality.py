"""Tells a page's text from what only looks like it, and cleans what is text."""

import re

# Good files were measured to have at most 2.7 % of such characters, bad ones at least 97 %.
UNREADABLE_SHARE = 0.20

# Everything of category Cc but tab, line feed and the other line breaks.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
_LINE_BREAK = re.compile(r"\r\n|[\r\v\f\x85\u2028\u2029]")
_GLYPH_NAME = re.compile(r"/(?:\.notdef|[A-Za-z]{1,10}\d[0-9A-Fa-f]{0,5})(?![a-z])")
# What stands for a character that the font doesn't name: replacement and private-use characters.
_NAMELESS = re.compile("[\ufffd\ue000-\uf8ff\U000f0000-\U0010ffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_SENTENCE_END_BEFORE_ARABIC_OR_HEBREW = re.compile(
    "^([.!?:،؛؟]{1,3})([\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc].*)$", re.MULTILINE
)


def is_unreadable(text: str) -> bool:
    """True where more than a fifth of the visible characters are glyph names or control codes."""
    controls = len(_CONTROL.findall(text))
    nameless = len(_NAMELESS.findall(text))
    glyph_names = sum(len(name) for name in _GLYPH_NAME.findall(text)) if "/" in text else 0
    visible = len("".join(_CONTROL.sub("", text).split())) + controls
    return controls + nameless + glyph_names > visible * UNREADABLE_SHARE


def in_one_line(text: object, characters: int) -> str | None:
    """A name such as a title, clean and cut to so many characters; None where it is none."""
    if not isinstance(text, str):
        return None
    return " ".join(clean(text[: characters * 4]).split())[:characters] or None


def clean(text: str) -> str:
    """The text without control characters and lone surrogates; line breaks become \\n."""
    if _SURROGATE.search(text):
        paired = text.encode("utf-16-le", "surrogatepass")
        text = paired.decode("utf-16-le", "ignore")
    text = _LINE_BREAK.sub("\n", text)
    text = _CONTROL.sub("", text)
    # pypdf puts the mark that ends a right-to-left line before the line when it is drawn last.
    return _SENTENCE_END_BEFORE_ARABIC_OR_HEBREW.sub(r"\2\1", text)

"""Takes disguises off words that are meant for a grader and not for who looks for them."""

import re
import unicodedata

from functions.evaluation.rules.text_folding import loose_words

# Cyrillic, Greek, Armenian and small capital letters that look like a Latin one, small as folded.
_CONFUSABLES = str.maketrans(
    "авеіјкмнорстухѕһԁԛԝαβεζηικμνορτυχոսօցᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢƒ013457@$",
    "abeijkmhopctyxshdqwabezhikmnoptuxnuogabcdefghijklmnoprstuvwyzfoieastas",
)
_SET_APART = re.compile(r"\b\w([ .\-_*])\w(?:\1\w){2,}\b")
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{2,}")


def undisguised(text: str) -> tuple[str, str]:
    """The words with letters for their look-alikes, without marks, closed up; and from behind."""
    words = loose_words(_SET_APART.sub(_close_up, text))
    letters = unicodedata.normalize("NFD", words)
    plain = "".join(one for one in letters if not unicodedata.combining(one))
    latin = plain.translate(_CONFUSABLES)
    return latin, latin[::-1]


def hides_bytes(text: str) -> bool:
    """True where variation selectors follow each other: one chooses a glyph, a row spells words."""
    return _SELECTORS.search(text) is not None


def _close_up(match: re.Match[str]) -> str:
    return match[0].replace(match[1], "")

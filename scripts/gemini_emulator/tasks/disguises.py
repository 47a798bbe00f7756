"""Reads text as a language model does, which isn't fooled by how letters look or are spaced."""

import re
import unicodedata

# Letters that look like a Latin one (Cyrillic, Greek, Armenian, Cherokee, small capitals), and
# digits and signs that stand for one.
_LOOK_ALIKES = str.maketrans(
    "авеіјкмнорстухѕһԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧАВЕІЈКМНОРСТХѕαεικνορτυχսոօցᎪᎬᎷᏚᎢᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ013457@$",
    "abeijkmhopctyxshdqwABEZHIKMNOPTYXABEIJKMHOPCTXsaeiknoptuxunogAEMSTabcdefghijklmnoprstuvwyzoieastas",
)
_BACKWARDS = re.compile("[\u202e\u2067]([^\u202c\u2069]*)[\u202c\u2069]?")
# Tag characters, and the selectors beyond 16, carry a byte each that nobody sees.
_HIDDEN = {0xE0000 + code: code for code in range(0x20, 0x7F)} | {
    0xE0100 + code - 16: code for code in range(0x20, 0x7F)
}
_FILLERS = dict.fromkeys(map(ord, "\u3164\u115f\u1160\uffa0\u034f"))
_SET_APART = re.compile(r"\b\w([ .\-_*])\w(?:\1\w){2,}\b")
_BETWEEN_WORDS = re.compile(r"\s+")


def readings(text: str) -> tuple[str, ...]:
    """The text as written, and as it reads with what is hidden shown and disguises taken off."""
    shown = _BACKWARDS.sub(lambda run: run[1][::-1], text).translate(_HIDDEN).translate(_FILLERS)
    visible = "".join(one for one in shown if unicodedata.category(one) not in {"Cf", "Cc"})
    plain = unicodedata.normalize("NFKC", visible)
    closed_up = _SET_APART.sub(lambda run: run[0].replace(run[1], ""), plain)
    latin = _latin(closed_up)
    return tuple(dict.fromkeys((text, plain, _latin(plain), latin, latin[::-1])))


def _latin(text: str) -> str:
    """Every look-alike as the Latin letter, without marks on it."""
    letters = unicodedata.normalize("NFD", text.translate(_LOOK_ALIKES))
    bare = "".join(one for one in letters if not unicodedata.combining(one))
    return _BETWEEN_WORDS.sub(" ", bare)

"""Takes secrets out of text that leaves a process: logs, errors, problems, metrics."""

import re
from collections.abc import Iterable
from urllib.parse import quote

# Shorter values would take common words out of every line.
SHORTEST_HIDDEN = 8
_MOST_HIDDEN = 2000

# What may stand between a name and its value: in JSON, in JSON within JSON, in headers, in URLs.
_BETWEEN = r"(?:\\*['\"])?\s*(?:[:=]|%3[aAdD])\s*"
_SIGN = rf"({_BETWEEN}(?:\\*['\"])?(?:(?:Bearer|Basic|Token)\s+)?)"
_QUOTE = rf"({_BETWEEN}\\*['\"])"
_KEY_NAMES = r"(?:x-goog-)?api[_-]?key(?:_\d+)?|authorization|(?<=[?&])key"
_OTHER_NAMES = (
    r"[\w-]{0,40}(?:secret|password|passphrase)|encryption[_-]key|ticket"
    r"|(?:access|refresh|id|auth|bearer)[_-]?token"
)
_VALUE = r"(?!\[hidden\])[^\s'\"\\&,;(){}\[\]<>]"

# Google's API keys have a classic form, and one for those that are bound to a service account.
_KEYS = (
    (re.compile(r"AIza[0-9A-Za-z_\-]{10,}"), "[gemini key]"),
    (re.compile(r"\bAQ\.[0-9A-Za-z_\-]{10,}"), "[gemini key]"),
    (re.compile(r"\bya29\.[0-9A-Za-z_\-.]{10,}"), "[token]"),
    (re.compile(r"eyJ[0-9A-Za-z_\-]{8,}\.[0-9A-Za-z_\-]+\.[0-9A-Za-z_\-]+"), "[token]"),
    # No shorter value is a key: a message about a field of this name may follow as well.
    (re.compile(rf"({_KEY_NAMES}){_SIGN}{_VALUE}{{8,}}", re.IGNORECASE), r"\1\2[hidden]"),
)
_NAMED = (
    (
        re.compile(r"((?:postgres(?:ql)?(?:\+psycopg)?|rediss?)://[^:/\s]*):[^@\s]+@"),
        r"\1:[password]@",
    ),
    # Between quotation marks a value may have spaces.
    (
        re.compile(rf"({_KEY_NAMES}|{_OTHER_NAMES}){_QUOTE}[^'\"\\]+", re.IGNORECASE),
        r"\1\2[hidden]",
    ),
    (re.compile(rf"({_KEY_NAMES}|{_OTHER_NAMES}){_SIGN}{_VALUE}+", re.IGNORECASE), r"\1\2[hidden]"),
    (re.compile(r"\b(Bearer\s+)[0-9A-Za-z._~+/=-]{8,}"), r"\1[hidden]"),
)


class _KnownValues:
    """Secrets of this process, which are found whatever they look like."""

    def __init__(self) -> None:
        self._forms: dict[str, None] = {}
        self._pattern: re.Pattern[str] | None = None

    def add(self, values: Iterable[str]) -> None:
        new = [value for value in values if len(value) >= SHORTEST_HIDDEN]
        forms = {form for value in new for form in (value, quote(value, safe=""))}
        if forms <= self._forms.keys():
            return
        known = [*self._forms, *sorted(forms - self._forms.keys())][-_MOST_HIDDEN:]
        self._forms = dict.fromkeys(known)
        # The longest first: one key may be the beginning of another.
        longest_first = sorted(known, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def hidden_in(self, text: str) -> str:
        return self._pattern.sub("[hidden]", text) if self._pattern else text


_known = _KnownValues()


def hide(values: Iterable[str]) -> None:
    """From now on `redact` takes these very values out, if they have eight characters or more."""
    _known.add(values)


def redact(text: str) -> str:
    """`text` without API keys, tokens, tickets and passwords: for logs and errors."""
    text = redact_keys(text)
    for pattern, replacement in _NAMED:
        text = pattern.sub(replacement, text)
    return text


def redact_keys(text: str) -> str:
    """`text` without API keys and tokens: for what callers read, where `password: too short` may
    stand.
    """
    text = _known.hidden_in(text)
    for pattern, replacement in _KEYS:
        text = pattern.sub(replacement, text)
    return text

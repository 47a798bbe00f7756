"""Numbers and their units as a learner writes them, compared as numbers."""

import re
from dataclasses import dataclass
from decimal import Decimal, DecimalException, localcontext
from functools import lru_cache

from functions.evaluation.rules.text_folding import fold_typing
from functions.evaluation.rules.units import Unit, parse_unit

# CLDR: languages whose decimal separator is the comma and whose grouping is a point or a space.
DECIMAL_COMMA_LANGUAGES = frozenset({
    "af", "bg", "bs", "ca", "cs", "da", "de", "el", "es", "et", "eu", "fi", "fr", "gl", "hr", "hu",
    "id", "is", "it", "kk", "lt", "lv", "mk", "nb", "nl", "nn", "no", "pl", "pt", "ro", "ru", "sk",
    "sl", "sq", "sr", "sv", "tr", "uk", "uz", "vi",
})  # fmt: skip
_LARGEST_EXPONENT = 400
_LONGEST = 100
# With spaces and marks that folding takes away.
_LONGEST_TYPED = 400

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_FRACTIONS = {
    "½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅕": "1/5", "⅖": "2/5",
    "⅗": "3/5", "⅘": "4/5", "⅙": "1/6", "⅚": "5/6", "⅛": "1/8", "⅜": "3/8", "⅝": "5/8", "⅞": "7/8",
}  # fmt: skip

_POINT_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d{1,3}(?:[ '’]\d{3})+|\d+)?(?:\.\d+)?"
_COMMA_NUMBER = r"(?:\d{1,3}(?:\.\d{3})+|\d{1,3}(?:[ '’]\d{3})+|\d+)?(?:,\d+)?"
_RAISED = r"[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+"
_POWER = (
    r"(?:[eE](?P<e>[-+]?\d{1,4})"
    rf"| ?[×x*·] ?10(?:\^\(?(?P<caret>[-+]?\d{{1,4}})\)?|(?P<raised>{_RAISED})))?"
)
_OWN_POWER = rf"(?:\^\(?(?P<own_caret>[-+]?\d{{1,3}})\)?|(?P<own_raised>{_RAISED}))?"


def _pattern(number: str) -> re.Pattern[str]:
    return re.compile(
        rf"(?P<sign>[-+])? ?(?P<number>{number}){_OWN_POWER}{_POWER}(?P<unit>(?: |(?![\d.,])).*)?\Z"
    )


_WITH_POINT = _pattern(_POINT_NUMBER)
_WITH_COMMA = _pattern(_COMMA_NUMBER)
_WITH_FRACTION = re.compile(
    r"(?P<sign>[-+])? ?(?:(?P<whole>\d{1,9}) )?(?P<top>\d{1,9})/(?P<bottom>\d{1,9})"
    r"(?P<unit>(?: |(?!\d)).*)?\Z"
)
_CURRENCY_FIRST = re.compile(r"(?P<sign>[-+])? ?(?P<currency>[$€£]) ?(?P<rest>\d.*)\Z")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number and its unit as one factor times powers of base units."""

    value: Decimal
    unit: Unit


def parse_quantity(text: str, language: str) -> Quantity | None:
    """The quantity that the whole text is, or None where it says anything else.

    `1,000` is a thousand in English and one in German; `1 000`, `1e3` and `10³` are a thousand
    everywhere.
    """
    return _parse_quantity(text, language) if may_be_quantity(text) else None


def may_be_quantity(text: str) -> bool:
    """Whether a text is short enough for a quantity and holds a digit: most answers don't."""
    return len(text) <= _LONGEST_TYPED and any(one.isdigit() or one in _FRACTIONS for one in text)


@lru_cache(maxsize=2048)
def _parse_quantity(text: str, language: str) -> Quantity | None:
    folded = fold_typing(text).strip().rstrip(".;,")
    if not folded or len(folded) > _LONGEST:
        return None
    for mark, fraction in _FRACTIONS.items():
        folded = re.sub(rf"(?<=\d) ?{mark}", f" {fraction}", folded).replace(mark, fraction)
    currency = _CURRENCY_FIRST.match(folded)
    if currency is not None:
        folded = f"{currency['sign'] or ''}{currency['rest']} {currency['currency']}"
    with localcontext(prec=_LONGEST):
        try:
            return _fraction(folded) or _number(folded, language)
        except (DecimalException, ZeroDivisionError):
            return None


def same_quantity(left: Quantity, right: Quantity, tolerance: float) -> bool:
    """True where units measure the same and values differ by at most `tolerance` of the larger."""
    if left.unit.powers != right.unit.powers:
        return False
    with localcontext(prec=_LONGEST):
        first = left.value * left.unit.factor
        second = right.value * right.unit.factor
        if first * second < 0:
            return False
        return abs(first - second) <= max(abs(first), abs(second)) * Decimal(str(tolerance))


def _fraction(text: str) -> Quantity | None:
    match = _WITH_FRACTION.match(text)
    if match is None:
        return None
    unit = parse_unit(match["unit"] or "")
    if unit is None:
        return None
    value = Decimal(match["whole"] or 0) + Decimal(match["top"]) / Decimal(match["bottom"])
    return Quantity(-value if match["sign"] == "-" else value, unit)


def _number(text: str, language: str) -> Quantity | None:
    patterns = [_WITH_POINT]
    if language in DECIMAL_COMMA_LANGUAGES:
        patterns = [_WITH_COMMA, _WITH_POINT]
    for pattern in patterns:
        match = pattern.match(text)
        if match is None or not match["number"]:
            continue
        quantity = _quantity(match, decimal_comma=pattern is _WITH_COMMA)
        if quantity is not None:
            return quantity
    return None


def _quantity(match: re.Match[str], *, decimal_comma: bool) -> Quantity | None:
    unit = parse_unit(match["unit"] or "")
    if unit is None:
        return None
    digits = re.sub(r"[ '’.]" if decimal_comma else r"[ '’,]", "", match["number"])
    value = Decimal(digits.replace(",", "."))
    own_power = _exponent(match["own_caret"], match["own_raised"])
    if own_power is not None:
        value = value**own_power
    power = _exponent(match["e"] or match["caret"], match["raised"])
    if power is not None:
        value = value.scaleb(power)
    return Quantity(-value if match["sign"] == "-" else value, unit)


def _exponent(plain: str | None, raised: str | None) -> int | None:
    text = plain or (raised or "").translate(_SUPERSCRIPTS)
    if not text:
        return None
    exponent = int(text)
    if abs(exponent) > _LARGEST_EXPONENT:
        raise DecimalException("the exponent is out of range")
    return exponent

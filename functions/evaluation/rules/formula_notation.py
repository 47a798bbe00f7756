"""One way of writing formulas that are typed in several: H₂O as H2O, 3 x 10⁸ as 3 × 10^8."""

import re

_DIGITS = str.maketrans("₀₁₂₃₄₅₆₇₈₉⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "01234567890123456789-+")
# Behind a letter only (10₂ is not 102), and not where a digit follows (a₁2 is not a₁₂).
_INDEX = re.compile(r"(?<=[A-Za-z)])[₀-₉]+(?![0-9])")
# A charge (Ca²⁺) is no power.
_POWER = re.compile(r"(?<=[\w)])[⁻⁺]?[⁰¹²³⁴-⁹]+(?![0-9⁺⁻])")
_TIMES_POWER_OF_TEN = re.compile(r"(?<=\d) ?[x*·] ?(?=10\^)")


_PER_CENT = re.compile(r"(?<=\d) ?(?:percent|per cent)\b")
_SIGNS = {"->": "→", "<=": "≤", ">=": "≥", "+/-": "±"}
_SIGN = re.compile(r"(?<![-<>=+!])(?:->|<=|>=|\+/-)(?![-<>=])")


def fold_formulas(text: str) -> str:
    """The text with indices and powers in plain characters, wherever that keeps them apart."""
    text = _SIGN.sub(lambda sign: _SIGNS[sign[0]], _PER_CENT.sub(" %", text))
    text = _INDEX.sub(lambda index: index[0].translate(_DIGITS), text)
    text = _POWER.sub(lambda power: "^" + power[0].translate(_DIGITS), text)
    return _TIMES_POWER_OF_TEN.sub(" × ", text)

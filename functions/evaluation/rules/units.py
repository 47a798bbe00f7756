"""Units of measurement as a factor and powers of base units, so that 5 mg is 0.005 g."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")

_PREFIXES = {
    "Q": 30, "R": 27, "Y": 24, "Z": 21, "E": 18, "P": 15, "T": 12, "G": 9, "M": 6, "k": 3,
    "h": 2, "da": 1, "d": -1, "c": -2, "m": -3, "μ": -6, "u": -6, "n": -9, "p": -12, "f": -15,
    "a": -18, "z": -21, "y": -24, "r": -27, "q": -30,
}  # fmt: skip
_PREFIX_NAMES = {
    "quetta": 30, "ronna": 27, "yotta": 24, "zetta": 21, "exa": 18, "peta": 15, "tera": 12,
    "giga": 9, "mega": 6, "kilo": 3, "hecto": 2, "deca": 1, "deka": 1, "deci": -1, "centi": -2,
    "milli": -3, "micro": -6, "nano": -9, "pico": -12, "femto": -15, "atto": -18, "zepto": -21,
    "yocto": -24,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: `factor` times the product of base units, each to its power."""

    factor: Decimal
    powers: Mapping[str, int]


def _unit(factor: str, **powers: int) -> Unit:
    return Unit(Decimal(factor), powers)


# BIPM, The International System of Units, 9th edition, tables 2, 4 and 8. Celsius, Fahrenheit and
# kelvin stay apart (they differ by an offset), as do hertz and becquerel.
_PREFIXABLE: dict[str, Unit] = {
    "m": _unit("1", m=1),
    "g": _unit("1", g=1),
    "s": _unit("1", s=1),
    "A": _unit("1", A=1),
    "K": _unit("1", K=1),
    "mol": _unit("1", mol=1),
    "cd": _unit("1", cd=1),
    "Hz": _unit("1", Hz=1),
    "N": _unit("1000", g=1, m=1, s=-2),
    "Pa": _unit("1000", g=1, m=-1, s=-2),
    "J": _unit("1000", g=1, m=2, s=-2),
    "W": _unit("1000", g=1, m=2, s=-3),
    "C": _unit("1", A=1, s=1),
    "V": _unit("1000", g=1, m=2, s=-3, A=-1),
    "F": _unit("0.001", g=-1, m=-2, s=4, A=2),
    "Ω": _unit("1000", g=1, m=2, s=-3, A=-2),
    "S": _unit("0.001", g=-1, m=-2, s=3, A=2),
    "Wb": _unit("1000", g=1, m=2, s=-2, A=-1),
    "T": _unit("1000", g=1, s=-2, A=-1),
    "H": _unit("1000", g=1, m=2, s=-2, A=-2),
    "lm": _unit("1", lm=1),
    "lx": _unit("1", lm=1, m=-2),
    "Bq": _unit("1", Bq=1),
    "Gy": _unit("1", Gy=1),
    "Sv": _unit("1", Sv=1),
    "kat": _unit("1", mol=1, s=-1),
    "L": _unit("0.001", m=3),
    "l": _unit("0.001", m=3),
    "eV": _unit("1.602176634e-16", g=1, m=2, s=-2),
    "bar": _unit("1e8", g=1, m=-1, s=-2),
    "cal": _unit("4184", g=1, m=2, s=-2),
    "Wh": _unit("3600000", g=1, m=2, s=-2),
    "M": _unit("1000", mol=1, m=-3),
    "B": _unit("8", bit=1),
    "bit": _unit("1", bit=1),
    "t": _unit("1e6", g=1),
}
_PLAIN: dict[str, Unit] = {
    "%": _unit("0.01"),
    "‰": _unit("0.001"),
    "ppm": _unit("0.000001"),
    "min": _unit("60", s=1),
    "h": _unit("3600", s=1),
    "d": _unit("86400", s=1),
    "°C": _unit("1", celsius=1),
    "℃": _unit("1", celsius=1),
    "°F": _unit("1", fahrenheit=1),
    "℉": _unit("1", fahrenheit=1),
    "°": _unit("1", degree=1),
    "rad": _unit("1", rad=1),
    "atm": _unit("101325000", g=1, m=-1, s=-2),
    "mmHg": _unit("133322.387415", g=1, m=-1, s=-2),
    "ha": _unit("10000", m=2),
    "in": _unit("0.0254", m=1),
    "ft": _unit("0.3048", m=1),
    "mi": _unit("1609.344", m=1),
    "lb": _unit("453.59237", g=1),
    "oz": _unit("28.349523125", g=1),
    "$": _unit("1", usd=1),
    "€": _unit("1", eur=1),
    "£": _unit("1", gbp=1),
    "u": _unit("1.66053906660e-24", g=1),
}
_NAMES = {
    "meter": "m", "metre": "m", "gram": "g", "gramme": "g", "second": "s", "sec": "s",
    "ampere": "A", "amp": "A", "kelvin": "K", "mole": "mol", "candela": "cd", "hertz": "Hz",
    "newton": "N", "pascal": "Pa", "joule": "J", "watt": "W", "coulomb": "C", "volt": "V",
    "farad": "F", "ohm": "Ω", "siemens": "S", "weber": "Wb", "tesla": "T", "henry": "H",
    "henries": "H", "lumen": "lm", "lux": "lx", "becquerel": "Bq", "gray": "Gy", "sievert": "Sv",
    "liter": "L", "litre": "L", "electronvolt": "eV", "calorie": "cal", "byte": "B", "tonne": "t",
    "bit": "bit", "bar": "bar",
}  # fmt: skip
_PLAIN_NAMES = {
    "percent": "%", "per cent": "%", "prozent": "%", "procent": "%", "pour cent": "%",
    "pourcent": "%", "por ciento": "%", "por cento": "%", "per cento": "%", "процент": "%",
    "процента": "%", "процентов": "%", "minute": "min", "hour": "h", "hr": "h", "day": "d",
    "degree": "°", "degree celsius": "°C", "degrees celsius": "°C", "celsius": "°C",
    "degree fahrenheit": "°F", "degrees fahrenheit": "°F", "fahrenheit": "°F", "radian": "rad",
    "atmosphere": "atm", "hectare": "ha", "inch": "in", "inches": "in", "foot": "ft",
    "feet": "ft", "mile": "mi", "pound": "lb", "ounce": "oz", "dollar": "$", "euro": "€",
}  # fmt: skip

_FACTOR = re.compile(
    r"\s*(?P<operator>per\b|[/·⋅×*.])?\s*(?P<symbol>[^\W\d_⁰¹²³⁴⁵⁶⁷⁸⁹]+|[°℃℉%‰$€£][CF]?)"
    r"\s*(?P<power>\^\(?[-+]?\d\)?|[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]|-?\d(?![\d.,]))?"
)


_ONE_OVER = re.compile(r"\A\s*1\s*(?=/)/")
_POWER_BEFORE = re.compile(r"\b(square|cubic) (\w+)", re.IGNORECASE)
_POWER_AFTER = re.compile(r"(\w) (squared|cubed)\b", re.IGNORECASE)
_POWER_WORDS = {"square": "²", "squared": "²", "cubic": "³", "cubed": "³"}


def parse_unit(text: str) -> Unit | None:
    """The unit a text names, or None; the case of symbols counts (mW is not MW)."""
    text = _ONE_OVER.sub("/", text)
    text = _POWER_BEFORE.sub(lambda m: m[2] + _POWER_WORDS[m[1].lower()], text.strip())
    text = _POWER_AFTER.sub(lambda m: m[1] + _POWER_WORDS[m[2].lower()], text)
    if not text:
        return Unit(Decimal(1), {})
    return _named(text) or _product(text)


def _product(text: str) -> Unit | None:
    factor, powers, position, divided = Decimal(1), dict[str, int](), 0, False
    while position < len(text):
        match = _FACTOR.match(text, position)
        if match is None:
            return None
        symbol = _symbol(match["symbol"]) or _named(match["symbol"])
        if symbol is None:
            return None
        # Once divided, divided for the rest: W/m²/K and W/m²K mean the same.
        divided = divided or match["operator"] in {"/", "per"}
        power = _power(match["power"]) * (-1 if divided else 1)
        factor *= symbol.factor**power
        for base, exponent in symbol.powers.items():
            powers[base] = powers.get(base, 0) + exponent * power
        position = match.end()
    return Unit(factor, {base: power for base, power in powers.items() if power})


def _power(text: str | None) -> int:
    if not text:
        return 1
    return int(text.translate(_SUPERSCRIPTS).strip("^()"))


def _symbol(text: str) -> Unit | None:
    plain = _PLAIN.get(text) or _PREFIXABLE.get(text)
    if plain is not None:
        return plain
    for length in (1, 2):
        prefix, rest = text[:length], text[length:]
        if prefix in _PREFIXES and rest in _PREFIXABLE:
            base = _PREFIXABLE[rest]
            return Unit(base.factor.scaleb(_PREFIXES[prefix]), base.powers)
    return None


def _named(text: str) -> Unit | None:
    name = text.lower()
    for candidate in (name, name.removesuffix("s"), name.removesuffix("es")):
        if candidate in _PLAIN_NAMES:
            return _PLAIN[_PLAIN_NAMES[candidate]]
        if candidate in _NAMES:
            return _PREFIXABLE[_NAMES[candidate]]
        for prefix, exponent in _PREFIX_NAMES.items():
            rest = candidate.removeprefix(prefix)
            if rest != candidate and rest in _NAMES:
                base = _PREFIXABLE[_NAMES[rest]]
                return Unit(base.factor.scaleb(exponent), base.powers)
    return None

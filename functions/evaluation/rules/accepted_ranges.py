"""Keys that say themselves how near is near enough: `9.81 ± 0.02 m/s²`, `5 V ± 1 %`, `3–5 mm`.

A tolerance in per cent is a share of the value, unless the value is in per cent itself; what stands
in brackets shares its unit: `(5 ± 1) %` is 4 to 6 %. `5 ± 1 %` is read both ways: the answer's own
unit tells which was meant. Two numbers with a dash between them are a
range only where a unit follows: `1914–1918` are years, `3–4` may be a score.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, DecimalException, localcontext
from functools import lru_cache

from functions.evaluation.rules.quantities import Quantity, may_be_quantity, parse_quantity
from functions.evaluation.rules.text_folding import fold_typing

_LONGEST = 100
_DIGITS = 100
_PLUS_MINUS = re.compile(r"\s*(?:±|\+ ?/ ?-|\+-)\s*")
_IN_BRACKETS = re.compile(r"\((?P<numbers>[^()]+)\)(?P<unit>.*)\Z")
_TO = re.compile(r"\s*(?:-|\.\.\.?|(?<=\s)(?:to|bis|à|a|até|do|до|tot|til|till)(?=\s))\s*")


@dataclass(frozen=True, slots=True)
class AcceptedRange:
    """From `lowest` to `highest`, both included, in base units; `value` is its named middle."""

    lowest: Decimal
    highest: Decimal
    powers: Mapping[str, int]
    value: Decimal | None = None

    def accepts(self, quantity: Quantity) -> bool:
        """Whether a quantity measures the same and lies inside. Never the value's opposite sign."""
        if quantity.unit.powers != self.powers:
            return False
        with localcontext(prec=_DIGITS):
            given = quantity.value * quantity.unit.factor
            if self.value is not None and self.value * given < 0:
                return False
            return self.lowest <= given <= self.highest

    def accepts_range(self, other: "AcceptedRange") -> bool:
        """Whether another range says the same, or the same value no less exactly."""
        if other.powers != self.powers:
            return False
        if (other.lowest, other.highest) == (self.lowest, self.highest):
            return True
        if self.value is None or other.value is None or self.value * other.value < 0:
            return False
        exactly = other.highest - other.lowest <= self.highest - self.lowest
        return exactly and self.lowest <= other.value <= self.highest


def parse_ranges(text: str, language: str) -> tuple[AcceptedRange, ...]:
    """What the whole text may mean as a range; nothing where it says anything else."""
    return _parse_ranges(text, language) if may_be_quantity(text) else ()


@lru_cache(maxsize=2048)
def _parse_ranges(text: str, language: str) -> tuple[AcceptedRange, ...]:
    folded = fold_typing(text).strip().rstrip(".;,")
    if not folded or len(folded) > _LONGEST or parse_quantity(folded, language) is not None:
        return ()
    with localcontext(prec=_DIGITS):
        try:
            return tuple(_with_tolerance(folded, language)) or tuple(_from_to(folded, language))
        except DecimalException:
            return ()


def _with_tolerance(text: str, language: str) -> Iterator[AcceptedRange]:
    brackets = _IN_BRACKETS.match(text)
    unit = brackets["unit"] if brackets else ""
    parts = _PLUS_MINUS.split(brackets["numbers"] if brackets else text)
    if len(parts) != 2 or parts[1].startswith(("+", "-")):
        return
    value, tolerance = (parse_quantity(part + unit, language) for part in parts)
    if value is None or tolerance is None:
        return
    in_parts = not tolerance.unit.powers and tolerance.unit.factor != 1
    if not brackets and in_parts and (value.unit.powers or _is_bare(value)):
        share = tolerance.value * tolerance.unit.factor
        yield _around(value, abs(value.value) * value.unit.factor * share)
    if _is_bare(value):
        value = Quantity(value.value, tolerance.unit)
    elif _is_bare(tolerance):
        tolerance = Quantity(tolerance.value, value.unit)
    if value.unit.powers == tolerance.unit.powers:
        yield _around(value, tolerance.value * tolerance.unit.factor)


def _around(value: Quantity, spread: Decimal) -> AcceptedRange:
    middle = value.value * value.unit.factor
    return AcceptedRange(middle - spread, middle + spread, value.unit.powers, middle)


def _is_bare(quantity: Quantity) -> bool:
    return not quantity.unit.powers and quantity.unit.factor == 1


def _from_to(text: str, language: str) -> Iterator[AcceptedRange]:
    for before, after in _splits(text):
        lowest, highest = parse_quantity(before, language), parse_quantity(after, language)
        if lowest is None or highest is None or _is_bare(highest):
            continue
        if _is_bare(lowest):
            lowest = Quantity(lowest.value, highest.unit)
        first, last = (one.value * one.unit.factor for one in (lowest, highest))
        if lowest.unit.powers == highest.unit.powers and first < last:
            yield AcceptedRange(first, last, highest.unit.powers)


def _splits(text: str) -> Iterator[tuple[str, str]]:
    return ((text[: match.start()], text[match.end() :]) for match in _TO.finditer(text))

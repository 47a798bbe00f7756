"""A key with a tolerance or a range accepts what lies inside, in any unit of its kind."""

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from functions.evaluation.rules.answers import Verdict
from tests.unit.evaluation.test_objective_rules import verdict_of_blank

NUMBERS = st.decimals("-1000000", "1000000", places=3)
SPREADS = st.decimals("0", "1000", places=3)
SHARES = st.decimals("0", "100", places=2)
# How to write a length, a mass, a time, an energy in another unit: name and size in the key's unit.
CONVERSIONS = {
    "m": {"m": "1", "cm": "0.01", "km": "1000", "mm": "0.001", "µm": "0.000001", "metres": "1"},
    "kg": {"kg": "1", "g": "0.001", "mg": "0.000001", "t": "1000", "kilograms": "1"},
    "s": {"s": "1", "ms": "0.001", "min": "60", "h": "3600", "seconds": "1"},
    "J": {"J": "1", "kJ": "1000", "N m": "1", "W s": "1", "kg m² s⁻²": "1"},
    "m/s²": {"m/s²": "1", "m s^-2": "1", "cm/s²": "0.01", "N/kg": "1"},
}
OTHER_KINDS = {"m": "s", "kg": "m", "s": "kg", "J": "W", "m/s²": "m/s"}


def written(number: Decimal, *, comma: bool = False) -> str:
    text = f"{number:f}"
    return text.replace(".", ",") if comma else text


def right(key: str, answer: str, language: str = "en") -> bool:
    return verdict_of_blank(key, answer, language) is Verdict.CORRECT


@pytest.mark.parametrize(
    ("key", "answer", "language"),
    [
        ("9.81 ± 0.02 m/s²", "9.8 m/s²", "en"),
        ("9.81 ± 0.02 m/s²", "9.83 m s^-2", "en"),
        ("9.81 ± 0.02 m/s²", "9.79 m/s^2", "en"),
        ("9.81 ± 0.02 m/s²", "981 cm/s²", "en"),
        ("9.81 ± 0.02 m/s²", "9.81 ± 0.02 m/s²", "en"),
        ("9.81 ± 0.02 m/s²", "9.80 ± 0.01 m/s²", "en"),
        ("(9.81 ± 0.02) m/s²", "9.82 m/s²", "en"),
        ("9.81 m/s² ± 0.02", "9.82 m/s²", "en"),
        ("9.81 m/s² ± 2 cm/s²", "9.82 m/s²", "en"),
        ("9.81 +/- 0.02 m/s²", "9.82 m/s²", "en"),
        ("9.81 +- 0.02", "9.82", "en"),
        ("9,81 ± 0,02 m/s²", "9,82 m/s²", "de"),
        ("9,81 ± 0,02 m/s²", "9.82 m/s²", "de"),
        ("5 ± 1 %", "5.04", "en"),
        ("5 ± 1 %", "4.95", "en"),
        ("5 ± 1 %", "6 %", "en"),
        ("(5 ± 1) %", "0.06", "en"),
        ("5 % ± 1 %", "4 percent", "en"),
        ("12 V ± 5 %", "12.5 V", "en"),
        ("12 V ± 5 %", "12 500 mV", "en"),
        ("12 ± 5 % V", "12 ± 5 % V", "en"),
        ("-4 ± 1 °C", "-5 °C", "en"),
        ("0 ± 0.5 V", "-0.3 V", "en"),
        ("3–5 mm", "4 mm", "en"),
        ("3–5 mm", "3 mm", "en"),
        ("3–5 mm", "0.5 cm", "en"),
        ("3–5 mm", "3 - 5 mm", "en"),
        ("3–5 mm", "3 mm to 5 mm", "en"),
        ("3–5 mm", "4 ± 1 mm", "en"),
        ("3 to 5 mm", "0.004 m", "en"),
        ("3 bis 5 mm", "4,5 mm", "de"),
        ("entre", "entre", "fr"),
        ("3 à 5 mm", "4,5 mm", "fr"),
        ("30 cm – 1 m", "50 cm", "en"),
        ("−5 – −3 °C", "-4 °C", "en"),
        ("-5 to 3 °C", "-4 °C", "en"),
        ("10–15 %", "12 %", "en"),
        ("10–15 %", "0.12", "en"),
        ("(6.02 ± 0.01)·10^23 mol^-1", "6.022e23 1/mol", "en"),
        ("6.02e23 1/mol", "6.02 × 10²³ mol⁻¹", "en"),
        ("6,02·10^23", "6.02e23", "de"),
        ("6,02·10^23 1/mol", "6,02e23 mol^-1", "de"),
        ("1.6e-19 C", "1.6 × 10^-19 C", "en"),
        ("50 %", "50 Prozent", "de"),
        ("50 %", "50 por ciento", "es"),
        ("50 %", "1/2", "en"),
        ("1914–1918", "1914-1918", "en"),
    ],
)
def test_what_a_key_accepts(key: str, answer: str, language: str) -> None:
    assert right(key, answer, language)


@pytest.mark.parametrize(
    ("key", "answer", "language"),
    [
        ("9.81 ± 0.02 m/s²", "9.84 m/s²", "en"),
        ("9.81 ± 0.02 m/s²", "-9.81 m/s²", "en"),
        ("9.81 ± 0.02 m/s²", "9.81", "en"),
        ("9.81 ± 0.02 m/s²", "9.81 m/s", "en"),
        ("9.81 ± 0.02 m/s²", "9.81 ± 5 m/s²", "en"),
        ("9.81 ± 0.02 m/s²", "9 ± 1 m/s²", "en"),
        ("9.81 ± 0.02", "9.81 m/s²", "en"),
        ("9,81 ± 0,02 m/s²", "9,82 m/s²", "en"),
        ("5 ± 1 %", "5.1", "en"),
        ("5 ± 1 %", "6", "en"),
        ("5 ± 1 %", "6.5 %", "en"),
        ("5 ± 1 %", "-5", "en"),
        ("(5 ± 1) %", "5", "en"),
        ("5 % ± 1 %", "5", "en"),
        ("12 V ± 5 %", "12.7 V", "en"),
        ("12 V ± 5 %", "12 A", "en"),
        ("0.1 ± 0.2 V", "-0.05 V", "en"),
        ("20 ± 1 °C", "20 °F", "en"),
        ("20 ± 1 °C", "293 K", "en"),
        ("20 ± 1 °C", "68 °F", "en"),
        ("3–5 mm", "6 mm", "en"),
        ("3–5 mm", "4 cm", "en"),
        ("3–5 mm", "4", "en"),
        ("3–5 mm", "-4 mm", "en"),
        ("3–5 mm", "3–6 mm", "en"),
        ("3–5 mm", "1–100 mm", "en"),
        ("3–5 mm", "35 mm", "en"),
        ("4 mm", "3–5 mm", "en"),
        ("9.81 m/s²", "9.81 ± 0.02 m/s²", "en"),
        ("−5 – −3 °C", "4 °C", "en"),
        ("5–3 mm", "4 mm", "en"),
        ("1914–1918", "1916", "en"),
        ("3-4", "3.5", "en"),
        ("3:4", "3.5", "en"),
        ("6.02e23", "6.02e-23", "en"),
        ("6,02·10^23", "6.02·10^22", "de"),
        ("50", "50 %", "en"),
        ("0.5 %", "0.5", "en"),
        ("5 W m-2 K-1", "5 W m-2", "en"),
        ("increases ± 5", "decreases ± 5", "en"),
    ],
)
def test_what_a_key_does_not_accept(key: str, answer: str, language: str) -> None:
    assert not right(key, answer, language)


@given(NUMBERS, SPREADS, NUMBERS)
def test_a_tolerance_accepts_what_is_as_near_and_no_opposite(
    value: Decimal, spread: Decimal, answer: Decimal
) -> None:
    near = abs(value - answer) <= spread and value * answer >= 0
    assert right(f"{written(value)} ± {written(spread)} V", f"{written(answer)} V") == near
    assert right(f"({written(value)} ± {written(spread)}) V", f"{written(answer)} V") == near


@given(NUMBERS, SPREADS, st.decimals("-1", "1", places=3))
def test_a_tolerance_is_met_at_its_edge_and_inside(
    value: Decimal, spread: Decimal, place: Decimal
) -> None:
    answer = value + spread * place
    assume(value * answer >= 0)
    assert right(f"{written(value)} ± {written(spread)}", written(answer))


@given(NUMBERS, SHARES, NUMBERS)
def test_a_tolerance_in_per_cent_is_a_share_of_the_value(
    value: Decimal, share: Decimal, answer: Decimal
) -> None:
    near = abs(value - answer) <= abs(value) * share / 100 and value * answer >= 0
    assert right(f"{written(value)} V ± {written(share)} %", f"{written(answer)} V") == near


@given(NUMBERS, NUMBERS, NUMBERS)
def test_a_range_accepts_what_lies_between(first: Decimal, last: Decimal, answer: Decimal) -> None:
    assume(first < last)
    inside = first <= answer <= last
    assert right(f"{written(first)} – {written(last)} mm", f"{written(answer)} mm") == inside
    assert right(f"{written(first)} to {written(last)} mm", f"{written(answer)} mm") == inside


@given(
    st.sampled_from(sorted(CONVERSIONS)), st.data(), NUMBERS.filter(bool), SPREADS, st.booleans()
)
def test_units_of_one_kind_are_converted_and_others_never(
    unit: str, data: st.DataObject, number: Decimal, spread: Decimal, is_range: bool
) -> None:
    other = data.draw(st.sampled_from(sorted(CONVERSIONS[unit])))
    answer, value = written(number), number * Decimal(CONVERSIONS[unit][other])
    key = f"{written(value)} ± {written(spread)} {unit}"
    if is_range:
        key = f"{written(value - spread - 1)} – {written(value + spread)} {unit}"
    assert right(key, f"{answer} {other}")
    assert not right(key, f"{answer} {OTHER_KINDS[unit]}")
    assert not right(key, answer)


@given(NUMBERS.filter(bool), SPREADS, st.sampled_from(["", " V", " °C", " %", " kg"]))
def test_an_opposite_is_never_right(value: Decimal, spread: Decimal, unit: str) -> None:
    opposite = f"{written(-value)}{unit}"
    for key in (
        f"{written(value)}{unit}",
        f"{written(value)} ± {written(spread)}{unit}",
        f"({written(value)} ± {written(spread)}){unit}",
        f"{written(value)}{unit} ± {written(spread)} %",
    ):
        assert not right(key, opposite)


@given(NUMBERS, SPREADS, NUMBERS, st.sampled_from(["de", "fr", "es", "ru", "pl"]))
def test_a_decimal_comma_counts_where_the_language_has_one(
    value: Decimal, spread: Decimal, answer: Decimal, language: str
) -> None:
    key = f"{written(value, comma=True)} ± {written(spread, comma=True)} V"
    near = abs(value - answer) <= spread and value * answer >= 0
    assert right(key, f"{written(answer, comma=True)} V", language) == near


@given(st.integers(-30, 30), st.integers(100, 999), st.integers(-30, 30), st.integers(100, 999))
def test_powers_of_ten_are_compared_however_they_are_written(
    power: int, digits: int, other_power: int, other_digits: int
) -> None:
    equal = Decimal(digits).scaleb(power) == Decimal(other_digits).scaleb(other_power)
    for given_as in (
        f"{other_digits / 100:.2f}e{other_power} J",
        f"{other_digits / 100:.2f} × 10^{other_power} J",
        f"{other_digits / 100:.2f}·10^({other_power}) J",
    ):
        assert right(f"{digits / 100:.2f}e{power} J", given_as) == equal
        assert right(f"{digits / 100:.2f}e{power} J ± 0 %", given_as) == equal
        if right(f"some {digits / 100:.2f}e{power}", f"some {given_as.removesuffix(' J')}"):
            assert equal


@given(st.text(alphabet="0123456789.,±+-/%–() toemVs°CF", max_size=120), st.text(max_size=60))
def test_any_key_and_answer_are_compared_without_an_error(key: str, answer: str) -> None:
    assert verdict_of_blank(key or "x", answer) in Verdict
    assert verdict_of_blank(answer or "x", key) in Verdict

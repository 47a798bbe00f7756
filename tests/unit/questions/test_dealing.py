"""How questions are spread over a document, and how that is told."""

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from functions.questions.rules.blueprint import draw_up
from functions.questions.rules.completeness import ChunkOutcome, missing_slots
from functions.questions.rules.coverage import delivered_by, planned_coverage
from functions.questions.rules.dealing import deal
from functions.questions.rules.model import DocumentPage, GenerationParameters, Passage, Span
from functions.questions.rules.page_selection import Selection
from functions.questions.rules.sections import Section

lengths = st.lists(st.integers(40, 3_000), min_size=1, max_size=40)


def passages(sizes: list[int]) -> list[Passage]:
    """Pages of one statement each, of these lengths."""
    return [Passage(page, 0, size, "x" * size) for page, size in enumerate(sizes, start=1)]


@given(lengths, st.integers(1, 120))
def test_every_stretch_of_the_text_gets_its_share_to_within_one(
    sizes: list[int], count: int
) -> None:
    slots = draw_up(GenerationParameters(count), seed=7)

    plans = deal(slots, passages(sizes), 5)

    pages = Counter(slot.page for plan in plans for slot in plan.slots)
    for first in range(len(sizes)):
        for last in range(first, min(first + 4, len(sizes))):
            share = count * sum(sizes[first : last + 1]) / sum(sizes)
            planned = sum(pages[number + 1] for number in range(first, last + 1))
            assert abs(planned - share) < 1 + 1e-6


@given(lengths, st.integers(1, 60))
def test_a_slot_may_read_its_own_page(sizes: list[int], count: int) -> None:
    slots = draw_up(GenerationParameters(count), seed=7)
    chunks = -(-count // 5)

    for plan in deal(slots, passages(sizes), 5, most_characters=10**9):
        read = {one.page for one in plan.passages}
        if chunks == 1:
            assert {slot.page for slot in plan.slots} <= read


def test_what_was_asked_counts_as_said() -> None:
    slots = draw_up(GenerationParameters(10), seed=7)
    asked = [Span(1, 0, 900)]

    plans = deal(slots, passages([1_000, 1_000]), 5, asked)

    pages = Counter(slot.page for plan in plans for slot in plan.slots)
    assert pages == {1: 1, 2: 9}


def test_a_slot_that_has_a_page_keeps_it_and_reads_there() -> None:
    slots = [replace(slot, page=31) for slot in draw_up(GenerationParameters(2), seed=7)]

    (plan,) = deal(slots, passages([1_000] * 40), 5, most_characters=3_000)

    assert [slot.page for slot in plan.slots] == [31, 31]
    assert [one.page for one in plan.passages] == [30, 31, 32]


def test_missing_slots_stay_with_their_page_for_one_round() -> None:
    slots = tuple(replace(slot, page=3) for slot in draw_up(GenerationParameters(2), seed=7))

    first = missing_slots([ChunkOutcome(1, slots, {})], {1})
    second = missing_slots([ChunkOutcome(1, slots, {}), ChunkOutcome(2, slots[1:], {})], {1})

    assert [(slot.number, slot.page) for slot in first] == [(2, 3)]
    assert [(slot.number, slot.page) for slot in second] == [(2, None)]


SECTIONS = [Section(None, 1, 0), Section("1.1 Hearts", 2, 0), Section("1.2 Lungs", 3, 500)]


def test_coverage_tells_pages_and_sections_planned_and_delivered() -> None:
    texts = {2: "x" * 1_000, 3: "x" * 600, 4: "x" * 400}
    chosen = tuple(DocumentPage(number, f"p{number}", text) for number, text in texts.items())
    slots = draw_up(GenerationParameters(10), seed=7)
    found = [Passage(page.number, 0, len(page.text), page.text) for page in chosen]

    plan = planned_coverage(deal(slots, found, 5), Selection(chosen, {1: "cover"}), SECTIONS)
    told = plan | delivered_by(plan, [Span(3, 10, 50), Span(3, 520, 560), Span(4, 0, 40)])

    assert told["skipped_pages"] == {"cover": [1]}
    assert [(row["page"], row["planned"], row["delivered"]) for row in told["by_page"]] == [
        (2, 5, 0),
        (3, 3, 2),
        (4, 2, 1),
    ]
    assert [
        (row["title"], row["page"], row["last_page"], row["planned"], row["delivered"])
        for row in told["by_section"]
    ] == [("1.1 Hearts", 2, 3, 8, 1), ("1.2 Lungs", 3, 4, 2, 2)]


@given(st.lists(st.builds(Span, st.integers(1, 6), st.integers(0, 900), st.just(1_000))))
def test_every_delivered_question_is_counted_once(spans: list[Span]) -> None:
    plan = {
        "by_page": [{"page": 2, "label": None, "planned": 1}],
        "by_section": [{"page": 1, "start": 0}, {"page": 3, "start": 500}],
    }

    told = delivered_by(plan, spans)

    assert sum(row["delivered"] for row in told["by_page"]) == len(spans)
    assert sum(row["delivered"] for row in told["by_section"]) == len(spans)

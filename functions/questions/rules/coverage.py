"""How a set is spread over the document: what was planned by page and section, what came of it."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from functions.questions.rules.model import ChunkPlan, Span
from functions.questions.rules.page_selection import Selection
from functions.questions.rules.sections import Section


def planned_coverage(
    plans: Sequence[ChunkPlan], selection: Selection, sections: Sequence[Section]
) -> dict[str, Any]:
    """The plan's half of a set's coverage; `delivered_by` adds the other.

    Pages without a question planned are left out, but for those that were skipped. A slot counts
    for the section that most of its page belongs to.
    """
    by_page = Counter(slot.page for plan in plans for slot in plan.slots if slot.page)
    rows = [
        {"page": page.number, "label": page.label, "planned": by_page[page.number]}
        for page in selection.pages
        if by_page[page.number]
    ]
    skipped: dict[str, list[int]] = {}
    for number, reason in selection.skipped.items():
        skipped.setdefault(reason, []).append(number)
    texts = {page.number: page.text for page in selection.pages}
    told: list[dict[str, Any]] = [
        {
            "title": section.title,
            "page": section.page,
            "start": section.start,
            "last_page": max(stretch),
            "planned": 0,
        }
        for section, stretch in _chosen(sections, texts)
    ]
    starts = _starts(told)
    for number, count in by_page.items():
        told[_main_section(starts, number, len(texts[number]))]["planned"] += count
    return {"by_page": rows, "by_section": told, "skipped_pages": skipped}


def delivered_by(coverage: Mapping[str, Any], sources: Iterable[Span]) -> dict[str, Any]:
    """The coverage's pages and sections with the questions that stand on each."""
    spans = list(sources)
    pages = Counter(span.page for span in spans)
    by_page = [
        {**row, "delivered": pages.pop(row["page"], 0)} for row in coverage.get("by_page", [])
    ]
    # A quote may have been found on a page that wasn't planned for.
    by_page += [
        {"page": page, "label": None, "planned": 0, "delivered": count}
        for page, count in pages.items()
    ]
    sections = coverage.get("by_section", [])
    starts = _starts(sections)
    counted = Counter(_section_at(starts, span.page, span.start) for span in spans)
    return {
        "by_page": sorted(by_page, key=lambda row: int(row["page"])),
        "by_section": [{**row, "delivered": counted[index]} for index, row in enumerate(sections)],
    }


def _chosen(
    sections: Sequence[Section], texts: Mapping[int, str]
) -> list[tuple[Section, list[int]]]:
    """The sections that some chosen text belongs to, with the pages of that."""
    after = Section(None, max(texts) + 1, 0)
    chosen = []
    for section, following in pairwise([*sections, after]):
        pages = [
            number
            for number, text in texts.items()
            if _stretch(text, number, section, following).strip()
        ]
        if pages:
            chosen.append((section, pages))
    return chosen


def _stretch(text: str, page: int, section: Section, following: Section) -> str:
    """What a page says from `section` on, as far as `following`."""
    if not section.page <= page <= following.page:
        return ""
    end = following.start if page == following.page else len(text)
    return text[section.start if page == section.page else 0 : end]


def _starts(rows: Sequence[Mapping[str, Any]]) -> list[tuple[int, int]]:
    return [(row["page"], row["start"]) for row in rows]


def _section_at(starts: Sequence[tuple[int, int]], page: int, offset: int) -> int:
    return max(0, bisect_right(starts, (page, offset)) - 1)


def _main_section(starts: Sequence[tuple[int, int]], page: int, length: int) -> int:
    """The section that the most of a page belongs to."""
    edges = [0, *(start for number, start in starts if number == page), length]
    stretches = [(end - start, start) for start, end in pairwise(edges)]
    return _section_at(starts, page, max(stretches)[1])

"""Checks the model's proposals by code: only what proves its source and has one key passes."""

import random
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from functions.questions.drafts import DraftQuestion
from functions.questions.rules.blueprint import OPTIONS
from functions.questions.rules.model import (
    Criterion,
    DocumentPage,
    Question,
    QuestionType,
    Rejection,
    Slot,
    Source,
)
from functions.questions.rules.option_tells import is_catch_all, is_told_by_length
from shared.identifiers import new_id
from shared.quotes import FoldedPage

BLANK = "_____"
LONGEST_STEM, LONGEST_OPTION, LONGEST_TEXT, LONGEST_QUOTE = 1_500, 500, 2_000, 1_500
_BLANKS = re.compile(r"_{3,}")


class Unusable(ValueError):
    """A proposal fails a check; the message is the stable reason."""


@dataclass(frozen=True)
class Checked:
    """What became of one call's proposals; every slot asked for is in exactly one of the two."""

    questions: tuple[Question, ...]
    rejections: tuple[Rejection, ...]


class SourcePages:
    """The pages that a quote may stand on, folded once each."""

    def __init__(self, pages: Iterable[DocumentPage]) -> None:
        self._pages = {page.number: page for page in pages}
        self._folded: dict[int, FoldedPage] = {}

    def prove(self, quote: str, claimed_page: int) -> Source:
        """Where `quote` stands: on the claimed page or, if not there, on any other given page.

        Raises Unusable `quote_not_found`.
        """
        others = [number for number in self._pages if number != claimed_page]
        for number in [claimed_page, *others]:
            page = self._pages.get(number)
            if page is None:
                continue
            folded = self._folded.setdefault(number, FoldedPage(page.text))
            span = folded.locate(quote)
            if span is not None:
                words = " ".join(page.text[span.start : span.end].split())
                return Source(number, page.label, words, span.start, span.end, page.transcribed)
        raise Unusable("quote_not_found")


def check(
    drafts: Sequence[DraftQuestion], slots: Sequence[Slot], pages: SourcePages, seed: str
) -> Checked:
    """The questions among `drafts` that fill `slots`, and for every other slot the reason."""
    proposals: dict[int, DraftQuestion] = {}
    for draft in drafts:
        proposals.setdefault(draft.slot, draft)
    questions: list[Question] = []
    rejections: list[Rejection] = []
    for slot in slots:
        try:
            questions.append(_check_one(proposals, slot, pages, seed))
        except Unusable as unusable:
            rejections.append(Rejection(slot.number, str(unusable)))
    return Checked(tuple(questions), tuple(rejections))


def _check_one(
    proposals: Mapping[int, DraftQuestion], slot: Slot, pages: SourcePages, seed: str
) -> Question:
    draft = proposals.get(slot.number)
    if draft is None:
        raise Unusable("missing_item")
    if draft.type != slot.type:
        raise Unusable("wrong_type")
    _text(draft.quote, LONGEST_QUOTE, "quote_unusable")
    question = Question(
        id=new_id(),
        slot=slot,
        stem=_text(draft.stem, LONGEST_STEM, "stem_unusable"),
        options=(),
        answer="",
        rubric=(),
        explanation=_text(draft.explanation, LONGEST_TEXT, "explanation_unusable"),
        option_feedback=(),
        source=pages.prove(draft.quote, draft.page),
    )
    return _with_key(question, draft, seed)


def _with_key(question: Question, draft: DraftQuestion, seed: str) -> Question:
    match question.slot.type:
        case QuestionType.MCQ:
            options, key, feedback = _choice(draft, question.slot, seed)
            return replace(question, options=options, answer=key, option_feedback=feedback)
        case QuestionType.TRUE_FALSE:
            if draft.correct_boolean is None:
                raise Unusable("key_missing")
            return replace(question, answer=draft.correct_boolean)
        case QuestionType.FILL_BLANK:
            stem = _one_gap(question.stem)
            return replace(question, stem=stem, answer=_accepted(draft, stem))
        case QuestionType.SHORT_ANSWER:
            reference = _text(draft.reference_answer or "", LONGEST_TEXT, "key_missing")
            return replace(question, answer=reference, rubric=_rubric(draft))


def _text(value: str, longest: int, reason: str) -> str:
    cleaned = "".join(
        character
        for character in value.strip()
        if character in "\n\t" or unicodedata.category(character) not in {"Cc", "Cs"}
    )
    if not cleaned or len(cleaned) > longest:
        raise Unusable(reason)
    return cleaned


def _folded(text: str) -> str:
    """What tells two options apart: letters, marks, digits and signs, not case or punctuation."""
    words = "".join(
        character if _tells_apart(character) else " "
        for character in unicodedata.normalize("NFKC", text)
    )
    return " ".join(words.casefold().split())


def _tells_apart(character: str) -> bool:
    if character.isascii():
        return character.isalnum() or character in "+-=<>*/^%$"
    # Primes are units, dashes may be signs; quotation marks and full stops say nothing.
    return character in "‰′″" or unicodedata.category(character) not in {
        "Pi",
        "Pf",
        "Ps",
        "Pe",
        "Po",
    }


def _choice(
    draft: DraftQuestion, slot: Slot, seed: str
) -> tuple[tuple[str, ...], int, tuple[str, ...]]:
    """Options with the key at the slot's own position, and the feedback in the same order."""
    options = [_text(option, LONGEST_OPTION, "option_unusable") for option in draft.options or []]
    if len(options) != OPTIONS:
        raise Unusable("option_count")
    if len({_folded(option) for option in options}) != OPTIONS:
        raise Unusable("duplicate_option")
    if any(is_catch_all(option) for option in options):
        raise Unusable("catch_all_option")
    key = draft.correct_option
    if key is None or not 0 <= key < OPTIONS:
        raise Unusable("key_missing")
    if is_told_by_length(options, key):
        raise Unusable("key_by_length")
    order = _order(key, slot, seed)
    feedback = draft.option_feedback or []
    told = (
        tuple(_text(feedback[index], LONGEST_TEXT, "feedback_unusable") for index in order)
        if len(feedback) == OPTIONS
        else ()
    )
    return tuple(options[index] for index in order), order.index(key), told


def _order(key: int, slot: Slot, seed: str) -> list[int]:
    others = [index for index in range(OPTIONS) if index != key]
    random.Random(f"{seed}:{slot.number}").shuffle(others)  # noqa: S311  reproducible
    position = slot.key_position if slot.key_position is not None else key
    return [*others[:position], key, *others[position:]]


def _one_gap(stem: str) -> str:
    stem, gaps = _BLANKS.subn(BLANK, stem)
    if gaps != 1:
        raise Unusable("gap_count")
    return stem


def _accepted(draft: DraftQuestion, stem: str) -> tuple[str, ...]:
    accepted = tuple(
        dict.fromkeys(
            _text(answer, LONGEST_OPTION, "key_missing")
            for answer in draft.accepted_answers or []
            if answer.strip()
        )
    )
    if not accepted:
        raise Unusable("key_missing")
    words = f" {_folded(stem)} "
    if any(len(_folded(answer)) > 3 and f" {_folded(answer)} " in words for answer in accepted):
        raise Unusable("key_in_stem")
    return accepted


def _rubric(draft: DraftQuestion) -> tuple[Criterion, ...]:
    rubric = tuple(
        Criterion(f"c{number}", _text(one.criterion, 500, "rubric_unusable"), round(one.points, 2))
        for number, one in enumerate(draft.rubric or [], start=1)
    )
    if not 1 <= len(rubric) <= 6 or any(not 0 < one.points <= 10 for one in rubric):
        raise Unusable("rubric_unusable")
    return rubric

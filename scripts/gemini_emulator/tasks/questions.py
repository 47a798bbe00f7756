"""Builds one question of each type from one sentence of the passages."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from scripts.gemini_emulator.language.candidates import Candidate, Reading
from scripts.gemini_emulator.language.phrases import Phrases
from scripts.gemini_emulator.language.terms import Term
from scripts.gemini_emulator.language.words import content_set
from scripts.gemini_emulator.tasks.question_parts import (
    clauses,
    definition,
    split_reason,
    topics,
    uncapitalized,
)
from scripts.gemini_emulator.tasks.stand_ins import alter, blank_out, stand_ins

HIGHER_LEVELS = frozenset(("understand", "apply", "analyse", "analyze", "evaluate", "create"))

_SINGULAR_KINDS = frozenset(("year", "number", "percentage", "name", "acronym", "wide"))


@dataclass(frozen=True, slots=True)
class Assignment:
    """One slot to fill from one sentence; `asked` holds the terms other slots asked for."""

    slot: Mapping[str, Any]
    candidate: Candidate
    reading: Reading
    phrases: Phrases
    chance: random.Random
    asked: frozenset[str]

    @property
    def difficulty(self) -> str:
        return str(self.slot.get("difficulty", "medium"))

    @property
    def quote(self) -> str:
        return self.candidate.sentence.text

    @property
    def statement(self) -> str:
        return self.candidate.statement

    @property
    def page(self) -> int:
        return self.candidate.sentence.page

    def question(self, stem: str, **fields: Any) -> dict[str, Any]:
        empty = dict.fromkeys(
            (
                "options",
                "correct_option",
                "correct_boolean",
                "reference_answer",
                "accepted_answers",
                "option_feedback",
                "rubric",
            )
        )
        head = {"slot": self.slot.get("slot"), "type": self.slot.get("type"), "stem": stem}
        source = {"page": self.page, "quote": self.quote}
        return {**head, **empty, **source, "explanation": "", **fields}

    def key_terms(self) -> list[Term]:
        """The sentence's terms in the order to try: the well-known first if it is to be easy.

        Terms said once are left for last: they are seldom what a passage is about.
        """
        known = {term: min(self.reading.said(term.text), 5) for term in self.candidate.terms}
        sign = -1 if self.difficulty == "easy" else 1
        return sorted(
            self.candidate.terms,
            key=lambda term: (
                term.text.casefold() in self.asked,
                known[term] < 2 and term.kind not in _SINGULAR_KINDS,
                sign * known[term],
            ),
        )


def multiple_choice(task: Assignment) -> dict[str, Any] | None:
    wants_statement = (
        str(task.slot.get("bloom")) in HIGHER_LEVELS and task.difficulty != "easy"
    ) or task.difficulty == "hard"
    forms = [_description, _cloze, _statement]
    if wants_statement:
        forms = [_statement, _description, _cloze]
    for form in forms:
        question = form(task)
        if question is not None:
            return question
    return None


def _choice(
    task: Assignment, stem: str, key: str, wrong: list[tuple[str, str]], why: str
) -> dict[str, Any]:
    """`wrong` pairs each distractor with what to tell who chose it."""
    right = task.phrases.option_right.format(page=task.page)
    pairs = [(key, right), *wrong]
    task.chance.shuffle(pairs)
    options = [option for option, _ in pairs]
    return task.question(
        stem,
        options=options,
        correct_option=options.index(key),
        option_feedback=[told for _, told in pairs],
        explanation=why,
    )


def _terms_choice(task: Assignment, stem: str, key: str, wrong: list[str]) -> dict[str, Any]:
    told = [(other, task.phrases.option_wrong.format(term=other)) for other in wrong]
    why = task.phrases.why_right.format(term=key, quote=task.quote)
    return _choice(task, stem, key, told, why)


def _cloze(task: Assignment) -> dict[str, Any] | None:
    for term in task.key_terms():
        wrong = stand_ins(term, task.candidate, task.reading, task.chance, 3)
        if len(wrong) == 3:
            form = task.chance.choice(task.phrases.cloze)
            stem = form.format(text=blank_out(task.statement, term))
            return _terms_choice(task, stem, term.text, wrong)
    return None


def _description(task: Assignment) -> dict[str, Any] | None:
    found = definition(task.candidate, task.reading)
    if found is None or found.subject.casefold() in task.asked:
        return None
    last = found.subject.split()[-1]
    kind = "plural" if last.endswith("s") and not last.endswith(("ss", "us", "is")) else "noun"
    subject = Term(found.subject, 0, kind)
    wrong = stand_ins(subject, task.candidate, task.reading, task.chance, 3)
    if len(wrong) < 3:
        return None
    stem = task.phrases.describe.format(text=found.description)
    return _terms_choice(task, stem, found.subject, wrong)


def _statement(task: Assignment) -> dict[str, Any] | None:
    """The sentence among altered ones of about its length, its own altered form the last resort."""
    about = topics(task.candidate, task.reading)
    if len(about) < 2:
        return None
    length = len(task.statement)
    others = [
        other
        for other in task.reading.candidates
        if other is not task.candidate and 0.6 * length <= len(other.statement) <= 1.5 * length
    ]
    others.sort(key=lambda other: -len(other.content & task.candidate.content))
    wrong: list[str] = []
    for other in [*others[:6], task.candidate]:
        altered = alter(other, task.reading, task.chance)
        if altered and len(wrong) < 3 and altered.text not in wrong:
            wrong.append(altered.text)
    if len(wrong) < 3:
        return None
    stem = task.phrases.statement.format(term=about[0], other=about[1])
    told = [(text, task.phrases.option_altered) for text in wrong]
    why = task.phrases.why_true.format(quote=task.quote)
    return _choice(task, stem, task.statement, told, why)


def true_false(task: Assignment) -> dict[str, Any] | None:
    why = task.phrases.why_true.format(quote=task.quote)
    if task.chance.random() < 0.5:
        return task.question(task.statement, correct_boolean=True, explanation=why)
    altered = alter(task.candidate, task.reading, task.chance)
    if altered is None:
        return task.question(task.statement, correct_boolean=True, explanation=why)
    return task.question(
        altered.text,
        correct_boolean=False,
        explanation=task.phrases.why_false.format(
            term=altered.original, other=altered.replacement, quote=task.quote
        ),
    )


def fill_blank(task: Assignment) -> dict[str, Any] | None:
    for term in task.key_terms():
        stem = blank_out(task.statement, term)
        if term.text.casefold() in stem.casefold():
            continue
        return task.question(
            stem,
            reference_answer=term.text,
            accepted_answers=[term.text],
            explanation=task.phrases.why_right.format(term=term.text, quote=task.quote),
        )
    return None


def short_answer(task: Assignment) -> dict[str, Any] | None:
    stem, answer = _open_question(task)
    if stem is None:
        return None
    criteria = _criteria(task, stem, answer)
    if len(criteria) < 2:
        return None
    return task.question(
        stem,
        reference_answer=task.statement,
        rubric=[{"criterion": criterion, "points": 1} for criterion in criteria],
        explanation=task.phrases.why_true.format(quote=task.quote),
    )


def _open_question(task: Assignment) -> tuple[str | None, str]:
    reason = split_reason(task.statement)
    if reason is not None:
        claim = uncapitalized(reason[0], task.reading)
        return task.phrases.short_why.format(text=claim), reason[1]
    found = definition(task.candidate, task.reading)
    if found is not None:
        stem = task.phrases.short_what.format(verb=found.verb, term=found.subject)
        return stem, found.description
    about = topics(task.candidate, task.reading)
    if len(about) < 2:
        return None, ""
    return task.phrases.short_about.format(term=about[0], other=about[1]), task.statement


def _criteria(task: Assignment, stem: str, answer: str) -> list[str]:
    given = content_set(stem)
    said = [task.phrases.states.format(text=piece) for piece in clauses(answer, given)]
    if len(said) >= 2:
        return said
    rest = [term.text for term in task.candidate.terms if not content_set(term.text) & given]
    return [task.phrases.mentions.format(term=term) for term in rest[:3]]


BUILDERS: dict[str, Callable[[Assignment], dict[str, Any] | None]] = {
    "mcq": multiple_choice,
    "true_false": true_false,
    "fill_blank": fill_blank,
    "short_answer": short_answer,
}

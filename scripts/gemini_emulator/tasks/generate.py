"""Writes questions for a blueprint, each on a sentence of its own."""

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scripts.gemini_emulator.language.candidates import Candidate, read_passages
from scripts.gemini_emulator.language.phrases import phrases_for
from scripts.gemini_emulator.language.words import content_set
from scripts.gemini_emulator.tasks.questions import BUILDERS, Assignment


def generate_questions(
    data: Mapping[str, Any], seed: str, avoid: Iterable[str] = ()
) -> dict[str, Any]:
    """Fill the blueprint's slots; a slot no sentence can fill is left out, as models do.

    `avoid` are stems whose sentences must not be asked again, beside the data's own avoid_stems and
    avoid_quotes. A slot's `page` is preferred.
    """
    reading = read_passages(data.get("passages") or [])
    phrases = phrases_for(data.get("language"), reading.text)
    told = [*(data.get("avoid_stems") or []), *(data.get("avoid_quotes") or []), *avoid]
    avoided = [content_set(str(text)) for text in told]
    free = [candidate for candidate in reading.candidates if not _avoided(candidate, avoided)]
    ranked = _Ranking(free, str(data.get("focus") or ""), seed)
    questions: list[dict[str, Any]] = []
    asked: set[str] = set()
    for slot in _slots(data.get("blueprint")):
        for candidate in ranked.best_first(str(slot.get("difficulty")), slot.get("page")):
            chance = random.Random(f"{seed}:{slot.get('slot')}:{candidate.statement}")
            task = Assignment(slot, candidate, reading, phrases, chance, frozenset(asked))
            question = BUILDERS[str(slot.get("type"))](task)
            if question is not None:
                questions.append(question)
                ranked.use(candidate)
                asked |= _answer_terms(question)
                break
    return {"questions": questions}


def _slots(blueprint: object) -> Sequence[Mapping[str, Any]]:
    if not isinstance(blueprint, list):
        return []
    return [
        slot for slot in blueprint if isinstance(slot, Mapping) and slot.get("type") in BUILDERS
    ]


def _avoided(candidate: Candidate, avoided: Sequence[frozenset[str]]) -> bool:
    """Whether an earlier stem was made of this sentence, one swapped or blanked term aside."""
    return any(
        len(stem & candidate.content) >= max(2, 0.7 * len(candidate.content)) for stem in avoided
    )


def _answer_terms(question: Mapping[str, Any]) -> set[str]:
    if question.get("accepted_answers"):
        return {str(answer).casefold() for answer in question["accepted_answers"]}
    if question.get("options"):
        return {str(question["options"][question["correct_option"]]).casefold()}
    return set()


class _Ranking:
    """Unused sentences by worth, the focus, how used their page is, and a seeded nudge."""

    def __init__(self, candidates: Iterable[Candidate], focus: str, seed: str) -> None:
        self._free = list(candidates)
        self._pages: Counter[int] = Counter()
        wanted = content_set(focus)
        nudge = random.Random(seed)
        self._worth = {
            candidate.statement: candidate.worth
            + 0.4 * nudge.random()
            + 2.0 * len(wanted & candidate.content) / max(1, len(wanted))
            for candidate in self._free
        }

    def best_first(self, difficulty: str, page: object) -> list[Candidate]:
        lean = {"easy": -1.0, "hard": 1.0}.get(difficulty, 0.0)

        def value(candidate: Candidate) -> float:
            length = lean * min(len(candidate.statement), 250) / 500
            return (
                self._worth[candidate.statement]
                + length
                + (1.0 if candidate.sentence.page == page else 0.0)
                - 0.3 * self._pages[candidate.sentence.page]
            )

        return sorted(self._free, key=value, reverse=True)

    def use(self, candidate: Candidate) -> None:
        self._free.remove(candidate)
        self._pages[candidate.sentence.page] += 1

"""Answers a question about a document with its best sentences, or says that it has none."""

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from scripts.gemini_emulator.language.candidates import read_passages
from scripts.gemini_emulator.language.phrases import phrases_for
from scripts.gemini_emulator.language.sentences import Sentence
from scripts.gemini_emulator.language.words import content_set

CITATIONS_LINE = "---CITATIONS---"
NEEDED_SHARE = 0.4
MOST_SENTENCES = 3
_ASKING = content_set(
    "explain describe tell mean meaning define definition difference document text page say says "
    "happen work works please summarize summary question answer long many warum wieso erkläre "
    "pourquoi explique qué cómo explica"
)


def answer_question(data: Mapping[str, Any], earlier: Sequence[str] = ()) -> str:
    """The reply as text: the answer, the citations line, the citations as JSON.

    `earlier` are the learner's earlier questions, whose words help a follow-up like "why?".
    """
    question = str(data.get("question", ""))
    sentences = read_passages(data.get("passages") or []).statements
    phrases = phrases_for(data.get("language"), question)
    wanted = content_set(question) - _ASKING
    if len(wanted) < 2 and earlier:
        wanted |= content_set(earlier[-1]) - _ASKING
    chosen = best_sentences(sentences, wanted)
    if not chosen:
        return f"{phrases.unknown}\n{CITATIONS_LINE}\n[]"
    first, *rest = chosen
    answer = phrases.answer.format(page=first.page, quote=first.text)
    answer = " ".join([answer, *(sentence.text for sentence in rest)])
    citations = [{"page": sentence.page, "quote": sentence.text} for sentence in chosen]
    return f"{answer}\n{CITATIONS_LINE}\n{json.dumps(citations, ensure_ascii=False)}"


def best_sentences(sentences: Sequence[Sentence], wanted: frozenset[str]) -> list[Sentence]:
    """Sentences that say enough of the wanted words, rare words weighing more, best first."""
    contents = [content_set(sentence.text) for sentence in sentences]
    said = Counter(word for content in contents for word in content)
    weights = {word: math.log(1 + len(contents) / (1 + said[word])) for word in wanted}
    whole = sum(weights.values())
    if not whole:
        return []
    scored = sorted(
        (
            (sum(weights[word] for word in wanted & content) / whole, -index)
            for index, content in enumerate(contents)
            if len(content) >= 3
        ),
        reverse=True,
    )
    best = scored[0][0] if scored else 0.0
    if best < NEEDED_SHARE:
        return []
    kept = [-index for score, index in scored[:MOST_SENTENCES] if score >= 0.75 * best]
    return [sentences[index] for index in kept]

"""Signs that, in one reply, an answer has moved the judgement of its neighbour.

A grader that does what an answer says quotes that answer where it judges another. Then nothing of
the reply can be trusted: each answer is asked about alone.
"""

from collections.abc import Mapping, Sequence

from functions.evaluation.rules.reply_checking import AnswerJudgement
from functions.evaluation.rules.scoring import UNSPACED, evidence_stands_in
from functions.evaluation.rules.text_folding import loose_words

_RUN = 5
_CHARACTERS = 8
_LOOKED_AT = 20_000


def is_contaminated(
    judgements: Mapping[str, AnswerJudgement], texts: Mapping[str, str], known: Sequence[str] = ()
) -> bool:
    """Whether a judgement rests on words that only another answer of the request has.

    `texts` are the answers by id; `known` is what every judgement may quote: stems, references,
    criteria. Five words in a row, or eight characters where words aren't parted, are a quotation.
    """
    words = {name: loose_words(text[:_LOOKED_AT]) for name, text in texts.items()}
    common = " \n ".join(map(loose_words, known))
    runs = {name: _runs(text) for name, text in words.items()}
    for name, judgement in judgements.items():
        own = f"{words[name]} \n {common}"
        others = {run for other, held in runs.items() if other != name for run in held}
        for said in _said(judgement, texts[name]):
            if any(run in others and run not in own for run in _runs(loose_words(said))):
                return True
    return False


def _said(judgement: AnswerJudgement, text: str) -> list[str]:
    strange = [
        one.evidence
        for one in judgement.criteria
        if one.met and not evidence_stands_in(one.evidence, text)
    ]
    return [judgement.feedback, *strange]


def _runs(words: str) -> frozenset[str]:
    """Every run of five words; of text without spaces, every run of eight characters."""
    tokens = words.split()
    spaced = {" ".join(tokens[i : i + _RUN]) for i in range(len(tokens) - _RUN + 1)}
    unspaced = {
        token[i : i + _CHARACTERS]
        for token in tokens
        if UNSPACED.search(token)
        for i in range(len(token) - _CHARACTERS + 1)
    }
    return frozenset(spaced | unspaced)

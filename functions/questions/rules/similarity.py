"""When two questions ask the same thing."""

import re
import unicodedata
from dataclasses import dataclass

from functions.questions.rules.model import Question, QuestionType

_WORD = re.compile(r"[^\W_]+")
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
)
_RUN = re.compile(f"(?P<unspaced>[{_UNSPACED}]+)|(?P<spaced>[^{_UNSPACED}]+)")
_FUNCTION_WORDS = frozenset(
    _WORD.findall(
        "a an and are as at be by did do does for from has have how in is it of on or that the"
        " this to was were what when where which who why with"
        " true false following statement complete sentence passage text according blank fill"
    )
)
SAME_STEM = 0.8
SAME_STATEMENT = 0.7
ALIKE_STEM = 0.5
SAME_ANSWER = 0.5
TELLING_WORDS = 4


def content_words(text: str) -> frozenset[str]:
    """The words of a text that carry its meaning, folded."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    words = frozenset(piece for word in _WORD.findall(folded) for piece in _pieces(word))
    return (words - _FUNCTION_WORDS) or words


def _pieces(word: str) -> list[str]:
    """The word itself; of a script that puts no spaces between words, its pairs of characters."""
    found = []
    for run in _RUN.finditer(word):
        text = run[0]
        if run.lastgroup == "unspaced" and len(text) > 2:
            found += [text[index : index + 2] for index in range(len(text) - 1)]
        else:
            found.append(text)
    return found


def likeness(first: frozenset[str], second: frozenset[str]) -> float:
    """Jaccard's index of two sets of words: 0 nothing in common, 1 the same."""
    if not first and not second:
        return 1.0
    common = len(first & second)
    return common / (len(first) + len(second) - common)


@dataclass(frozen=True)
class Gist:
    """What a question is about: the content words of its stem and of its answer."""

    stem: frozenset[str]
    answer: frozenset[str]

    @classmethod
    def of(cls, stem: str, answer: str) -> "Gist":
        """The gist of a question with this stem and this answer in words ("" for true/false)."""
        return cls(content_words(stem), content_words(answer) if answer else frozenset())


def same_question(first: Gist, second: Gist) -> bool:
    """Whether two questions ask for the same.

    Stems alike to 0.8 (statements without an answer: to 0.7) are one question, unless they are too
    short to say what is asked ("Which statement about viruses is true?") and the answers differ.
    Half-alike stems are one question if their answers are alike too.

    Measured on the 50 labelled pairs of tests/files/questions/duplicate_pairs.jsonl in five
    languages: 20 of 22 repetitions are found, and 1 of 28 different pairs is taken for one, where
    only the order of words differs ("RNA into DNA"). At 0.7 for all stems one more repetition is
    found, but stems made by one pattern ("Which of these statements about A and B is correct?")
    are lost; at 0.6 three more different pairs are. With answers alike to 0.8 instead of 0.5 two
    more repetitions slip through.
    """
    stems = likeness(first.stem, second.stem)
    answered = bool(first.answer and second.answer)
    if not answered:
        return stems >= SAME_STATEMENT
    answers = likeness(first.answer, second.answer)
    if stems >= SAME_STEM:
        telling = min(len(first.stem), len(second.stem)) >= TELLING_WORDS
        return telling or answers >= SAME_ANSWER
    return stems >= ALIKE_STEM and answers >= SAME_ANSWER


def gist_of(question: Question) -> Gist:
    """What a question that was just made is about."""
    answer = question.answer
    match question.slot.type:
        case QuestionType.MCQ if isinstance(answer, int):
            return Gist.of(question.stem, question.options[answer])
        case QuestionType.FILL_BLANK if isinstance(answer, tuple):
            return Gist.of(question.stem, answer[0])
        case QuestionType.SHORT_ANSWER:
            return Gist.of(question.stem, str(answer))
        case _:
            return Gist.of(question.stem, "")

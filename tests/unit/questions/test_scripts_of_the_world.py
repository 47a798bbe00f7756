"""Languages and formulas: checked and compared as they were written."""

import json
from typing import Any

import pytest

from functions.questions.drafts import DraftReply
from functions.questions.rules.checking import SourcePages, check
from functions.questions.rules.model import Bloom, Difficulty, DocumentPage, QuestionType, Slot
from functions.questions.rules.similarity import Gist, same_question

SAMPLES = {
    "latex": r"The energy is $E = \frac{1}{2}mv^2$ and $\nabla \cdot \vec{B} = 0$ always holds.",
    "arabic": "البناء الضوئي هو العملية التي تحول بها النباتات الطاقة الضوئية.",
    "hebrew": "המיטוכונדריה היא תחנת הכוח של התא.",
    "chinese": "光合作用是植物把光能转化为化学能的过程。",
    "japanese": "光合成は植物が光エネルギーを化学エネルギーに変える過程である。",
    "korean": "광합성은 식물이 빛 에너지를 화학 에너지로 바꾸는 과정이다.",
}


@pytest.mark.parametrize("sentence", SAMPLES.values(), ids=SAMPLES)
def test_a_reply_as_json_is_checked_letter_by_letter(sentence: str) -> None:
    reply: dict[str, Any] = {
        "questions": [
            {
                "slot": 1,
                "type": "short_answer",
                "stem": sentence,
                "reference_answer": sentence,
                "page": 1,
                "quote": sentence,
                "explanation": sentence,
                "rubric": [{"criterion": sentence, "points": 1}],
            }
        ]
    }
    draft = DraftReply.model_validate_json(json.dumps(reply)).questions
    page = DocumentPage(1, None, f"{sentence}\n{sentence}")
    slot = Slot(1, QuestionType.SHORT_ANSWER, Difficulty.EASY, Bloom.REMEMBER)

    (question,) = check(draft, [slot], SourcePages([page]), "seed").questions

    assert question.stem == question.answer == question.rubric[0].criterion == sentence
    assert question.source.quote == sentence
    assert page.text[question.source.start : question.source.end] == sentence


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sentence_is_like_itself_and_like_no_other(name: str) -> None:
    own = Gist.of(SAMPLES[name], "")

    assert [other for other, text in SAMPLES.items() if same_question(own, Gist.of(text, ""))] == [
        name
    ]

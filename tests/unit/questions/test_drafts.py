"""What is kept of a reply that broke off."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.questions.drafts import DraftQuestion, DraftReply, whole_drafts

REPLY = DraftReply(
    questions=[
        DraftQuestion(
            slot=number,
            type="mcq",
            stem=f'Which "leaf" {{{number}}} is é?',
            options=["a", "b", "c", "d"],
            correct_option=0,
            page=1,
            quote="The leaf, said she, is green.",
            explanation="Because it is.",
        )
        for number in range(4)
    ]
)


@given(st.integers(0, len(REPLY.model_dump_json())))
def test_wherever_a_reply_breaks_off_whole_questions_alone_are_kept(length):
    kept = whole_drafts(REPLY.model_dump_json()[:length])
    assert kept == REPLY.questions[: len(kept)]


def test_all_but_the_last_question_begun_are_kept():
    whole = REPLY.model_dump_json()
    assert len(whole_drafts(whole[: whole.index('"slot":3') + 20])) == 3


@pytest.mark.parametrize(
    "cut", ["", "{", "no JSON", "[1, 2", "7", '{"questions": 7', '{"questions": [1, 2', '{"x": [']
)
def test_of_a_reply_in_another_form_nothing_is_kept(cut):
    assert whole_drafts(cut) == []

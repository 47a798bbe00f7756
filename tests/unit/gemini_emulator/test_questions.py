"""The questions the stand-in writes are true to the passages and to the blueprint."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scripts.gemini_emulator.language.sentences import split_page
from scripts.gemini_emulator.tasks.generate import generate_questions
from scripts.gemini_emulator.tasks.solve import solve_items

Passages = list[dict[str, Any]]
TYPES = ("mcq", "true_false", "fill_blank", "short_answer")
SLOT = st.fixed_dictionaries(
    {
        "type": st.sampled_from(TYPES),
        "difficulty": st.sampled_from(["easy", "medium", "hard"]),
        "bloom": st.sampled_from(["remember", "understand", "apply", "analyze"]),
    }
)


def blueprint(*types: str, difficulty: str = "medium", bloom: str = "remember") -> list[Any]:
    return [
        {"slot": number, "type": kind, "difficulty": difficulty, "bloom": bloom}
        for number, kind in enumerate(types, start=1)
    ]


def folded(text: str) -> str:
    return " ".join(text.split())


def questions(passages: Passages, slots: list[Any], seed: str = "1", **data: Any) -> list[Any]:
    whole = {"passages": passages, "blueprint": slots, **data}
    found: list[Any] = generate_questions(whole, seed)["questions"]
    return found


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(slots=st.lists(SLOT, min_size=1, max_size=7), seed=st.text(max_size=5))
def test_every_quote_stands_on_its_page_and_no_sentence_is_used_twice(
    passages: Passages, slots: list[dict[str, Any]], seed: str
) -> None:
    numbered = [{"slot": number, **slot} for number, slot in enumerate(slots)]
    found = questions(passages, numbered, seed)
    pages = {passage["page"]: folded(passage["text"]) for passage in passages}
    assert all(one["quote"] in pages[one["page"]] for one in found)
    assert len({one["quote"] for one in found}) == len(found)
    assert [one["type"] for one in found] == [numbered[int(one["slot"])]["type"] for one in found]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(slots=st.lists(SLOT, min_size=1, max_size=6), seed=st.text(max_size=5))
def test_the_blind_solver_agrees_with_every_key(
    passages: Passages, slots: list[dict[str, Any]], seed: str
) -> None:
    numbered = [{"slot": number, **slot} for number, slot in enumerate(slots)]
    for question in questions(passages, numbered, seed):
        item = {"id": "x", **{name: question[name] for name in ("type", "stem", "options")}}
        solved = solve_items({"passages": passages, "items": [item]})["solutions"][0]
        if question["type"] == "mcq":
            assert solved["option"] == question["correct_option"], question
        elif question["type"] == "true_false":
            assert solved["boolean"] is question["correct_boolean"], question
        elif question["type"] == "fill_blank":
            assert solved["text"] == question["accepted_answers"][0], question


def test_the_same_seed_and_content_give_the_same_questions(passages: Passages) -> None:
    slots = blueprint(*TYPES)
    assert questions(passages, slots) == questions(passages, slots)
    assert questions(passages, slots, "1") != questions(passages, slots, "2")


def test_a_choice_has_four_different_options_and_feedback_for_each(passages: Passages) -> None:
    for bloom in ("remember", "analyze"):
        for one in questions(passages, blueprint("mcq", "mcq", "mcq", bloom=bloom)):
            assert len(set(one["options"])) == len(one["option_feedback"]) == 4
            assert 0 <= one["correct_option"] < 4


def test_a_gap_is_where_its_answer_was(passages: Passages) -> None:
    for one in questions(passages, blueprint("fill_blank", "fill_blank")):
        (answer,) = one["accepted_answers"]
        assert one["stem"].count("_____") == 1
        assert answer.casefold() not in one["stem"].casefold()


def test_a_short_answer_has_a_reference_and_criteria(passages: Passages) -> None:
    for one in questions(passages, blueprint("short_answer", "short_answer")):
        assert one["reference_answer"]
        assert 2 <= len(one["rubric"]) <= 3
        assert one["stem"].endswith("?")


def test_what_was_asked_before_is_not_asked_again(passages: Passages) -> None:
    slots = blueprint("fill_blank", "true_false", "mcq")
    first = questions(passages, slots)
    again = questions(passages, slots, avoid_stems=[one["stem"] for one in first])
    assert again
    assert not {one["quote"] for one in first} & {one["quote"] for one in again}


def test_the_focus_is_asked_first(passages: Passages) -> None:
    (one,) = questions(passages, blueprint("fill_blank"), focus="oxbow lake")
    assert "xbow lake" in one["quote"]


def test_too_little_text_leaves_slots_unfilled() -> None:
    passages = [{"page": 1, "text": "Contents\n1 Rivers 3\n2 Glaciers 9"}]
    assert questions(passages, blueprint("mcq", "fill_blank")) == []


def test_other_scripts_are_asked_in_their_language() -> None:
    chinese = [
        {
            "page": 1,
            "text": "叶绿体是植物细胞中进行光合作用的细胞器。线粒体把有机物中的能量释放出来。",
        }
    ]
    (one,) = questions(chinese, blueprint("fill_blank"))
    assert one["quote"] in chinese[0]["text"]
    assert one["explanation"].startswith("正确答案")


def test_headings_captions_links_and_page_numbers_are_no_sentences(passages: Passages) -> None:
    found = [one.text for passage in passages for one in split_page(passage["text"], 1)]
    joined = " ".join(found)
    for junk in ("Chapter Outline", "Figure 1.2", "example.org"):
        assert junk not in joined
    assert any(one.startswith("Dr. Lee showed in 1964") for one in found)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("It holds 3.5 litres, e.g. of water. It is full.", 2),
        ("ما هو النهر؟ النهر مجرى مائي طبيعي.", 2),
        ("川は流れる。湖は流れない！", 2),
        ("They met Dr. Smith et al. in the U.S. in 1999.", 1),
    ],
)
def test_sentences_end_where_readers_end_them(text: str, sentences: int) -> None:
    assert len(split_page(text)) == sentences


def test_a_word_broken_at_a_lines_end_is_joined() -> None:
    (one,) = split_page("The glacier carries sedi-\nment into the lake.")
    assert one.text == "The glacier carries sediment into the lake."
    assert one.is_broken

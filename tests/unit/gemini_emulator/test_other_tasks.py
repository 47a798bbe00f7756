"""Chat, transcription, embeddings, free schemas, and how a request is read."""

import base64
import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.gemini_emulator.conversation import TaskKind, read_conversation
from scripts.gemini_emulator.embeddings import embed
from scripts.gemini_emulator.schema_values import conform, minimal
from scripts.gemini_emulator.tasks.chat import CITATIONS_LINE, answer_question
from scripts.gemini_emulator.tasks.reply import structured_reply
from scripts.gemini_emulator.tasks.transcribe import Media, transcribe_pages

Passages = list[dict[str, Any]]


def turn(*data: object, role: str = "user") -> dict[str, Any]:
    texts = [one if isinstance(one, str) else json.dumps(one) for one in data]
    return {"role": role, "parts": [{"text": text} for text in texts]}


def asked(passages: Passages, question: str, *earlier: str) -> tuple[str, list[dict[str, Any]]]:
    reply = answer_question({"passages": passages, "question": question}, earlier)
    answer, _, citations = reply.partition(f"\n{CITATIONS_LINE}\n")
    return answer, json.loads(citations)


def test_chat_answers_with_sentences_of_the_passages_and_cites_them(passages: Passages) -> None:
    answer, citations = asked(passages, "What is a moraine called and what does the ice carry?")
    pages = {passage["page"]: " ".join(passage["text"].split()) for passage in passages}
    assert citations
    assert all(one["quote"] in pages[one["page"]] for one in citations)
    assert citations[0]["quote"] in answer
    assert "moraine" in answer


def test_chat_says_when_the_document_does_not_answer(passages: Passages) -> None:
    answer, citations = asked(passages, "Who won the football championship in Brazil?")
    assert citations == []
    assert "doesn't answer" in answer


def test_a_follow_up_borrows_the_words_of_the_question_before(passages: Passages) -> None:
    _, citations = asked(passages, "And why?", "Why does the glacier move slowly near its bed?")
    assert citations


def test_pictures_get_a_text_that_says_what_it_is() -> None:
    reply = transcribe_pages(
        {"pages": [3, 4]}, [Media("image/png", b"x"), Media("image/png", b"y")]
    )
    assert [one["page"] for one in reply["pages"]] == [3, 4]
    assert all("stand-in" in one["text"] for one in reply["pages"])


def test_a_broken_pdf_part_is_answered_too() -> None:
    reply = transcribe_pages({"pages": [1]}, [Media("application/pdf", b"%PDF-1.4 nonsense")])
    assert "stand-in" in reply["pages"][0]["text"]


def test_glyph_names_are_no_text_of_a_page() -> None:
    pdf = Path("tests/files/pdfs/glyph_names_no_tounicode.pdf").read_bytes()
    reply = transcribe_pages({"pages": [1]}, [Media("application/pdf", pdf)])
    assert "stand-in" in reply["pages"][0]["text"]
    assert "/g" not in reply["pages"][0]["text"]


def test_embeddings_are_unit_vectors_and_like_texts_lie_near() -> None:
    river, same, other = (
        embed(text, 256)
        for text in (
            "The river carries sediment to the lake.",
            "Sediment is carried to lakes by rivers.",
            "Parliament voted on the new tax law.",
        )
    )

    def near(first: list[float], second: list[float]) -> float:
        return sum(a * b for a, b in zip(first, second, strict=True))

    assert len(river) == 256
    assert math.isclose(near(river, river), 1, abs_tol=1e-5)
    assert near(river, same) > 0.6
    assert near(river, other) < 0.3


@given(st.text(max_size=200), st.sampled_from([1, 64, 768]))
def test_every_text_has_a_unit_vector(text: str, dimensions: int) -> None:
    vector = embed(text, dimensions)
    assert math.isclose(sum(value * value for value in vector), 1, abs_tol=1e-4)


SCHEMA = {
    "type": "object",
    "required": ["a", "b", "c"],
    "properties": {
        "a": {"$ref": "#/$defs/Kind"},
        "b": {"type": "array", "items": {"type": "integer"}, "minItems": 1},
        "c": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "d": {"type": "number"},
    },
    "$defs": {"Kind": {"enum": ["x", "y"]}},
}


def test_a_schema_alone_gets_its_smallest_value() -> None:
    assert minimal(SCHEMA) == {"a": "x", "b": [0], "c": "x"}


def test_a_reply_is_held_to_the_schema() -> None:
    reply = {"a": "y", "z": 1, "c": None, "d": None}
    assert conform(reply, SCHEMA) == {"a": "y", "b": [0], "c": None}


@pytest.mark.parametrize(
    ("parts", "kind"),
    [
        ([{"passages": []}, {"blueprint": []}], TaskKind.GENERATE),
        ([{"passages": []}, {"items": []}], TaskKind.SOLVE),
        ([{"questions": []}, {"answers": []}], TaskKind.GRADE),
        ([{"passages": []}, {"question": "?"}], TaskKind.CHAT),
        ([{"pages": [1]}], TaskKind.TRANSCRIBE),
        (["just text"], TaskKind.PLAIN),
    ],
)
def test_the_task_is_told_by_the_data_parts(parts: list[object], kind: TaskKind) -> None:
    assert read_conversation({"contents": [turn(*parts, "Do it.")]}).kind is kind


def test_chat_reads_the_last_turn_and_the_questions_before() -> None:
    contents = [
        turn({"passages": [], "question": "first?"}),
        turn("answer", role="model"),
        turn({"passages": []}, {"question": "second?"}),
    ]
    conversation = read_conversation({"contents": contents})
    assert conversation.data["question"] == "second?"
    assert conversation.earlier_questions == ("first?",)


def test_random_ids_do_not_change_the_fingerprint() -> None:
    def graded(identifier: str, text: str) -> str:
        answers = {"answers": [{"id": identifier, "question_ref": "q1", "text": text}]}
        return read_conversation({"contents": [turn({"questions": []}, answers)]}).fingerprint

    assert graded("k1", "same") == graded("zz", "same") != graded("k1", "other")


def test_media_is_counted_and_read() -> None:
    blob = {"mimeType": "application/pdf", "data": base64.b64encode(b"/Type /Page").decode()}
    body = {"contents": [{"parts": [{"inlineData": blob}, {"text": '{"pages": [1]}'}]}]}
    assert read_conversation(body).prompt_tokens >= 258


def test_a_repair_replaces_the_questions_its_errors_name(passages: Passages) -> None:
    slots = [
        {"slot": n, "type": "fill_blank", "difficulty": "easy", "bloom": "remember"} for n in (1, 2)
    ]
    first = [turn({"passages": passages}, {"blueprint": slots}, "Write.")]
    bad = structured_reply(read_conversation({"contents": first}), 1)
    errors = json.dumps({"errors": ["questions.0.stem: duplicate"]})
    repair = [*first, turn(bad, role="model"), turn(f"{errors}\nAnswer again.")]
    conversation = read_conversation({"contents": repair})
    mended = structured_reply(conversation, 1)
    assert conversation.repair is not None
    assert bad is not None
    assert mended is not None
    assert bad["questions"][0]["quote"] not in {one["quote"] for one in mended["questions"]}
    assert len(mended["questions"]) == 2

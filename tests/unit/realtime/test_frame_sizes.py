"""API Gateway's limit of a message: nothing too large is sent, and nothing is lost by it."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.realtime.connections import MESSAGE_BYTES, FrameTooLarge, encode, fitted

HEAD = {"type": "job.progress", "seq": 7, "at": "2026-01-01T00:00:00Z", "job_id": str(uuid.uuid4())}


def frame_of(size: int) -> dict:
    """A frame of exactly `size` bytes."""
    empty = len(encode({**HEAD, "text": ""}))
    return {**HEAD, "text": "x" * (size - empty)}


def test_a_frame_of_the_limit_is_sent_whole() -> None:
    frame = frame_of(MESSAGE_BYTES)
    assert len(encode(frame)) == MESSAGE_BYTES
    assert fitted(frame) is frame


def test_one_byte_more_is_refused_and_cut() -> None:
    frame = frame_of(MESSAGE_BYTES + 1)
    with pytest.raises(FrameTooLarge):
        encode(frame)
    assert fitted(frame) == {**HEAD, "truncated": True}


def test_bytes_count_and_not_characters() -> None:
    with pytest.raises(FrameTooLarge):
        encode({"text": "😀" * (MESSAGE_BYTES // 4)})


def test_the_smaller_details_of_a_frame_that_is_cut_stay() -> None:
    frame = {**HEAD, "done": 5, "total": 20, "questions": ["x" * MESSAGE_BYTES]}
    assert fitted(frame) == {**HEAD, "done": 5, "total": 20, "truncated": True}


def test_a_result_that_is_too_large_still_tells_that_the_job_is_done() -> None:
    frame = {**HEAD, "type": "job.completed", "result": {"all": "x" * MESSAGE_BYTES}}
    assert fitted(frame) == {**HEAD, "type": "job.completed", "truncated": True}


@given(st.dictionaries(st.text(min_size=1), st.integers(0, MESSAGE_BYTES), max_size=6))
def test_what_is_fitted_can_be_sent_and_keeps_its_head(sizes: dict[str, int]) -> None:
    frame = {**{key: "ä" * size for key, size in sizes.items()}, **HEAD}
    short = fitted(frame)
    encode(short)
    assert {key: short[key] for key in HEAD} == HEAD
    assert (short == frame) or short["truncated"]

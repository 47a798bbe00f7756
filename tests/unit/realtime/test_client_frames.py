"""What clients may send, and the stable code of everything else."""

import json
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.realtime.frames import (
    FRAME_BYTES,
    TEXT_CHARACTERS,
    Chat,
    FrameRefused,
    Ping,
    Stop,
    Subscribe,
    Unsubscribe,
    parse_frame,
)

JOB = "01975b2e-6c1a-7c3e-9d0b-3f6a1e2d4c5b"
CHAT = {"action": "chat", "session_id": JOB, "text": "Why?", "message_id": "m1"}


@pytest.mark.parametrize(
    ("frame", "kind"),
    [
        ({"action": "subscribe", "job_id": JOB, "after": 0}, Subscribe),
        ({"action": "subscribe", "job_id": JOB}, Subscribe),
        ({"action": "unsubscribe", "job_id": JOB}, Unsubscribe),
        ({"action": "ping"}, Ping),
        (CHAT, Chat),
        ({**CHAT, "text": "warum 😀?", "message_id": "x" * 100}, Chat),
        ({"action": "stop", "message_id": "m1"}, Stop),
    ],
)
def test_frames_of_the_contract_are_understood(frame: dict[str, Any], kind: type) -> None:
    assert isinstance(parse_frame(json.dumps(frame)), kind)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "invalid_json"),
        ("{", "invalid_json"),
        ("[" * 20_000, "invalid_json"),
        ("1" * 5000, "invalid_json"),
        ("[]", "invalid_frame"),
        ("null", "invalid_frame"),
        ('"ping"', "invalid_frame"),
        ("{}", "invalid_frame"),
        ('{"action": 1}', "invalid_frame"),
        ('{"action": ["ping"]}', "invalid_frame"),
        ('{"action": "dance"}', "unknown_action"),
        ('{"action": "PING"}', "unknown_action"),
        ("x" * (FRAME_BYTES + 1), "frame_too_large"),
        ("ä" * (FRAME_BYTES // 2 + 1), "frame_too_large"),
    ],
)
def test_what_is_no_frame_has_a_stable_code(body: str, code: str) -> None:
    with pytest.raises(FrameRefused) as refused:
        parse_frame(body)
    assert refused.value.code == code
    assert refused.value.message


@pytest.mark.parametrize(
    ("frame", "field"),
    [
        ({"action": "subscribe"}, "job_id"),
        ({"action": "subscribe", "job_id": 7}, "job_id"),
        ({"action": "subscribe", "job_id": "x"}, "job_id"),
        ({"action": "subscribe", "job_id": None}, "job_id"),
        ({"action": "subscribe", "job_id": JOB, "after": -1}, "after"),
        ({"action": "subscribe", "job_id": JOB, "after": "0"}, "after"),
        ({"action": "subscribe", "job_id": JOB, "after": 1.5}, "after"),
        ({"action": "subscribe", "job_id": JOB, "after": True}, "after"),
        ({"action": "subscribe", "job_id": JOB, "after": None}, "after"),
        ({"action": "subscribe", "job_id": JOB, "after": 2**31}, "after"),
        ({"action": "subscribe", "job_id": JOB, "aftr": 0}, "aftr"),
        ({**CHAT, "text": ""}, "text"),
        ({**CHAT, "text": " \n"}, "text"),
        ({**CHAT, "text": "x" * (TEXT_CHARACTERS + 1)}, "text"),
        ({**CHAT, "text": "a\x00b"}, "text"),
        ({**CHAT, "text": "\ud800"}, "text"),
        ({**CHAT, "text": 5}, "text"),
        ({**CHAT, "message_id": "x" * 101}, "message_id"),
        ({**CHAT, "message_id": 5}, "message_id"),
        ({**CHAT, "session_id": "mine"}, "session_id"),
        ({"action": "stop"}, "message_id"),
        ({"action": "ping", "\ud800": 1}, "frame"),
    ],
)
def test_a_wrong_field_is_named(frame: dict[str, Any], field: str) -> None:
    with pytest.raises(FrameRefused) as refused:
        parse_frame(json.dumps(frame))
    assert refused.value.code == "invalid_frame"
    assert refused.value.message.startswith(f"{field}: ")


@pytest.mark.parametrize(
    ("frame", "about"),
    [
        ({**CHAT, "text": ""}, {"message_id": "m1"}),
        ({**CHAT, "action": "dance"}, {"message_id": "m1"}),
        ({"action": "stop", "message_id": "m1", "x": 1}, {"message_id": "m1"}),
        ({"action": "subscribe", "job_id": JOB, "after": -1}, {"job_id": JOB}),
        ({**CHAT, "text": "", "message_id": 5}, {}),
        ({**CHAT, "text": "", "message_id": "x" * 101}, {}),
        ({**CHAT, "text": "", "message_id": "\ud800"}, {}),
        ({"action": "ping", "x": 1}, {}),
    ],
)
def test_a_refusal_says_which_message_or_job_it_is_about(
    frame: dict[str, Any], about: dict[str, str]
) -> None:
    with pytest.raises(FrameRefused) as refused:
        parse_frame(json.dumps(frame))
    assert refused.value.fields == about


def test_a_message_never_repeats_what_was_sent() -> None:
    with pytest.raises(FrameRefused) as refused:
        parse_frame(json.dumps({**CHAT, "text": "secret" * 1000}))
    assert "secret" not in refused.value.message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.dictionaries(
    st.sampled_from(["job_id", "after", "session_id", "text", "message_id", "x"]), JSON
)
ACTIONS = st.sampled_from(["subscribe", "unsubscribe", "ping", "chat", "stop", "x"])


@given(action=ACTIONS, fields=FIELDS)
def test_any_object_is_understood_or_refused(action: str, fields: dict[str, Any]) -> None:
    try:
        parse_frame(json.dumps({"action": action, **fields}))
    except FrameRefused as refused:
        told = {"message": refused.message, **refused.fields}
        json.dumps(told, ensure_ascii=False).encode()


@given(st.text())
def test_any_text_is_understood_or_refused(body: str) -> None:
    with pytest.raises(FrameRefused):
        parse_frame(body)


def test_an_id_is_read_whatever_its_case() -> None:
    frame = parse_frame(json.dumps({"action": "unsubscribe", "job_id": JOB.upper()}))
    assert isinstance(frame, Unsubscribe)
    assert frame.job_id == uuid.UUID(JOB)

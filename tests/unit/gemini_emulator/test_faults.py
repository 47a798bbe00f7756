"""Faults strike what they match, as often as they were told."""

from typing import Any

import pytest

from scripts.gemini_emulator.fault_effects import ReplyFaults
from scripts.gemini_emulator.fault_errors import BY_NAME, ErrorContext
from scripts.gemini_emulator.faults import Call, Fault, FaultBook, InvalidFault
from scripts.gemini_emulator.keys import ApiKey


def call(**changes: Any) -> Call:
    values: dict[str, Any] = {
        "key": "a",
        "project": "p",
        "model": "gemini-2.5-flash",
        "kind": "generate",
        "method": "generateContent",
        "text": "the passage",
        "repair": False,
        "fingerprint": "f1",
        "occurrence": 1,
        "at": 100.0,
    }
    return Call(**values | changes)


def fault(**body: Any) -> Fault:
    return Fault.from_json({"effect": "unavailable", **body}, "fault-1", 100.0)


def test_a_fault_strikes_only_what_it_matches() -> None:
    wanted = fault(match={"key": "a", "kind": "generate", "text": "passage", "repair": False})
    assert wanted.strikes(call(), 1)
    for other in ({"key": "b"}, {"kind": "grade"}, {"text": "none"}, {"repair": True}):
        assert not wanted.strikes(call(**other), 1)


def test_every_count_and_seconds_bound_a_fault() -> None:
    every, count, timed = fault(every=3), fault(count=2), fault(after=1, seconds=2)
    assert [every.strikes(call(), 1) for _ in range(6)] == [False, False, True] * 2
    assert [count.strikes(call(), 1) for _ in range(4)] == [True, True, False, False]
    assert [timed.strikes(call(at=at), 1) for at in (100.5, 101, 102.9, 103)] == [
        False,
        True,
        True,
        False,
    ]


def test_distinct_picks_contents_and_strikes_them_always() -> None:
    chosen = fault(distinct=2)
    prints = ["f1", "f2", "f3", "f1", "f3", "f2"]
    struck = [chosen.strikes(call(fingerprint=one), 1) for one in prints]
    assert struck == [True, True, False, True, False, True]


def test_dice_depend_on_content_not_on_order() -> None:
    calls = [call(fingerprint=str(number)) for number in range(400)]
    first, second = fault(probability=0.25), fault(probability=0.25)
    forward = {one.fingerprint for one in calls if first.strikes(one, 1)}
    backward = {one.fingerprint for one in reversed(calls) if second.strikes(one, 1)}
    assert forward == backward
    assert 70 <= len(forward) <= 130


def test_sticky_dice_fall_the_same_for_the_same_content() -> None:
    sticky = fault(probability=0.5, sticky=True)
    for content in map(str, range(20)):
        fates = {sticky.strikes(call(fingerprint=content, occurrence=n), 1) for n in range(9)}
        assert len(fates) == 1


def test_nonsense_is_refused() -> None:
    book = FaultBook(1)
    for body in (
        {"effect": "boom"},
        {"effect": "hang", "colour": 1},
        {"effect": "hang", "match": {"x": 1}},
    ):
        with pytest.raises(InvalidFault):
            book.add(body, 0.0)


def test_every_named_error_is_a_google_status_body() -> None:
    context = ErrorContext(ApiKey("a", "AIza-raw-key", "p"), "gemini-2.5-flash", {})
    for name, build in BY_NAME.items():
        error = build(context).body["error"]
        assert 400 <= error["code"] <= 504, name
        assert error["message"], name
        assert error["status"].isupper(), name


def test_a_suspended_keys_message_holds_the_raw_key() -> None:
    context = ErrorContext(ApiKey("a", "AIza-raw-key", "p"), "gemini-2.5-flash", {})
    assert "api_key:AIza-raw-key" in BY_NAME["suspended"](context).message


def reply() -> dict[str, Any]:
    return {
        "questions": [
            {"slot": n, "type": "mcq", "stem": f"s{n}", "options": list("abcd"), "page": 3,
             "correct_option": 3, "quote": f"q{n}"}
            for n in (1, 2, 3)
        ]
    }  # fmt: skip


def changed(effect: str, **parameters: Any) -> list[dict[str, Any]]:
    ordered = Fault(effect, "fault-1", 0.0, parameters)
    found: list[dict[str, Any]] = ReplyFaults().change_data(reply(), ordered)["questions"]
    return found


def test_reply_faults_do_their_damage_and_nothing_else() -> None:
    assert [one["page"] for one in changed("wrong_page", items=1)] == [4, 3, 3]
    assert len({one["quote"] for one in changed("invented_quote")}) == 1
    assert [one["stem"] for one in changed("duplicate_items")] == ["s1"] * 3
    assert changed("duplicate_options")[0]["options"] == list("abca")
    assert [one["slot"] for one in changed("missing_ids")] == [1, 2]
    assert [one["slot"] for one in changed("doubled_ids")] == [1, 2, 3, 1]
    assert changed("strange_ids")[0]["slot"] >= 1000
    assert changed("wrong_key")[0]["correct_option"] == 0
    assert changed("hang") == reply()["questions"]


def test_the_same_item_comes_in_every_reply() -> None:
    effects, ordered = ReplyFaults(), Fault("same_item", "fault-1", 0.0)
    effects.change_data(reply(), ordered)
    other = {"questions": [{"slot": 9, "type": "mcq", "stem": "new"}]}
    assert effects.change_data(other, ordered)["questions"][0]["stem"] == "s1"
    assert effects.change_data(other, ordered)["questions"][0]["slot"] == 9

"""An administrator's day with the key pool, through the public API."""

import uuid
from typing import Any

import pytest

from scripts.demo.client import ApiError, LearningClient

KEYS = "/api/admin/keys"


def listed(administrator: LearningClient) -> dict[str, dict[str, Any]]:
    answer = administrator.call("GET", f"{KEYS}?limit=100")
    return {row["alias"]: row for row in answer["items"]}


def test_a_key_is_added_seen_without_its_value_paused_and_removed(
    administrator: LearningClient,
) -> None:
    alias, value = f"spare-{uuid.uuid4().hex[:8]}", f"not-a-key-of-google-{uuid.uuid4().hex}"
    # Paused at once, as the stand-in for Gemini would refuse it.
    body = {"alias": alias, "key": value, "project": "p-of-its-own", "label": "to try it"}
    added = administrator.call("POST", KEYS, body)
    paused = administrator.call("PATCH", f"{KEYS}/{added['id']}", {"active": False})
    shown = administrator.http.get(f"{KEYS}?limit=100")
    assert value not in shown.text + repr(added) + repr(paused)
    row = listed(administrator)[alias]
    assert (row["source"], row["active"], row["state"]) == ("stored", False, "paused")
    assert (row["project"], row["label"]) == ("p-of-its-own", "to try it")
    administrator.call("DELETE", f"{KEYS}/{added['id']}")
    assert alias not in listed(administrator)


def test_the_configured_keys_are_shown_with_their_quota(administrator: LearningClient) -> None:
    configured = [
        row for row in listed(administrator).values() if row["source"] == "secrets_manager"
    ]
    assert configured
    for row in configured:
        assert row["active"] is True
        assert row["models"][0]["quota"]["configured"]["rpm"] > 0
    pool = administrator.call("GET", "/api/admin/pool")
    assert pool["degraded"] is False
    assert {row["project"] for row in configured} <= {one["project"] for one in pool["projects"]}


def test_a_configured_key_rests_and_works_again(administrator: LearningClient) -> None:
    key = next(row for row in listed(administrator).values() if row["source"] == "secrets_manager")
    try:
        administrator.call("PATCH", f"{KEYS}/{key['id']}", {"active": False})
        assert listed(administrator)[key["alias"]]["state"] == "paused"
    finally:
        administrator.call("PATCH", f"{KEYS}/{key['id']}", {"active": True})
    assert listed(administrator)[key["alias"]]["state"] != "paused"
    with pytest.raises(ApiError) as refused:
        administrator.call("DELETE", f"{KEYS}/{key['id']}")
    assert refused.value.code == "key_of_settings"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", KEYS, None),
        ("POST", KEYS, {"alias": "mine", "key": "not-a-key-of-google"}),
        ("PATCH", f"{KEYS}/{uuid.uuid4()}", {"active": False}),
        ("DELETE", f"{KEYS}/{uuid.uuid4()}", None),
        ("GET", "/api/admin/pool", None),
    ],
)
def test_a_learner_is_refused(learner: LearningClient, method: str, path: str, body: Any) -> None:
    with pytest.raises(ApiError) as refused:
        learner.call(method, path, body)
    assert refused.value.code == "forbidden"

"""Keys from the settings, and what changes at run time."""

import uuid

import pytest
from pydantic import SecretStr

from shared.ai.key_encryption import KeyCipher
from shared.ai.keyring import KeyRing, StoredKeys
from shared.ai.keys import (
    SHARED_PROJECT,
    ApiKey,
    keys_from_environment,
    keys_from_secret,
    usable,
    warnings_about,
    without_doubles,
)
from shared.config import ConfigurationError

VALUE = "a-value.of_no~known/shape"


def key(alias: str, value: str = "", project: str = "p") -> ApiKey:
    return ApiKey(alias, SecretStr(value or f"value of {alias}"), project)


def test_numbered_keys_come_in_the_order_of_their_numbers():
    environment = {"GEMINI_API_KEY_10": "j", "GEMINI_API_KEY_2": "b", "GEMINI_API_KEY_1": " "}
    keys = keys_from_environment(environment, separate_projects=False)
    assert [key.alias for key in keys] == ["key_2", "key_10"]


def test_keys_without_a_project_share_one_unless_the_operator_says_otherwise():
    environment = {"GEMINI_API_KEY_1": "a", "GEMINI_API_KEY_2": "b", "GEMINI_PROJECT_2": "mine"}
    together = keys_from_environment(environment, separate_projects=False)
    apart = keys_from_environment(environment, separate_projects=True)
    assert [key.project for key in together] == [SHARED_PROJECT, "mine"]
    assert [key.project for key in apart] == ["project-of-key_1", "mine"]


@pytest.mark.parametrize(
    ("alias", "project"),
    [(VALUE, "p"), ("mine", VALUE), (f"of-{VALUE}", "p"), ("AIzaSyA1b2C3d4E5f6G7h8", "p")],
)
def test_a_key_in_the_place_of_its_name_is_refused_and_not_repeated(alias: str, project: str):
    listed = {"keys": [{"alias": alias, "key": VALUE, "project": project}]}
    with pytest.raises(ConfigurationError) as refused:
        keys_from_secret(listed, separate_projects=False)
    assert VALUE not in str(refused.value)
    assert "AIza" not in str(refused.value)


def test_a_value_that_no_header_can_carry_is_left_out():
    values = [
        "AIzaSyGoodGoodGood",
        "two words, no key",
        "schlüssel-12345",
        "line\nbreak-1",
        "short",
    ]
    keys = [key(f"k{number}", value) for number, value in enumerate(values)]
    kept, left_out = usable(keys)
    assert [one.alias for one in kept] == ["k0"]
    assert left_out == ["k1", "k2", "k3", "k4"]


def test_a_secret_may_leave_alias_and_project_out():
    keys = keys_from_secret({"keys": [{"key": "a"}, {"key": ""}]}, separate_projects=False)
    assert [(key.alias, key.project) for key in keys] == [("key-1", SHARED_PROJECT)]


def test_the_operator_hears_of_shared_quota_and_of_several_projects():
    assert warnings_about([key("a")]) == []
    shared = warnings_about([key("a", project=SHARED_PROJECT), key("b", project=SHARED_PROJECT)])
    several = warnings_about([key("a", project="x"), key("b", project="y")])
    assert "one project" in shared[0]
    assert "terms of service" in several[0]


def test_the_operator_hears_of_a_key_that_is_there_twice():
    twice = [key("a", "same", "x"), key("b", "same", "y"), key("a", "other", "x")]
    told = warnings_about(twice)
    assert [warning.split(" is not used")[0] for warning in told] == [
        "The Gemini key b of y",
        "The Gemini key a of x",
    ]


def test_a_number_may_name_a_project_and_a_value_end_a_line():
    listed = {"keys": [{"key": f"{VALUE}\n", "project": 123456789012}]}
    (read,) = keys_from_secret(listed, separate_projects=False)
    assert (read.project, read.value.get_secret_value()) == ("123456789012", VALUE)


def test_the_same_key_under_two_names_counts_once():
    assert [k.alias for k in without_doubles([key("a", "v"), key("b", "v"), key("a", "w")])] == [
        "a"
    ]


def test_a_key_never_shows_in_its_text():
    assert "AIzaSecret" not in repr(key("a", "AIzaSecret"))


async def test_a_new_version_brings_new_keys_and_lets_paused_ones_rest():
    stored = StoredKeys()
    ring = KeyRing([key("a"), key("b")], {}, lambda: stored)
    await ring.refresh("one")
    assert [k.alias for k in ring.keys] == ["a", "b"]
    stored = StoredKeys((key("c"),), frozenset({"a"}))
    assert not await ring.refresh("one")
    assert await ring.refresh("two")
    assert [k.alias for k in ring.keys] == ["b", "c"]


async def test_a_change_whose_notice_was_lost_is_found_within_ten_seconds():
    now, stored = 100.0, StoredKeys()
    ring = KeyRing([key("a")], {}, lambda: stored, clock=lambda: now)
    await ring.refresh()
    stored = StoredKeys((key("b"),))
    now += 1
    assert not await ring.refresh()
    now += 9
    assert await ring.refresh()
    assert [k.alias for k in ring.keys] == ["a", "b"]


async def test_a_call_that_is_out_still_finds_a_key_just_taken_away():
    stored = StoredKeys((key("b", "value"),))
    ring = KeyRing([key("a")], {}, lambda: stored)
    await ring.refresh("one")
    stored = StoredKeys()
    assert await ring.refresh("two")
    assert [k.alias for k in ring.keys] == ["a"]
    assert ring.value_of("b").get_secret_value() == "value"


@pytest.mark.parametrize(
    "listed", [{"alias": "a|b"}, {"alias": "AIza " * 3}, {"project": "no project"}]
)
def test_a_name_that_can_not_be_one_is_refused_without_repeating_it(listed):
    with pytest.raises(ConfigurationError) as caught:
        keys_from_secret({"keys": [{"key": "v", **listed}]}, separate_projects=False)
    assert not any(value in str(caught.value) for value in listed.values())


async def test_keys_known_so_far_stay_when_the_database_is_gone():
    def gone() -> StoredKeys:
        raise ConnectionError

    ring = KeyRing([key("a")], {}, gone)
    assert not await ring.refresh("one")
    assert [k.alias for k in ring.keys] == ["a"]


def test_a_big_pool_is_asked_in_parts_that_miss_no_key():
    ring = KeyRing([key(f"k{number}") for number in range(100)], {})
    parts = ring.parts_for("m")
    assert max(len(part.keys) for part in parts) <= 25
    assert len({alias for part in parts for alias, _ in part.keys}) == 100


def test_the_digest_names_the_content():
    one, same = KeyRing([key("a")], {}), KeyRing([key("a")], {})
    other = KeyRing([key("a")], {"m": {"rpm": 7}})
    assert one.config_for("m").digest == same.config_for("m").digest
    assert one.config_for("m").digest != other.config_for("m").digest


def test_what_was_sealed_opens_for_its_owner_only():
    cipher, owner = KeyCipher(["passphrase"]), uuid.uuid4()
    sealed = cipher.seal("AIzaSecret", owner)
    assert b"AIza" not in sealed
    assert cipher.open(sealed, owner) == "AIzaSecret"
    with pytest.raises(ConfigurationError):
        cipher.open(sealed, uuid.uuid4())


def test_a_passphrase_is_rotated_without_losing_a_key():
    owner = uuid.uuid4()
    sealed = KeyCipher(["old"]).seal("AIzaSecret", owner)
    both = KeyCipher(["new", "old"])
    assert both.open(sealed, owner) == "AIzaSecret"
    assert not both.is_current(sealed)
    with pytest.raises(ConfigurationError):
        KeyCipher(["new"]).open(sealed, owner)


def test_a_process_that_lives_through_a_rotation_looks_again():
    owner, passphrases = uuid.uuid4(), ["old"]
    cipher = KeyCipher(["old"], lambda: passphrases)
    # Adding a key a moment ago made it look, but not for the passphrase that came since.
    cipher.renew()
    passphrases = ["new", "old"]
    sealed = KeyCipher(["new"]).seal("AIzaSecret", owner)
    assert cipher.open(sealed, owner) == "AIzaSecret"
    assert cipher.is_current(cipher.seal("another", owner))


def test_a_flood_of_keys_that_cannot_be_opened_is_no_flood_of_looks():
    owner, looks = uuid.uuid4(), []

    def look() -> list[str]:
        looks.append(1)
        return ["old"]

    cipher = KeyCipher(["old"], look)
    sealed = KeyCipher(["lost"]).seal("AIzaSecret", owner)
    for _ in range(20):
        with pytest.raises(ConfigurationError):
            cipher.open(sealed, owner)
    assert len(looks) == 1


@pytest.mark.parametrize("kept", [b"", b"\x01", b"\x01name", b"\x01name" + bytes(6), None])
def test_a_row_that_was_damaged_is_told_as_one_that_can_not_be_opened(kept: bytes | None):
    cipher, owner = KeyCipher(["passphrase"]), uuid.uuid4()
    sealed = cipher.seal("AIzaSecret", owner)
    damaged = sealed[:9] if kept is None else kept.replace(b"name", sealed[1:5])
    with pytest.raises(ConfigurationError):
        cipher.open(damaged, owner)

"""Notes of deletions: as sure as the transaction they are made in, and each try taken once."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update

from shared.database.engine import Database
from shared.database.tables.storage import ObjectDeletion
from shared.storage.deletions import DeletionNotes
from shared.storage.ports import MOST_OBJECTS, DeletionNote
from shared.storage.removal import ObjectRemoval
from shared.storage.rules import STUBBORN_TRIES
from tests.fakes.object_storage import FakeObjectStorage

Open = Callable[..., AbstractContextManager[DeletionNotes]]


@pytest.fixture
def note(open_deletion_notes: Open) -> Callable[..., list[DeletionNote]]:
    def add(*keys: str) -> list[DeletionNote]:
        with open_deletion_notes() as notes:
            return notes.add(keys)

    return add


def noted(database: Database) -> list[str]:
    with database.transaction() as session:
        return sorted(session.scalars(select(ObjectDeletion.object_key)))


def taken(open_notes: Open, most: int = 100, **later: float) -> list[str]:
    with open_notes(**later) as notes:
        return [one.object_key for one in notes.take_due(most)]


def test_a_transaction_that_fails_notes_nothing(
    database: Database, open_deletion_notes: Open
) -> None:
    def note_and_fail() -> None:
        with open_deletion_notes() as notes:
            notes.add(["a"])
            raise ConnectionError

    with pytest.raises(ConnectionError):
        note_and_fail()
    assert noted(database) == []


def test_the_one_who_notes_has_a_minute_before_a_sweep_takes_it(
    note: Callable[..., list[DeletionNote]], open_deletion_notes: Open
) -> None:
    note("a")
    assert taken(open_deletion_notes, seconds=50) == []
    assert taken(open_deletion_notes, seconds=61) == ["a"]


def test_a_try_that_is_lost_is_made_again_after_a_pause(
    note: Callable[..., list[DeletionNote]], open_deletion_notes: Open
) -> None:
    note("a")
    assert taken(open_deletion_notes, minutes=2) == ["a"]
    assert taken(open_deletion_notes, minutes=3) == []
    assert taken(open_deletion_notes, minutes=5) == ["a"]
    assert taken(open_deletion_notes, minutes=8) == []


def test_portions_take_what_waits_longest_first(
    note: Callable[..., list[DeletionNote]], open_deletion_notes: Open
) -> None:
    for key in "abcde":
        note(key)
    portions = [taken(open_deletion_notes, 2, minutes=2) for _ in range(4)]
    assert portions == [["a", "b"], ["c", "d"], ["e"], []]


def test_two_sweeps_at_the_same_moment_take_different_portions(
    note: Callable[..., list[DeletionNote]], open_deletion_notes: Open
) -> None:
    note("a", "b", "c")
    with open_deletion_notes(minutes=2) as one, open_deletion_notes(minutes=2) as other:
        both = [one.take_due(2), other.take_due(2), other.take_due(2)]
    assert [len(portion) for portion in both] == [2, 1, 0]
    assert {one.object_key for portion in both for one in portion} == {"a", "b", "c"}


def test_striking_twice_strikes_once_and_nobody_elses_note_of_the_same_object(
    note: Callable[..., list[DeletionNote]], open_deletion_notes: Open, database: Database
) -> None:
    (first,), (_second,) = note("a"), note("a")
    for _ in range(2):
        with open_deletion_notes() as notes:
            notes.strike([first])
    assert noted(database) == ["a"]


def test_a_deletion_is_stubborn_after_some_tries(
    note: Callable[..., list[DeletionNote]], open_deletion_notes: Open
) -> None:
    note("a")
    counts = []
    for tries in range(1, STUBBORN_TRIES + 1):
        taken(open_deletion_notes, hours=2 * tries)
        with open_deletion_notes() as notes:
            counts.append(notes.stubborn())
    assert counts == [0] * (STUBBORN_TRIES - 1) + [1]


def test_removal_strikes_what_is_gone_and_keeps_what_is_refused(
    note: Callable[..., list[DeletionNote]],
    removal: ObjectRemoval,
    storage: FakeObjectStorage,
    database: Database,
) -> None:
    storage.objects = {"a": b"x", "b": b"x", "other": b"x"}
    storage.undeletable = {"b": "AccessDenied"}
    notes = note("a", "b", "never uploaded")
    assert removal.remove(notes) == 2
    assert (set(storage.objects), noted(database)) == ({"b", "other"}, ["b"])
    assert removal.remove(notes) == 2, "what is done already may be done again"


def test_removal_asks_for_no_more_at_once_than_s3_takes(
    note: Callable[..., list[DeletionNote]],
    removal: ObjectRemoval,
    storage: FakeObjectStorage,
    database: Database,
) -> None:
    notes = note(*(f"key-{number}" for number in range(MOST_OBJECTS + 1)))
    assert removal.remove(notes) == MOST_OBJECTS + 1
    assert (storage.deletions, noted(database)) == ([MOST_OBJECTS, 1], [])


def test_an_outage_is_asked_once_and_leaves_the_notes(
    note: Callable[..., list[DeletionNote]],
    removal: ObjectRemoval,
    storage: FakeObjectStorage,
    database: Database,
) -> None:
    notes = note(*(f"key-{number}" for number in range(MOST_OBJECTS + 1)))
    storage.outages = 1
    assert removal.remove(notes) == 0
    assert len(storage.deletions) == 1
    assert len(noted(database)) == MOST_OBJECTS + 1


def test_nothing_to_remove_makes_no_call(
    removal: ObjectRemoval, storage: FakeObjectStorage
) -> None:
    assert (removal.remove([]), storage.deletions) == (0, [])


def test_what_the_sweep_looks_for_is_found_by_indexes(database: Database) -> None:
    """Of many notes few are due, and fewer still have failed again and again."""
    with database.transaction() as session:
        notes = DeletionNotes(session)
        notes.add(f"key-{number}" for number in range(5000))
        session.execute(update(ObjectDeletion).values(due_at=func.now() + timedelta(days=1)))
        session.execute(text("ANALYZE object_deletions"))
        plans = [
            "\n".join(session.scalars(text(f"EXPLAIN {query}")))
            for query in (
                "SELECT * FROM object_deletions WHERE due_at <= now() ORDER BY due_at LIMIT 1000",
                "SELECT count(*) FROM object_deletions WHERE tries >= 5",
            )
        ]
    assert "ix_object_deletions_due_at" in plans[0]
    assert "ix_object_deletions_tries" in plans[1]

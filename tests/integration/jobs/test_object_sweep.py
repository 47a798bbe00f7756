"""The sweep ends the deletions that were left undone."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import boto3
import pytest
from moto import mock_aws
from sqlalchemy import func, select

from functions.jobs.metrics import record_stubborn_deletions
from functions.jobs.object_sweep import ObjectSweep
from functions.jobs.wiring import get_object_sweep
from shared.config import get_settings
from shared.database.engine import Database, get_database, get_engine
from shared.database.tables.storage import ObjectDeletion
from shared.storage.deletions import DeletionNotes
from shared.storage.ports import MOST_OBJECTS
from shared.storage.removal import ObjectRemoval
from shared.storage.wiring import get_object_removal
from tests.fakes.object_storage import FakeObjectStorage

Open = Callable[..., AbstractContextManager[DeletionNotes]]
SweepIn = Callable[..., ObjectSweep]


@pytest.fixture
def leave(open_deletion_notes: Open, storage: FakeObjectStorage) -> Callable[..., None]:
    """Objects whose deletion was noted by somebody who was killed then."""

    def add(*keys: str) -> None:
        storage.objects.update(dict.fromkeys(keys, b"%PDF-"))
        with open_deletion_notes() as notes:
            notes.add(keys)

    return add


def count_of_notes(database: Database) -> int:
    with database.transaction() as session:
        return session.scalar(select(func.count()).select_from(ObjectDeletion)) or 0


def test_what_a_killed_process_left_is_deleted_once(
    leave: Callable[..., None],
    object_sweep_in: SweepIn,
    storage: FakeObjectStorage,
    database: Database,
) -> None:
    leave("a", "b")
    storage.objects["other"] = b"%PDF-"
    sweep = object_sweep_in(minutes=2)
    assert (sweep.delete_objects(), sweep.delete_objects()) == (2, 0)
    assert (set(storage.objects), count_of_notes(database)) == ({"other"}, 0)
    assert storage.deletions == [2], "a sweep without work doesn't call S3"


def test_a_sweep_takes_one_portion_and_the_next_takes_the_next(
    leave: Callable[..., None], object_sweep_in: SweepIn, storage: FakeObjectStorage
) -> None:
    leave(*(f"key-{number}" for number in range(MOST_OBJECTS + 5)))
    sweep = object_sweep_in(minutes=2)
    assert [sweep.delete_objects() for _ in range(3)] == [MOST_OBJECTS, 5, 0]
    assert storage.objects == {}


def test_an_outage_is_outlived_with_growing_pauses(
    leave: Callable[..., None],
    object_sweep_in: SweepIn,
    storage: FakeObjectStorage,
    database: Database,
) -> None:
    leave("a")
    storage.outages = 3
    asked = []
    for minute in range(1, 40):
        before = len(storage.deletions)
        object_sweep_in(minutes=minute, seconds=1).delete_objects()
        if len(storage.deletions) > before:
            asked.append(minute)
    assert asked == [1, 3, 7, 15]
    assert (storage.objects, count_of_notes(database)) == ({}, 0)


def test_one_object_that_is_refused_keeps_no_other(
    leave: Callable[..., None], object_sweep_in: SweepIn, storage: FakeObjectStorage
) -> None:
    leave("refused", "a", "b")
    storage.undeletable = {"refused": "InternalError"}
    assert object_sweep_in(minutes=2).delete_objects() == 2
    storage.undeletable = {}
    assert object_sweep_in(minutes=5).delete_objects() == 1
    assert storage.objects == {}


def test_a_sweep_that_is_killed_is_made_up_for_by_a_later_one(
    leave: Callable[..., None],
    object_sweep_in: SweepIn,
    storage: FakeObjectStorage,
    database: Database,
) -> None:
    def be_killed() -> None:
        raise KeyboardInterrupt

    leave("a")
    storage.meanwhile = be_killed
    with pytest.raises(KeyboardInterrupt):
        object_sweep_in(minutes=2).delete_objects()
    storage.meanwhile = lambda: None
    assert object_sweep_in(minutes=5).delete_objects() == 1
    assert (storage.objects, count_of_notes(database)) == ({}, 0)


def test_nothing_is_locked_while_storage_is_asked_and_two_sweeps_share_the_work(
    leave: Callable[..., None],
    object_sweep_in: SweepIn,
    storage: FakeObjectStorage,
    database: Database,
) -> None:
    leave("a")
    seen = []

    def look_around() -> None:
        storage.meanwhile = lambda: None
        with database.transaction() as session:
            free = select(ObjectDeletion.object_key).with_for_update(nowait=True)
            seen.extend(session.scalars(free))
        seen.append(object_sweep_in(minutes=2).delete_objects())

    storage.meanwhile = look_around
    assert object_sweep_in(minutes=2).delete_objects() == 1
    assert seen == ["a", 0]
    assert storage.deletions == [1]


def test_operators_are_told_of_what_fails_again_and_again_until_it_succeeds(
    leave: Callable[..., None],
    open_deletion_notes: Open,
    removal: ObjectRemoval,
    storage: FakeObjectStorage,
    caplog: pytest.LogCaptureFixture,
) -> None:
    told: list[int] = []
    leave("uploads/a-person/a.pdf", "b")
    storage.undeletable = {"uploads/a-person/a.pdf": "AccessDenied"}
    for hour in range(1, 8):
        if hour == 7:
            storage.undeletable = {}
        sweep = ObjectSweep(partial(open_deletion_notes, hours=2 * hour), removal, told.append)
        sweep.delete_objects()
        sweep.tell_stubborn_objects()
    assert told == [1, 1]
    assert [record.levelname for record in caplog.records].count("ERROR") == 2
    assert not any("a-person" in str(vars(record)) for record in caplog.records)


def test_the_metric_is_an_emf_line_with_the_count(capsys: pytest.CaptureFixture[str]) -> None:
    record_stubborn_deletions(3)
    line = json.loads(capsys.readouterr().out)
    assert line["StubbornObjectDeletions"] == [3]
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Dimensions"] == [["service"]]


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch, database_url: str) -> Iterator[Any]:
    """The surroundings of the deployed function, with S3 by moto."""
    cached = (get_settings, get_engine, get_database, get_object_removal, get_object_sweep)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DOCUMENTS_BUCKET", "documents-of-the-tests")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    for one in cached:
        one.cache_clear()
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="documents-of-the-tests")
        yield s3
    get_engine().dispose()
    for one in cached:
        one.cache_clear()


def test_the_sweep_as_it_is_deployed_deletes_from_the_bucket_of_uploads(
    deployed: Any, open_deletion_notes: Open, database: Database
) -> None:
    deployed.put_object(Bucket="documents-of-the-tests", Key="uploads/a.pdf", Body=b"%PDF-")
    with open_deletion_notes(minutes=-2) as notes:
        notes.add(["uploads/a.pdf"])
    assert get_object_sweep().delete_objects() == 1
    assert "Contents" not in deployed.list_objects_v2(Bucket="documents-of-the-tests")
    assert count_of_notes(database) == 0

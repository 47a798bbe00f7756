"""What slow imports make is no work for the garbage collector."""

import gc

import pytest

from shared.memory import not_collecting


@pytest.fixture(autouse=True)
def thawed() -> object:
    yield
    gc.unfreeze()


def test_nothing_is_collected_meanwhile_and_what_is_made_is_left_alone_later() -> None:
    frozen = gc.get_freeze_count()
    with not_collecting():
        assert not gc.isenabled()
        kept = [[number] for number in range(1_000)]

    assert gc.isenabled()
    assert gc.get_freeze_count() >= frozen + len(kept)


def test_the_collector_goes_on_where_an_import_fails() -> None:
    with pytest.raises(ImportError), not_collecting():
        raise ImportError("no such package")

    assert gc.isenabled()

"""Chunks in batches."""

from hypothesis import given
from hypothesis import strategies as st

from functions.questions.rules.batching import batches


@given(st.lists(st.integers(), max_size=100), st.integers(1, 20))
def test_every_chunk_is_in_one_batch_in_order(chunks: list[int], most: int) -> None:
    made = batches(chunks, most)

    assert [chunk for batch in made for chunk in batch] == chunks


@given(st.integers(1, 100), st.integers(1, 20))
def test_batches_are_few_and_even(count: int, most: int) -> None:
    sizes = [len(batch) for batch in batches(list(range(count)), most)]

    assert len(sizes) == -(-count // most)
    assert max(sizes) - min(sizes) <= 1
    assert max(sizes) <= most

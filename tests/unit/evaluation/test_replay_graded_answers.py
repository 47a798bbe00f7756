"""The figures that the choice of the cache's key rests on, measured again."""

from scripts.replay_graded_answers import (
    ANSWERS,
    POLICIES,
    average,
    read_answers,
    read_pairs,
    replay_by_key,
    set_in_a_sentence,
    taken_as_equal,
    typed_alike,
)

ORDERS = 3


def test_the_canonical_key_serves_more_and_errs_no_more_than_graders_do_on_equal_words() -> None:
    answers = read_answers(ANSWERS)
    replays = {name: replay for name, replay, _ in POLICIES}
    hits, wrong = average(answers, replays["canonical key"], ORDERS, seed=1)
    alike_hits, alike_wrong = average(
        answers, lambda rows: replay_by_key(rows, typed_alike), ORDERS, seed=1
    )
    assert hits / len(answers) >= 0.09
    assert hits >= 2.5 * alike_hits
    assert wrong / hits <= alike_wrong / alike_hits + 0.01


def test_content_words_in_any_order_would_serve_a_fifth_and_err_twice_as_often() -> None:
    """What bounds every key that keeps content words apart, and what that bound would cost."""
    answers = read_answers(ANSWERS)
    replays = {name: replay for name, replay, _ in POLICIES}
    bound, bound_wrong = average(answers, replays["bound: content words, unsafe"], ORDERS, seed=1)
    hits, wrong = average(answers, replays["canonical key"], ORDERS, seed=1)
    assert hits < bound < len(answers) * 0.21
    assert bound_wrong / bound > 2 * wrong / hits


def test_no_policy_that_is_on_takes_a_pair_that_must_differ_as_equal() -> None:
    same = {name: same for name, _, same in POLICIES}["canonical key"]
    differ = read_pairs("must_differ.jsonl")
    sentences = set_in_a_sentence(differ)
    assert taken_as_equal(differ, same) == f"0/{len(differ)}"
    assert taken_as_equal(sentences, same) == f"0/{len(sentences)}"

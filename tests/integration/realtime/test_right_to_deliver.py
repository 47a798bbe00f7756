"""One at a time delivers to a connection; who loses that right is replaced, and nothing is lost."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest


def test_an_event_appended_while_the_last_one_is_posted_is_not_left_behind(
    delivery, subscriptions, connections, log, job_id
) -> None:
    """The second announcer finds the right taken; the first must look again."""
    log.append(job_id)
    subscriptions.subscribe("c", job_id, 0)
    nested: list[int] = []

    def append_meanwhile(*_: object) -> None:
        if not nested:
            nested.append(log.append(job_id))
            delivery.announce(job_id)

    connections.before_post = append_meanwhile
    delivery.announce(job_id)
    assert connections.numbers("c") == [1, 2]


def test_a_failed_post_frees_the_right_at_once_and_the_next_news_goes_on_there(
    delivery, subscriptions, connections, log, job_id
) -> None:
    failures = [ConnectionError("throttled")]

    def fail_once(_connection: str, frame: dict) -> None:
        if frame["seq"] == 2 and failures:
            raise failures.pop()

    connections.before_post = fail_once
    subscriptions.subscribe("c", job_id, 0)
    log.append(job_id)
    log.append(job_id)
    delivery.announce(job_id)
    assert connections.numbers("c") == [1]
    delivery.announce(job_id)
    assert connections.numbers("c") == [1, 2]


def test_a_holder_that_died_is_replaced_when_its_right_lapses(
    delivery, subscriptions, connections, log, job_id
) -> None:
    subscriptions.subscribe("c", job_id, 0)
    assert subscriptions.take("c", job_id, "a worker that dies")
    log.append(job_id)
    delivery.announce(job_id)
    assert connections.numbers("c") == []
    time.sleep(0.6)
    log.append(job_id)
    delivery.announce(job_id)
    assert connections.numbers("c") == [1, 2]


def test_a_holder_that_stalls_hands_over_without_overtaking(
    delivery, subscriptions, connections, log, job_id
) -> None:
    """One thread hangs in a post for longer than its right lasts; another goes on meanwhile."""
    stalled = threading.Event()

    def stall_once(_connection: str, frame: dict) -> None:
        if frame["seq"] == 2 and not stalled.is_set():
            stalled.set()
            time.sleep(0.8)

    connections.before_post = stall_once
    for _ in range(4):
        log.append(job_id)
    subscriptions.subscribe("c", job_id, 0)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(delivery.catch_up, "c", job_id)
        stalled.wait()
        time.sleep(0.6)
        second = pool.submit(delivery.catch_up, "c", job_id)
        first.result()
        second.result()
    # The post that hung is the one that may come twice; a client knows it by its number.
    assert connections.numbers("c") == [1, 2, 3, 4, 2]
    assert subscriptions.position("c", job_id) == 4


def test_news_whose_announcer_found_the_right_taken_is_told_though_the_holder_stalled(
    delivery, subscriptions, connections, log, job_id
) -> None:
    """The holder's right lapses unnoticed while it posts its last event."""
    nested: list[int] = []

    def stall_and_append(*_: object) -> None:
        if not nested:
            nested.append(1)
            log.append(job_id)
            delivery.announce(job_id)
            time.sleep(0.7)

    connections.before_post = stall_and_append
    subscriptions.subscribe("c", job_id, 0)
    log.append(job_id)
    delivery.announce(job_id)
    assert connections.numbers("c")[-1] == 2
    assert set(connections.numbers("c")) == {1, 2}


@pytest.mark.parametrize("lost", ["right", "subscription"])
def test_a_position_is_only_noted_by_who_holds_the_right(
    subscriptions, redis, job_id, lost
) -> None:
    subscriptions.subscribe("c", job_id, 0)
    subscriptions.take("c", job_id, "me")
    if lost == "right":
        redis.delete(f"delivery:{{{job_id}}}:c")
    else:
        subscriptions.unsubscribe("c", job_id)
    assert subscriptions.advance("c", job_id, "me", 0, 1) != 2
    assert subscriptions.position("c", job_id) == (0 if lost == "right" else None)


def test_nobody_gives_up_a_right_that_another_took_over(subscriptions, redis, job_id) -> None:
    subscriptions.take("c", job_id, "late")
    redis.delete(f"delivery:{{{job_id}}}:c")
    assert subscriptions.take("c", job_id, "new")
    subscriptions.let_go("c", job_id, "late")
    assert not subscriptions.renew("c", job_id, "late")
    assert subscriptions.renew("c", job_id, "new")

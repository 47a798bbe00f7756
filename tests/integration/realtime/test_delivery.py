"""Each event reaches each follower once and in order, whoever announces it and whatever fails."""

import random
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from shared.realtime.connections import MESSAGE_BYTES
from shared.realtime.delivery import Delivery
from shared.realtime.subscriptions import Connected, Subscriptions
from tests.fakes.connections import FakeConnections
from tests.fakes.event_log import FakeEventLog
from tests.fakes.web import EverySessionLives


def upto(last: int) -> list[int]:
    return list(range(1, last + 1))


def test_a_subscriber_gets_what_was_and_what_comes(
    delivery, subscriptions, connections, log, job_id
) -> None:
    log.append(job_id, done=1)
    log.append(job_id, done=2)
    subscriptions.subscribe("c", job_id, 0)
    delivery.catch_up("c", job_id)
    log.append(job_id, done=3)
    delivery.announce(job_id)
    assert connections.numbers("c") == upto(3)
    assert connections.sent("c")[2] | {"at": None} == {
        "type": "job.progress",
        "seq": 3,
        "at": None,
        "job_id": str(job_id),
        "done": 3,
    }


def test_replay_begins_after_the_number_that_was_asked_for(
    delivery, subscriptions, connections, log, job_id
) -> None:
    for _ in range(5):
        log.append(job_id)
    subscriptions.subscribe("c", job_id, 3)
    delivery.catch_up("c", job_id)
    assert connections.numbers("c") == [4, 5]


def test_a_backlog_larger_than_one_read_is_drained(
    delivery, subscriptions, connections, log, job_id
) -> None:
    for _ in range(250):
        log.append(job_id)
    subscriptions.subscribe("c", job_id, 0)
    delivery.catch_up("c", job_id)
    assert connections.numbers("c") == upto(250)


def test_many_announcers_deliver_each_event_once_and_in_order(
    delivery, subscriptions, connections, log, job_id
) -> None:
    connections.before_post = lambda *_: time.sleep(random.random() * 0.002)
    for name in ("a", "b"):
        subscriptions.subscribe(name, job_id, 0)
    barrier = threading.Barrier(8)

    def work(_: int) -> None:
        barrier.wait()
        for _ in range(25):
            log.append(job_id)
            delivery.announce(job_id)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert connections.numbers("a") == upto(200)
    assert connections.numbers("b") == upto(200)


def test_a_second_subscribe_starts_again_from_its_own_number(
    delivery, subscriptions, connections, log, job_id
) -> None:
    for _ in range(4):
        log.append(job_id)
    for after in (0, 2):
        subscriptions.subscribe("c", job_id, after)
        delivery.catch_up("c", job_id)
    assert connections.numbers("c") == [1, 2, 3, 4, 3, 4]


def test_a_subscribe_during_a_replay_starts_again_from_its_own_number(
    delivery, subscriptions, connections, log, job_id
) -> None:
    for _ in range(6):
        log.append(job_id)
    again: list[int] = []

    def subscribe_at_four(_connection: str, frame: dict) -> None:
        if frame["seq"] == 4 and not again:
            again.append(1)
            subscriptions.subscribe("c", job_id, 1)
            delivery.catch_up("c", job_id)

    connections.before_post = subscribe_at_four
    subscriptions.subscribe("c", job_id, 0)
    delivery.catch_up("c", job_id)
    assert connections.numbers("c") == [1, 2, 3, 4, 2, 3, 4, 5, 6]


def test_an_unsubscribe_ends_a_replay(delivery, subscriptions, connections, log, job_id) -> None:
    for _ in range(6):
        log.append(job_id)

    def leave_at_three(_connection: str, frame: dict) -> None:
        if frame["seq"] == 3:
            subscriptions.unsubscribe("c", job_id)

    connections.before_post = leave_at_three
    subscriptions.subscribe("c", job_id, 0)
    delivery.catch_up("c", job_id)
    assert connections.numbers("c") == [1, 2, 3]
    assert subscriptions.followers_of(job_id) == []


def test_a_connection_that_is_gone_is_forgotten(
    delivery, subscriptions, connections, log, job_id
) -> None:
    connected = Connected(uuid.uuid4(), uuid.uuid4())
    for name in ("gone", "there"):
        subscriptions.connect(name, connected)
        subscriptions.subscribe(name, job_id, 0)
    connections.gone.add("gone")
    log.append(job_id)
    delivery.announce(job_id)
    assert connections.numbers("there") == [1]
    assert subscriptions.followers_of(job_id) == ["there"]
    assert subscriptions.connected("gone") is None


def test_an_oversized_event_is_sent_without_its_details(
    delivery, subscriptions, connections, log, job_id
) -> None:
    log.append(job_id, done=5, total=20, questions=[{"stem": "ä" * MESSAGE_BYTES}])
    log.append(job_id, done=6, total=20, questions=[])
    subscriptions.subscribe("c", job_id, 0)
    delivery.catch_up("c", job_id)
    first, second = connections.sent("c")
    assert (first["done"], first["total"], first["truncated"]) == (5, 20, True)
    assert "questions" not in first
    assert "truncated" not in second


def test_an_announcement_without_valkey_is_no_error(log, job_id, connections) -> None:
    nowhere = Redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=0.2)
    delivery = Delivery(Subscriptions(nowhere), connections, log.read, EverySessionLives())
    delivery.announce(job_id)
    delivery.catch_up("c", job_id)
    assert connections.frames == {}


def test_one_followers_trouble_is_not_the_others(
    delivery, subscriptions, connections, log, job_id
) -> None:
    def fail_for_a(connection_id: str, _frame: dict) -> None:
        if connection_id == "a":
            raise TimeoutError

    connections.before_post = fail_for_a
    for name in ("a", "b"):
        subscriptions.subscribe(name, job_id, 0)
    log.append(job_id)
    delivery.announce(job_id)
    assert connections.numbers("b") == [1]


def test_a_connection_whose_session_has_ended_hears_nothing_more_and_is_closed(
    subscriptions, connections, log, job_id
) -> None:
    """Whoever ends a session that somebody else opened expects it to see nothing from then on."""
    ended: set[uuid.UUID] = set()

    class Sessions:
        def is_alive(self, session_id: uuid.UUID) -> bool:
            return session_id not in ended

    delivery = Delivery(subscriptions, connections, log.read, Sessions())
    connected = Connected(uuid.uuid4(), uuid.uuid4())
    subscriptions.connect("c", connected)
    subscriptions.subscribe("c", job_id, 0)
    log.append(job_id)
    delivery.announce(job_id)
    ended.add(connected.session_id)
    log.append(job_id)
    delivery.announce(job_id)
    assert connections.numbers("c") == [1]
    assert connections.closed == ["c"]
    assert subscriptions.followers_of(job_id) == []


def test_nothing_of_a_connection_stays_for_ever(
    delivery, subscriptions, log, job_id, redis
) -> None:
    subscriptions.connect("c", Connected(uuid.uuid4(), uuid.uuid4()))
    subscriptions.subscribe("c", job_id, 0)
    subscriptions.next_frame("c")
    log.append(job_id)
    delivery.announce(job_id)
    assert redis.keys("*")
    assert all(redis.ttl(key) > 0 for key in redis.keys("*"))
    subscriptions.disconnect("c")
    assert [key for key in redis.keys("*") if "wanted" not in key] == []


STEPS = st.lists(
    st.sampled_from(["append", "announce", "fail", "subscribe", "stale lock", "lapse"]),
    max_size=30,
)


@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_frames_go_up_by_one_from_each_subscribe_whatever_happens(redis, steps) -> None:
    redis.flushall()
    log, connections, job_id = FakeEventLog(), FakeConnections(), uuid.uuid4()
    subscriptions = Subscriptions(redis)
    delivery = Delivery(subscriptions, connections, log.read, EverySessionLives())
    subscriptions.subscribe("c", job_id, 0)
    failing: list[Exception] = []

    def fail(*_: object) -> None:
        if failing:
            raise failing.pop()

    connections.before_post = fail
    lock = f"delivery:{{{job_id}}}:c"
    for step in steps:
        if step == "append":
            log.append(job_id)
        elif step == "announce":
            delivery.announce(job_id)
        elif step == "fail":
            failing.append(OSError("lost"))
        elif step == "stale lock":
            redis.set(lock, "dead", px=10_000)
        elif step == "lapse":
            redis.delete(lock)
        else:
            connections.frames.clear()
            subscriptions.subscribe("c", job_id, 0)
    redis.delete(lock)
    failing.clear()
    delivery.announce(job_id)
    assert connections.numbers("c") == upto(len(log.events))

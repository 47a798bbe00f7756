"""The WebSocket from the ticket to the last frame, on real PostgreSQL and Valkey."""

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from functions.realtime.service import CHAT_MESSAGES, FRAMES, MOST_SUBSCRIPTIONS, Sockets
from functions.realtime.tickets import Tickets
from shared.database.tables.users import User
from shared.jobs.model import ChunkPlan, Claim, JobKind
from shared.jobs.store import JobStore
from shared.rate_limits import ValkeyCounter
from shared.realtime.chat_signals import ValkeyStopSignals
from shared.realtime.delivery import Delivery
from shared.realtime.sender import Sender
from shared.realtime.subscriptions import Connected
from tests.fakes.queue import FakeChatQueue


class Sessions:
    def __init__(self) -> None:
        self.ended: set[uuid.UUID] = set()

    def is_alive(self, session_id: uuid.UUID) -> bool:
        return session_id not in self.ended


class House:
    """The sockets of this stack and what stands around them."""

    def __init__(self, database, redis, connections, subscriptions) -> None:
        self.database = database
        self.sessions = Sessions()
        self.clock = 1_772_443_800_000
        self.tickets = Tickets(redis)
        self.chat_queue = FakeChatQueue()
        self.stop_signals = ValkeyStopSignals(redis)
        self.connections = connections
        self.subscriptions = subscriptions
        self.delivery = Delivery(subscriptions, connections, self._read, self.sessions)
        self.sockets = Sockets(
            tickets=self.tickets,
            sessions=self.sessions,
            subscriptions=subscriptions,
            connections=connections,
            sender=Sender(subscriptions, connections),
            delivery=self.delivery,
            open_jobs=self.open_jobs,
            chat_queue=self.chat_queue,
            stop_signals=self.stop_signals,
            counter=ValkeyCounter(redis),
        )

    def _read(self, job_id: uuid.UUID, after: int, limit: int) -> list:
        with self.open_jobs() as jobs:
            return jobs.events(job_id, after, limit)

    @contextmanager
    def open_jobs(self) -> Iterator[JobStore]:
        with self.database.transaction() as session:
            yield JobStore(session)

    def add_user(self) -> uuid.UUID:
        with self.database.transaction() as session:
            user = User(email=f"{uuid.uuid4().hex}@x.test", name="A", password_hash="-")
            session.add(user)
            session.flush()
            return user.id

    def connect(self, connection_id: str, user_id: uuid.UUID) -> Connected:
        connected = Connected(user_id, uuid.uuid4())
        assert self.sockets.connect(connection_id, self.tickets.issue(connected)) == 200
        return connected

    def say(self, connection_id: str, **frame: Any) -> list[dict[str, Any]]:
        return self.say_text(connection_id, json.dumps(frame, default=str))

    def say_text(self, connection_id: str, text: str) -> list[dict[str, Any]]:
        """Say it, and hear what came back."""
        before = len(self.connections.sent(connection_id))
        self.clock += 1
        self.sockets.receive(connection_id, text, self.clock)
        return self.connections.sent(connection_id)[before:]

    def new_job(self, user_id: uuid.UUID, chunks: int = 1) -> uuid.UUID:
        with self.open_jobs() as jobs:
            job = jobs.create(JobKind.GENERATION, user_id, chunks, timedelta(minutes=5))
            jobs.add_chunks(job.id, [ChunkPlan(n, {}) for n in range(1, chunks + 1)])
            jobs.start(job.id)
            return job.id


@pytest.fixture
def house(database, redis, connections, subscriptions) -> House:
    return House(database, redis, connections, subscriptions)


@pytest.fixture
def user_id(house: House) -> uuid.UUID:
    return house.add_user()


@pytest.fixture
def say(house: House, user_id: uuid.UUID) -> Callable[..., list[dict[str, Any]]]:
    house.connect("c", user_id)
    return lambda **frame: house.say("c", **frame)


def test_a_ticket_opens_one_connection(house, user_id) -> None:
    ticket = house.tickets.issue(Connected(user_id, uuid.uuid4()))
    assert house.sockets.connect("c", ticket) == 200
    assert house.sockets.connect("d", ticket) == 401
    connected = house.subscriptions.connected("c")
    assert connected is not None
    assert connected.user_id == user_id
    assert house.subscriptions.connected("d") is None


def test_of_many_who_use_a_ticket_at_once_one_gets_in(house, user_id) -> None:
    ticket = house.tickets.issue(Connected(user_id, uuid.uuid4()))
    barrier = threading.Barrier(8)

    def connect(number: int) -> int:
        barrier.wait()
        return house.sockets.connect(f"c{number}", ticket)

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(connect, range(8))) == [200] + [401] * 7


def test_an_expired_ticket_is_refused(house, user_id, redis) -> None:
    ticket = house.tickets.issue(Connected(user_id, uuid.uuid4()))
    (key,) = redis.keys("ticket:*")
    assert 28 <= redis.ttl(key) <= 30
    redis.pexpire(key, 1)
    time.sleep(0.01)
    assert house.sockets.connect("c", ticket) == 401


@pytest.mark.parametrize("ticket", ["", "x", "ä" * 50, "x" * 10_000, "\ud800", "a b\x00"])
def test_what_is_no_ticket_is_refused(house, ticket) -> None:
    assert house.sockets.connect("c", ticket) == 401


def test_a_ticket_of_a_session_that_ended_is_refused(house, user_id) -> None:
    connected = Connected(user_id, uuid.uuid4())
    ticket = house.tickets.issue(connected)
    house.sessions.ended.add(connected.session_id)
    assert house.sockets.connect("c", ticket) == 403


def test_valkey_never_holds_the_ticket_itself(house, user_id, redis) -> None:
    ticket = house.tickets.issue(Connected(user_id, uuid.uuid4()))
    assert len(ticket) == 43
    stored = " ".join(f"{key} {redis.get(key)}" for key in redis.keys("*"))
    assert ticket not in stored


def test_a_ping_is_answered_and_frames_without_a_job_count_per_connection(say) -> None:
    (first,), (second,) = say(action="ping"), say(action="ping")
    assert (first["type"], first["seq"], second["seq"]) == ("pong", 1, 2)
    assert first["at"].endswith("Z")


def test_a_subscription_replays_and_goes_on_live(house, say, user_id) -> None:
    job_id = house.new_job(user_id, chunks=2)
    frames = say(action="subscribe", job_id=job_id, after=0)
    assert [(frame["type"], frame["seq"]) for frame in frames] == [("job.started", 1)]
    with house.open_jobs() as jobs:
        jobs.progress(jobs.lock(job_id), 1, {"questions": []})
        jobs.complete(job_id, {"question_set_id": "x"})
    house.delivery.announce(job_id)
    assert [frame["type"] for frame in house.connections.sent("c")] == [
        "job.started",
        "job.progress",
        "job.completed",
    ]


def test_a_subscription_after_a_number_replays_only_what_follows(house, say, user_id) -> None:
    job_id = house.new_job(user_id)
    with house.open_jobs() as jobs:
        jobs.complete(job_id, {})
    assert [frame["seq"] for frame in say(action="subscribe", job_id=job_id, after=1)] == [2]
    assert [frame["seq"] for frame in say(action="subscribe", job_id=job_id)] == [1, 2]


def test_anybody_elses_job_can_not_be_followed(house, say) -> None:
    other = house.new_job(house.add_user())
    for job_id in (other, uuid.uuid4()):
        (frame,) = say(action="subscribe", job_id=job_id, after=0)
        assert (frame["type"], frame["code"]) == ("error", "job_not_found")
        assert frame["job_id"] == str(job_id)
    assert house.subscriptions.jobs_of("c") == []


def test_after_an_unsubscribe_nothing_comes(house, say, user_id) -> None:
    job_id = house.new_job(user_id)
    say(action="subscribe", job_id=job_id, after=1)
    assert say(action="unsubscribe", job_id=job_id) == []
    with house.open_jobs() as jobs:
        jobs.cancel(job_id)
    house.delivery.announce(job_id)
    assert house.connections.sent("c") == []


def test_a_ping_brings_what_a_lost_announcement_left(house, say, user_id) -> None:
    jobs_followed = [house.new_job(user_id) for _ in range(3)]
    for job_id in jobs_followed:
        say(action="subscribe", job_id=job_id, after=1)
    with house.open_jobs() as jobs:
        jobs.cancel(jobs_followed[1])
    frames = say(action="ping")
    assert [frame["type"] for frame in frames] == ["pong", "job.cancelled"]
    assert frames[1]["job_id"] == str(jobs_followed[1])


def test_events_of_many_workers_arrive_once_and_in_order_through_a_new_socket(
    house, user_id
) -> None:
    """A client's socket breaks in the middle of a job; a second one goes on from its last frame."""
    job_id = house.new_job(user_id, chunks=30)
    house.connect("first", user_id)
    house.say("first", action="subscribe", job_id=job_id, after=0)

    def work(worker: int) -> None:
        for ordinal in range(worker + 1, 31, 5):
            with house.open_jobs() as jobs:
                claim = jobs.claim(job_id, ordinal, timedelta(seconds=30))
            assert isinstance(claim, Claim)
            with house.open_jobs() as jobs:
                job = jobs.finish_chunk(claim, {})
                jobs.progress(job, job.done + 1, {})
            house.delivery.announce(job_id)
            if ordinal == 15:
                house.connections.gone.add("first")

    with ThreadPoolExecutor(6) as pool:
        working = [pool.submit(work, worker) for worker in range(5)]
        while "first" not in house.connections.gone:
            time.sleep(0.005)
        seen = house.connections.numbers("first")
        house.connect("second", user_id)
        house.say("second", action="subscribe", job_id=job_id, after=len(seen))
        for future in working:
            future.result()
    house.delivery.announce(job_id)
    frames = house.connections.numbers("first") + house.connections.numbers("second")
    assert sorted(set(frames)) == list(range(1, 32))
    assert house.connections.numbers("second") == list(range(len(seen) + 1, 32))


def test_a_chat_message_is_handed_on(house, say, user_id) -> None:
    session_id = uuid.uuid4()
    assert say(action="chat", session_id=session_id, text="Why?", message_id="m1") == []
    (request,) = house.chat_queue.requests
    assert (request.connection_id, request.user_id) == ("c", user_id)
    assert (request.session_id, request.message_id, request.text) == (session_id, "m1", "Why?")


def test_a_stop_is_seen_by_whoever_answers_that_users_message(house, say, user_id) -> None:
    assert say(action="stop", message_id="m1") == []
    before = house.clock - 1
    assert house.stop_signals.is_asked(user_id, "m1", before)
    assert not house.stop_signals.is_asked(user_id, "m2", before)
    assert not house.stop_signals.is_asked(uuid.uuid4(), "m1", before)


def test_a_stop_concerns_what_was_sent_before_it(house, say, user_id) -> None:
    """The client may count its messages anew in each conversation, or ask again what failed."""
    for session_id in (uuid.uuid4(), uuid.uuid4()):
        say(action="chat", session_id=session_id, text="Why?", message_id="1")
        say(action="stop", message_id="1")
    say(action="chat", session_id=uuid.uuid4(), text="Why?", message_id="1")
    stopped = [
        house.stop_signals.is_asked(user_id, request.message_id, request.sent_at)
        for request in house.chat_queue.requests
    ]
    assert stopped == [True, True, False]


def test_too_many_chat_messages_are_refused_and_the_socket_stays_open(house, say) -> None:
    for number in range(CHAT_MESSAGES.limit):
        say(action="chat", session_id=uuid.uuid4(), text="?", message_id=f"m{number}")
    (frame,) = say(action="chat", session_id=uuid.uuid4(), text="?", message_id="last")
    assert (frame["code"], frame["message_id"]) == ("rate_limited", "last")
    assert 0 < frame["retry_after"] <= CHAT_MESSAGES.window
    assert say(action="ping")[0]["type"] == "pong"
    assert len(house.chat_queue.requests) == CHAT_MESSAGES.limit


def test_too_many_frames_are_refused(say) -> None:
    for _ in range(FRAMES.limit):
        assert say(action="ping")[0]["type"] == "pong"
    assert say(action="ping")[0]["code"] == "rate_limited"


def test_a_connection_follows_only_so_many_jobs(house, say, user_id) -> None:
    for _ in range(MOST_SUBSCRIPTIONS):
        house.subscriptions.subscribe("c", uuid.uuid4(), 0)
    job_id = house.new_job(user_id)
    (frame,) = say(action="subscribe", job_id=job_id, after=0)
    assert frame["code"] == "too_many_subscriptions"


def test_a_wrong_frame_is_named_and_the_socket_stays_open(house, say) -> None:
    (frame,) = house.say_text("c", "{")
    assert (frame["type"], frame["code"]) == ("error", "invalid_json")
    assert frame["message"]
    assert say(action="ping")[0]["type"] == "pong"
    assert house.connections.closed == []


def test_a_connection_whose_session_ended_is_closed(house, user_id) -> None:
    connected = house.connect("c", user_id)
    house.sessions.ended.add(connected.session_id)
    (frame,) = house.say("c", action="ping")
    assert frame["code"] == "session_ended"
    assert house.connections.closed == ["c"]
    assert house.subscriptions.connected("c") is None


def test_a_connection_that_a_lost_cache_forgot_has_to_come_anew(house, say, redis) -> None:
    redis.flushall()
    assert say(action="ping")[0]["code"] == "session_ended"
    assert house.connections.closed == ["c"]


def test_a_client_that_left_before_its_answer_is_forgotten(house, say, user_id) -> None:
    house.connections.gone.add("c")
    assert say(action="ping") == []
    assert house.subscriptions.connected("c") is None


def test_a_disconnect_forgets_all(house, say, user_id, redis) -> None:
    job_id = house.new_job(user_id)
    say(action="subscribe", job_id=job_id, after=1)
    house.sockets.disconnect("c")
    assert house.subscriptions.followers_of(job_id) == []
    assert house.subscriptions.connected("c") is None

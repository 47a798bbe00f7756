"""One prompt, many fates: which failures are tried again, where, and what the caller hears."""

import asyncio
import time
import uuid
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from shared.ai import (
    BudgetExceeded,
    Lane,
    ModelRequest,
    ModelSaturated,
    ModelUnavailable,
    NoKeysConfigured,
    ReplyBlocked,
    ReplyInvalid,
    ReplyTruncated,
    RequestRefused,
    StreamEnd,
    TextDelta,
    Usage,
)
from shared.ai import error_table as table
from shared.ai.client import Call, CallFailed, RawReply
from shared.ai.dispatch import Dispatcher, Policy
from shared.ai.error_table import Effect, Failure, Next
from shared.ai.ledger import FinishedCall
from shared.ai.pool import Ask, Decision, Lease, Outcome, Refusal, Wait
from shared.ai.pooled_model import PooledLanguageModel

DEAD = Failure("key_invalid", Effect.KILL_KEY, Next.OTHER_KEY, 400)
BUSY = Failure("minute_quota", Effect.COOL, Next.OTHER_KEY, 429, "requests", 20, 3.0)
REFUSED = Failure("request_refused", Effect.NEUTRAL, Next.GIVE_UP, 400)
INTERNAL = Failure("internal", Effect.FAIL_MODEL, Next.ONCE_MORE, 500)


class Quiz(BaseModel):
    title: str


class FakePool:
    """Hands out what a test wrote down, or keys in turn."""

    def __init__(self, *decisions: Decision, keys: tuple[str, ...] = ("a", "b", "c")) -> None:
        self.decisions = deque(decisions)
        self.keys = keys
        self.asks: list[Ask] = []
        self.settled: list[tuple[str, Outcome]] = []
        self.released: list[str] = []
        self.hedges: deque[Decision] = deque()
        self.patience: float | None = None

    async def acquire(self, ask: Ask) -> Decision:
        self.asks.append(ask)
        if ask.is_hedge:
            return self.hedges.popleft() if self.hedges else Refusal("refused")
        if self.decisions:
            return self.decisions.popleft()
        alias = next((key for key in self.keys if key not in ask.exclude), None)
        if alias is None:
            return Refusal("no_keys")
        return Lease(uuid.uuid4().hex, ask.model, alias, f"of-{alias}", self.patience)

    async def settle(self, lease: Lease, outcome: Outcome) -> None:
        self.settled.append((lease.alias, outcome))

    async def release(self, claim: str, model: str) -> None:
        self.released.append(claim)


class FakeCaller:
    """Answers with texts or failures, in order; a number is a time to sleep before."""

    def __init__(self, *answers: Any) -> None:
        self.answers = deque(answers)
        self.calls: list[Call] = []

    async def prepare(self) -> None: ...

    async def generate(self, call: Call) -> RawReply:
        self.calls.append(call)
        call.on_sending()
        call.on_sent()
        answer = self.answers.popleft()
        if isinstance(answer, tuple):
            await asyncio.sleep(answer[0])
            answer = answer[1]
        if isinstance(answer, Failure):
            raise CallFailed(answer, "failed", text="part", reason="SAFETY")
        return RawReply(answer, Usage(10, 5))

    async def stream(self, call: Call) -> AsyncGenerator[str | RawReply]:
        self.calls.append(call)
        for answer in self.answers.popleft():
            if isinstance(answer, Failure):
                raise CallFailed(answer, "failed")
            yield answer
        yield RawReply("whole", Usage(10, 5))


class FakeKeys:
    def __init__(self, empty: bool = False) -> None:
        self.empty = empty

    def value_of(self, alias: str) -> SecretStr:
        return SecretStr(f"secret {alias}")

    def has_any(self) -> bool:
        return not self.empty

    async def refresh(self) -> bool:
        return False


class FakeLedger:
    def __init__(self) -> None:
        self.calls: list[FinishedCall] = []

    def record(self, calls: Sequence[FinishedCall]) -> None:
        self.calls.extend(calls)

    def spent_today(self, user_id: uuid.UUID) -> int:
        return 0


def request(seconds: float = 30.0, kind: Any = None) -> ModelRequest[Any]:
    return ModelRequest(
        lane=Lane.GENERATION,
        purpose="generate",
        system_instruction="be brief",
        parts=("do it",),
        max_output_tokens=100,
        temperature=0.0,
        deadline=datetime.now(UTC) + timedelta(seconds=seconds),
        response_type=kind,
        job_id=uuid.uuid4(),
    )


def model_of(pool: FakePool, caller: FakeCaller, **policy: Any) -> PooledLanguageModel:
    settings = {"model": "main", "waits": dict.fromkeys(Lane, 5.0)} | policy
    return PooledLanguageModel(Dispatcher(pool, caller, FakeKeys(), Policy(**settings)))


async def test_a_good_answer_is_booked_once():
    pool, ledger = FakePool(), FakeLedger()
    dispatcher = Dispatcher(
        pool, FakeCaller("hello"), FakeKeys(), Policy(model="main"), ledger=ledger
    )
    reply = await PooledLanguageModel(dispatcher).generate(request())
    assert (reply.text, reply.key_alias, reply.attempts) == ("hello", "a", 1)
    assert [outcome.effect for _, outcome in pool.settled] == [Effect.SUCCESS]
    assert [call.error_code for call in ledger.calls] == [None]
    assert ledger.calls[0].cost_micro_usd > 0


async def test_dead_and_busy_keys_are_passed_over_at_once():
    pool = FakePool()
    reply = await model_of(pool, FakeCaller(DEAD, BUSY, "hello")).generate(request())
    assert (reply.key_alias, reply.attempts) == ("c", 3)
    assert [alias for alias, _ in pool.settled] == ["a", "b", "c"]


async def test_when_every_key_is_dead_the_model_is_unavailable():
    with pytest.raises(ModelUnavailable):
        await model_of(FakePool(), FakeCaller(DEAD, DEAD, DEAD)).generate(request())


async def test_a_bad_request_is_never_repeated():
    caller = FakeCaller(REFUSED)
    with pytest.raises(RequestRefused):
        await model_of(FakePool(), caller).generate(request())
    assert len(caller.calls) == 1


async def test_an_internal_error_is_tried_once_more():
    caller = FakeCaller(INTERNAL, INTERNAL, "never")
    with pytest.raises(ModelUnavailable):
        await model_of(FakePool(), caller).generate(request())
    assert len(caller.calls) == 2


@pytest.mark.parametrize(
    ("failure", "error"),
    [(table.TRUNCATED, ReplyTruncated), (table.BLOCKED, ReplyBlocked)],
)
async def test_what_the_model_made_of_it_is_the_requests_fate(failure, error):
    pool = FakePool()
    with pytest.raises(error):
        await model_of(pool, FakeCaller(failure)).generate(request())
    assert pool.settled[0][1].effect is Effect.ANSWERED


async def test_a_saturated_pool_says_until_when():
    pool = FakePool(Refusal("saturated", 12.0, "minute_quota"))
    with pytest.raises(ModelSaturated) as caught:
        await model_of(pool, FakeCaller()).generate(request())
    left = (caught.value.until - datetime.now(UTC)).total_seconds()
    assert 11 < left <= 12


async def test_a_short_wait_is_slept_once_and_then_claimed():
    pool = FakePool(Wait("place", 0.05, "minute_quota"))
    await model_of(pool, FakeCaller("hello")).generate(request())
    assert [ask.claim for ask in pool.asks] == [None, "place"]


async def test_a_cancelled_wait_gives_its_place_up():
    pool = FakePool(Wait("place", 30.0, "minute_quota"))
    task = asyncio.ensure_future(model_of(pool, FakeCaller()).generate(request()))
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert pool.released == ["place"]


async def test_a_cancelled_call_gives_its_lease_back():
    pool = FakePool()
    task = asyncio.ensure_future(model_of(pool, FakeCaller((30, "late"))).generate(request()))
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [outcome.failure for _, outcome in pool.settled] == [table.CANCELLED]


async def test_the_fallback_model_comes_last():
    pool = FakePool(Refusal("unavailable", 9.0, "outage"))
    reply = await model_of(pool, FakeCaller("hello"), fallback_model="other").generate(request())
    assert reply.model == "other"
    assert [ask.model for ask in pool.asks] == ["main", "other"]


async def test_the_first_models_reason_is_told_when_the_fallback_fails_too():
    pool = FakePool(Refusal("saturated", 9.0), Refusal("unavailable", 5.0))
    with pytest.raises(ModelSaturated):
        await model_of(pool, FakeCaller(), fallback_model="other").generate(request())


async def test_no_call_begins_after_the_deadline():
    caller = FakeCaller("never")
    with pytest.raises(ModelUnavailable):
        await model_of(FakePool(), caller).generate(request(seconds=0.5))
    assert not caller.calls


async def test_a_spent_budget_and_missing_keys_are_said_before_any_call():
    with pytest.raises(BudgetExceeded):
        await model_of(FakePool(Refusal("budget")), FakeCaller()).generate(request())
    dispatcher = Dispatcher(
        FakePool(Refusal("no_keys")), FakeCaller(), FakeKeys(empty=True), Policy(model="main")
    )
    with pytest.raises(NoKeysConfigured):
        await PooledLanguageModel(dispatcher).generate(request())


async def test_a_straggler_is_overtaken_by_its_hedge():
    pool = FakePool()
    pool.patience = 0.02
    pool.hedges.append(Lease("hedge", "main", "b", "of-b"))
    caller = FakeCaller((30, "slow"), "fast")
    began = time.monotonic()
    reply = await model_of(pool, caller).generate(request())
    assert (reply.text, reply.key_alias) == ("fast", "b")
    assert time.monotonic() - began < 5
    effects = {alias: outcome.failure for alias, outcome in pool.settled}
    assert effects == {"a": table.CANCELLED, "b": None}


async def test_no_hedge_where_the_pool_refuses_one():
    pool = FakePool()
    pool.patience = 0.02
    reply = await model_of(pool, FakeCaller((0.1, "slow"))).generate(request())
    assert reply.text == "slow"


async def test_an_invalid_reply_is_repaired_once_with_its_errors():
    caller = FakeCaller('{"name": 1}', '{"title": "t"}')
    reply = await model_of(FakePool(), caller).generate(request(kind=Quiz))
    assert reply.value == Quiz(title="t")
    assert reply.attempts == 2
    assert reply.usage.prompt_tokens == 20
    assert "title" in caller.calls[1].prompt.afterwards[1].text


async def test_a_reply_that_stays_invalid_is_given_up_with_its_errors():
    caller = FakeCaller("no", "no")
    with pytest.raises(ReplyInvalid) as caught:
        await model_of(FakePool(), caller).generate(request(kind=Quiz))
    assert caught.value.errors


async def test_a_stream_gives_pieces_and_then_the_whole():
    caller = FakeCaller(["hel", "lo"])
    items = [item async for item in model_of(FakePool(), caller).stream(request())]
    assert items[:2] == [TextDelta("hel"), TextDelta("lo")]
    assert isinstance(items[2], StreamEnd)
    assert items[2].reply.text == "whole"


async def test_a_stream_fails_over_only_before_its_first_piece():
    caller = FakeCaller([DEAD], ["hello"])
    items = [item async for item in model_of(FakePool(), caller).stream(request())]
    assert items[0] == TextDelta("hello")
    broken = FakeCaller(["hel", table.CUT_STREAM], ["again"])
    with pytest.raises(ModelUnavailable):
        async for _ in model_of(FakePool(), broken).stream(request()):
            pass
    assert len(broken.calls) == 1

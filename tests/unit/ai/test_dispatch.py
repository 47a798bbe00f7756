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
    ModelOutage,
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
from shared.ai.dispatch import Dispatcher, Order, Policy
from shared.ai.error_table import Effect, Failure, Next
from shared.ai.ledger import FinishedCall
from shared.ai.pool import Ask, Decision, Lease, Outcome, Refusal, Wait
from shared.ai.pooled_model import PooledLanguageModel, _order

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
        self.hedge_seconds = 0.0
        self.slow_from = 1000

    async def acquire(self, ask: Ask) -> Decision:
        self.asks.append(ask)
        if len(self.asks) >= self.slow_from:
            await asyncio.sleep(30)
        if ask.is_hedge:
            await asyncio.sleep(self.hedge_seconds)
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
        call.on_sending()
        call.on_sent()
        for answer in self.answers.popleft():
            if isinstance(answer, Failure):
                raise CallFailed(answer, "failed")
            if isinstance(answer, Usage):
                call.on_usage(answer)
                continue
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


async def test_where_no_key_works_it_is_looked_again_within_ten_seconds():
    """An operator may add a key at any time."""
    with pytest.raises(ModelOutage) as caught:
        await model_of(FakePool(Refusal("no_keys", 60.0)), FakeCaller()).generate(request())
    assert (caught.value.reason, caught.value.retry_after < 10) == ("no_working_key", True)


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


async def drain(items: AsyncGenerator[Any]) -> list[Any]:
    return [item async for item in items]


@pytest.mark.parametrize("streamed", [False, True])
async def test_all_waits_of_a_request_together_are_within_what_is_allowed(streamed):
    wait, lease = Wait("place", 0.1, "minute_quota"), Lease("l", "main", "a", "of-a")
    pool = FakePool(wait, lease, wait, lease, Refusal("saturated", 9.0, "minute_quota"))
    answers = [[BUSY], [BUSY]] if streamed else [BUSY, BUSY]
    model = model_of(pool, FakeCaller(*answers), waits={Lane.GENERATION: 0.25})
    with pytest.raises(ModelSaturated):
        await (drain(model.stream(request())) if streamed else model.generate(request()))
    first, third, fifth = (pool.asks[number].max_wait_seconds for number in (0, 2, 4))
    assert (first, third, fifth) == pytest.approx((0.25, 0.15, 0.05), abs=0.01)


async def test_the_fallback_model_and_a_repair_wait_no_longer_than_is_left():
    pool = FakePool(
        Wait("place", 0.1, "minute_quota"),
        Refusal("saturated", 9.0, "minute_quota"),
        Lease("l", "other", "a", "of-a"),
        Lease("m", "main", "a", "of-a"),
    )
    caller = FakeCaller("no quiz", '{"title": "t"}')
    model = model_of(pool, caller, waits={Lane.GENERATION: 0.25}, fallback_model="other")
    await model.generate(request(kind=Quiz))
    left = [ask.max_wait_seconds for ask in pool.asks]
    assert left[2:] == pytest.approx([0.15, 0.15], abs=0.01)


async def test_a_key_that_keeps_refusing_is_left_alone_after_three_times():
    leases = [Lease(f"l{number}", "main", "a", "of-a") for number in range(20)]
    caller = FakeCaller(*[BUSY] * 20)
    with pytest.raises(ModelSaturated) as caught:
        await model_of(FakePool(*leases), caller).generate(request())
    assert len(caller.calls) == 3
    assert caught.value.reason == "minute_quota"
    assert 2 < (caught.value.until - datetime.now(UTC)).total_seconds() <= 3


async def test_a_quota_that_ends_a_stream_in_its_middle_is_no_reason_to_wait():
    caller = FakeCaller(["hel", BUSY])
    with pytest.raises(ModelUnavailable):
        await drain(model_of(FakePool(), caller).stream(request()))


@pytest.mark.parametrize(
    ("seconds", "meaning"), [(3.0, table.OUT_OF_TIME), (45.0, table.TIMED_OUT)]
)
async def test_a_deadline_of_our_own_that_is_near_blames_nobody(seconds, meaning):
    caller = FakeCaller("hello")
    await model_of(FakePool(), caller).generate(request(seconds=seconds))
    assert caller.calls[0].timed_out is meaning


async def test_of_two_models_without_quota_the_one_that_is_free_sooner_is_waited_for():
    pool = FakePool(Refusal("saturated", 20.0, "day_quota"), Refusal("saturated", 9.0))
    model = model_of(pool, FakeCaller(), fallback_model="other")
    with pytest.raises(ModelSaturated) as caught:
        await model.generate(request())
    assert (caught.value.until - datetime.now(UTC)).total_seconds() <= 9


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_fallback_model_that_is_back_before_the_deadline_is_waited_for(streamed):
    pool = FakePool(Refusal("saturated", 9_000.0, "day_quota"), Refusal("unavailable", 5.0))
    model = model_of(pool, FakeCaller(), fallback_model="other")
    with pytest.raises(ModelUnavailable):
        await (drain(model.stream(request())) if streamed else model.generate(request()))


async def test_a_stream_that_is_left_is_booked_for_what_it_cost_so_far():
    pool, ledger = FakePool(), FakeLedger()
    caller = FakeCaller([Usage(10, 3), "hel", "lo"])
    dispatcher = Dispatcher(pool, caller, FakeKeys(), Policy(model="main"), ledger=ledger)
    items = dispatcher.stream(order())
    assert await anext(items) == "hel"
    await items.aclose()
    assert [(call.error_code, call.usage) for call in ledger.calls] == [("cancelled", Usage(10, 3))]
    assert ledger.calls[0].cost_micro_usd > 0


def order() -> Order:
    return _order(request())


@pytest.mark.parametrize(
    ("failure", "prompt_tokens"), [(table.TIMED_OUT, True), (INTERNAL, False), (BUSY, False)]
)
async def test_what_was_sent_and_never_answered_is_booked_as_estimated(failure, prompt_tokens):
    ledger, sent = FakeLedger(), order()
    dispatcher = Dispatcher(
        FakePool(), FakeCaller(failure, "hello"), FakeKeys(), Policy(model="main"), ledger=ledger
    )
    await dispatcher.answer(sent)
    expected = sent.prompt.estimated_tokens if prompt_tokens else 0
    assert ledger.calls[0].usage == Usage(prompt_tokens=expected)


async def test_both_keys_that_failed_a_hedged_call_are_passed_over():
    pool = FakePool()
    pool.patience = 0.02
    pool.hedges.append(Lease("hedge", "main", "b", "of-b"))
    caller = FakeCaller((0.1, BUSY), DEAD, "hello")
    reply = await model_of(pool, caller).generate(request())
    assert reply.key_alias == "c"
    assert pool.asks[-1].exclude == {"a", "b"}


async def test_a_requests_own_fate_is_not_hidden_by_its_hedge():
    pool = FakePool()
    pool.patience = 0.02
    pool.hedges.append(Lease("hedge", "main", "b", "of-b"))
    caller = FakeCaller((0.05, REFUSED), (0.1, DEAD))
    with pytest.raises(RequestRefused):
        await model_of(pool, caller).generate(request())
    assert len(caller.calls) == 2


async def test_a_hedge_that_comes_too_late_is_given_back_unused():
    pool = FakePool()
    pool.patience = 0.02
    pool.hedges.append(Lease("hedge", "main", "b", "of-b"))
    pool.hedge_seconds = 0.1
    caller = FakeCaller((0.05, "first"), "never")
    reply = await model_of(pool, caller).generate(request())
    assert reply.text == "first"
    assert len(caller.calls) == 1
    assert pool.released == ["hedge"]


async def test_a_place_is_given_up_where_the_next_decision_is_cancelled():
    pool = FakePool(Wait("place", 0.01, "minute_quota"), Wait("never told", 30.0, ""))
    pool.slow_from = 2
    task = asyncio.ensure_future(model_of(pool, FakeCaller()).generate(request()))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert pool.released == ["place"]

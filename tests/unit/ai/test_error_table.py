"""What each answer of Google's means, by the bodies that are known."""

import pytest

from scripts.gemini_emulator.fault_errors import BY_NAME, ErrorContext
from scripts.gemini_emulator.keys import ApiKey
from shared.ai.error_table import REFUSALS, TABLE, Effect, Next, classify
from shared.ai.provider_error import parse_error

MINUTE = "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"
DAY = "GenerateRequestsPerDayPerProjectPerModel-FreeTier"
TOKENS = "GenerateContentInputTokensPerModelPerMinute-FreeTier"


def body(*quota_ids: str, delay: str | None = "22s", message: str = "", value: str = "20"):
    details = [
        {
            "@type": "type.googleapis.com/google.rpc.QuotaFailure",
            "violations": [
                {"quotaId": quota_id, "quotaMetric": "m", "quotaValue": value}
                for quota_id in quota_ids
            ],
        }
    ]
    if delay:
        details.append({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay})
    return {
        "error": {
            "code": 429,
            "status": "RESOURCE_EXHAUSTED",
            "message": message,
            "details": details,
        }
    }


def violations(*named: tuple[str, object]):
    """A body whose violations name a limit each."""
    answer = body(*(quota_id for quota_id, _ in named))
    told = answer["error"]["details"][0]["violations"]
    for violation, (_, value) in zip(told, named, strict=True):
        violation["quotaValue"] = value
    return answer


def classified(status: int, answer: object):
    return classify(parse_error(status, answer))


def test_a_spent_day_outranks_its_small_retry_delay():
    failure = classified(429, body(MINUTE, DAY, delay="5s"))
    assert failure.effect is Effect.PARK_DAY
    assert failure.cool_seconds is None


def test_the_message_is_more_exact_than_the_retry_delay():
    failure = classified(429, body(MINUTE, delay="53s", message="Please retry in 53.016342224s."))
    assert failure.effect is Effect.COOL
    assert failure.cool_seconds == pytest.approx(53.016342224)


def test_a_bare_retry_delay_gets_the_second_that_was_cut_off():
    assert classified(429, body(MINUTE, delay="53s")).cool_seconds == 54.0


def test_a_delay_in_milliseconds_is_understood():
    failure = classified(429, body(MINUTE, message="Please retry in 640.5ms."))
    assert failure.cool_seconds == pytest.approx(0.6405)


def test_a_minute_without_any_delay_cools_for_a_minute():
    assert classified(429, body(MINUTE, delay=None)).cool_seconds == 60


def test_the_named_limit_is_learnt():
    assert classified(429, body(MINUTE, value="15")).limit == 15


def test_tokens_are_told_from_requests():
    assert classified(429, body(TOKENS)).dimension == "tokens"
    assert classified(429, body(MINUTE)).dimension == "requests"


def test_a_limit_of_zero_disables_the_project_for_this_model():
    answer = body(MINUTE, message="Quota exceeded for metric: x, limit: 0, model: y", value="")
    assert classified(429, answer).effect is Effect.DISABLE_BUCKET


def test_a_delay_of_more_than_five_minutes_is_no_minutes_quota():
    failure = classified(429, body("SomethingElse", delay="4000s"))
    assert failure.effect is Effect.PARK_PROJECT
    assert failure.cool_seconds == 4001


def test_a_429_without_details_never_kills_a_key():
    answer = {"error": {"message": "Resource has been exhausted (e.g. check quota)."}}
    failure = classified(429, answer)
    assert failure.effect is Effect.COOL
    assert failure.cool_seconds is None


@pytest.mark.parametrize("answer", [None, "oops", [], {"error": "x"}, {"error": {"details": 7}}])
def test_an_answer_of_any_shape_is_classified(answer):
    for status in (400, 401, 403, 404, 413, 418, 429, 499, 500, 503, 529):
        assert classified(status, answer).kind


def test_a_bad_request_blames_no_key():
    for status in (400, 404, 413):
        failure = classified(status, {"error": {"message": "Invalid argument"}})
        assert failure.effect is Effect.NEUTRAL
        assert failure.then is Next.GIVE_UP


def test_the_limit_of_tokens_is_not_taken_from_a_violation_of_requests():
    failure = classified(429, violations((MINUTE, "10"), (TOKENS, "250000")))
    assert (failure.dimension, failure.limit) == ("tokens", 250_000)


def test_a_days_limit_of_tokens_is_no_limit_of_requests():
    tokens_a_day = "GenerateContentInputTokensPerModelPerDay-FreeTier"
    failure = classified(429, violations((tokens_a_day, "1000000")))
    assert (failure.effect, failure.limit) == (Effect.PARK_DAY, None)
    both = violations((tokens_a_day, "1000000"), (DAY, "20"))
    assert classified(429, both).limit == 20


@pytest.mark.parametrize("value", ["²", "9" * 5000, "-3", "many", None, [], 10.5, True])
def test_a_limit_that_is_no_number_is_not_learnt(value):
    failure = classified(429, violations((MINUTE, value)))
    assert (failure.kind, failure.limit) == ("minute_quota", None)


def test_a_limit_of_zero_is_known_by_the_message_alone():
    message = "You exceeded your current quota. * Quota exceeded for metric: x, limit: 0"
    bare = {"error": {"code": 429, "message": message}}
    assert classified(429, bare).effect is Effect.DISABLE_BUCKET


def test_of_several_limits_in_a_message_each_metric_has_its_own():
    message = (
        "* Quota exceeded for metric: a/day, limit: 20 * Quota exceeded for metric: a, limit: 0"
    )
    answer = violations((DAY, None), (MINUTE, None))
    answer["error"]["message"] = message
    named = answer["error"]["details"][0]["violations"]
    named[0]["quotaMetric"], named[1]["quotaMetric"] = "a/day", "a"
    assert [one.limit for one in parse_error(429, answer).violations] == [20, 0]
    assert classified(429, answer).effect is Effect.DISABLE_BUCKET


def test_a_limit_may_be_a_number_itself():
    assert classified(429, violations((MINUTE, 15))).limit == 15


@pytest.mark.parametrize(
    ("message", "delay"),
    [("", "432000s"), (f"retry in {'9' * 400}s", None), ("", f"{'9' * 30}s")],
)
def test_no_delay_parks_a_project_for_longer_than_a_day(message, delay):
    failure = classified(429, body("SomethingElse", delay=delay, message=message))
    assert failure.effect is Effect.PARK_PROJECT
    assert failure.cool_seconds == 24 * 3600


@pytest.mark.parametrize("delay", ["-5s", "soon", "1e3s", "", "5"])
def test_a_delay_that_is_none_is_not_obeyed(delay):
    assert classified(429, body(MINUTE, delay=delay)).cool_seconds == 60


@pytest.mark.parametrize("status", [204, 302, 401, 403, 407, 408])
def test_a_page_that_is_not_googles_blames_no_key(status):
    page = {"message": "<html>Forbidden</html>", "status": "Forbidden"}
    failure = classified(status, page)
    assert (failure.effect, failure.then) == (Effect.FAIL_MODEL, Next.BACK_OFF)


def test_googles_own_timeout_of_a_request_is_tried_again():
    answer = {"error": {"code": 408, "message": "Request timeout"}}
    assert classified(408, answer).then is Next.BACK_OFF


EXPECTED = {
    "api_key_invalid": Effect.KILL_KEY,
    "api_key_expired": Effect.KILL_KEY,
    "api_key_not_found": Effect.KILL_KEY,
    "unauthenticated": Effect.KILL_KEY,
    "suspended": Effect.KILL_KEY,
    "leaked": Effect.KILL_KEY,
    "service_disabled": Effect.DISABLE_PROJECT,
    "service_blocked": Effect.KILL_KEY,
    "region": Effect.DISABLE_PROJECT,
    "billing": Effect.DISABLE_PROJECT,
    "invalid_argument": Effect.NEUTRAL,
    "not_found": Effect.NEUTRAL,
    "too_large": Effect.NEUTRAL,
    "per_minute": Effect.COOL,
    "input_tokens": Effect.COOL,
    "per_day": Effect.PARK_DAY,
    "limit_zero": Effect.DISABLE_BUCKET,
    "exhausted": Effect.COOL,
    "prepayment": Effect.DISABLE_PROJECT,
    "spend": Effect.PARK_PROJECT,
    "internal": Effect.FAIL_MODEL,
    "bad_gateway": Effect.FAIL_MODEL,
    "unavailable": Effect.FAIL_MODEL,
    "high_demand": Effect.FAIL_MODEL,
    "deadline": Effect.FAIL_MODEL,
}


@pytest.mark.parametrize("name", EXPECTED)
def test_googles_own_bodies_have_their_effect(name):
    context = ErrorContext(ApiKey("a", "AIzaSyTest", "p"), "gemini-2.5-flash", {})
    error = BY_NAME[name](context)
    failure = classified(error.code, error.body)
    assert failure.effect is EXPECTED[name]
    assert (failure.kind in REFUSALS) == (error.code == 429)


def test_every_row_can_be_reached_by_its_kind():
    assert len({(row.kind, row.effect) for row in TABLE}) >= len({row.kind for row in TABLE})

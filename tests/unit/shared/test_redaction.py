"""No key leaves the process: by shape, by name, and, where it is known, whatever it looks like."""

import json
import logging
import uuid
from io import StringIO

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from starlette.requests import Request

from shared import redaction
from shared.ai.client import CallFailed
from shared.ai.error_table import classify
from shared.ai.errors import ModelUnavailable, RequestRefused
from shared.ai.keyring import KeyRing
from shared.ai.keys import VALUE, ApiKey
from shared.ai.provider_error import parse_error
from shared.errors import FieldError
from shared.observability import get_logger
from shared.redaction import redact, redact_keys
from shared.web.problems import problem

CLASSIC = "AIzaSyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q"
BOUND = "AQ.Ab8RN6K_abc-DEFghiJKLmnoPQRstuVWXyz0123456789"
UNKNOWN = "Some-key.of~a/shape+nobody=knows"

# As people and programs write a key down.
WRITTEN = [
    "api_key={}",
    "apikey: {}",
    "api-key = {}",
    '"api_key": "{}"',
    "'api_key': '{}'",
    '{{"error": "{{\\"api_key\\": \\"{}\\"}}"}}',
    '\\\\"api_key\\\\": \\\\"{}\\\\"',
    "GEMINI_API_KEY_1={}",
    "GOOGLE_API_KEY={}",
    "x-goog-api-key: {}",
    "X-Goog-Api-Key:{}",
    "{{'x-goog-api-key': '{}'}}",
    "b'x-goog-api-key', b'{}'",
    "https://host/v1beta/models?key={}",
    "https://host/v1beta/models?alt=sse&key={}&x=1",
    "Consumer 'api_key:{}' has been suspended.",
    "Authorization: Bearer {}",
    '"authorization": "Bearer {}"',
]
KEYS = st.text(alphabet="ABCXYZabcxyz0123456789._~+/=-", min_size=8, max_size=60).filter(
    lambda value: value.strip("._~+/=-") != ""
)


@pytest.mark.parametrize("key", [CLASSIC, BOUND], ids=["classic", "bound"])
@pytest.mark.parametrize("written", [*WRITTEN, "{}", "key {} is dead", "({})", "<{}>"])
def test_a_key_of_google_is_hidden_wherever_it_stands(written: str, key: str) -> None:
    for hidden in (redact(written.format(key)), redact_keys(written.format(key))):
        assert key not in hidden
        assert key[6:] not in hidden


@pytest.mark.parametrize("written", [one for one in WRITTEN if "b'x-goog" not in one])
def test_a_key_of_any_shape_is_hidden_after_its_name(written: str) -> None:
    assert UNKNOWN not in redact(written.format(UNKNOWN))
    assert UNKNOWN not in redact_keys(written.format(UNKNOWN))


@pytest.mark.parametrize(
    ("told", "secret"),
    [
        ('"password": "hunter2"', "hunter2"),
        ("jwt_secret=0123456789", "0123456789"),
        ("encryption_key: abc", "abc"),
        ('\\"refresh_token\\": \\"xyz\\"', "xyz"),
        ("wss://host/live?ticket=one-use", "one-use"),
        ("postgresql+psycopg://app:pass@host/db", "pass@"),
        ("rediss://:pass@host:6379/0", "pass@"),
        ("Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln", "eyJ"),
        ("token ya29.a0AfH6SMBx_abcdefghij", "ya29"),
    ],
)
def test_other_secrets_are_hidden_in_logs(told: str, secret: str) -> None:
    assert secret not in redact(told)


@pytest.mark.parametrize(
    "told",
    [
        "password: String should have at least 12 characters",
        "refresh_token: Field required",
        "api_key: Extra inputs are not permitted",
        "The key pool is at /api/admin/keys, each key by its alias.",
        "API key not valid. Please pass a valid API key.",
    ],
)
def test_what_callers_are_told_of_fields_stays_readable(told: str) -> None:
    assert redact_keys(told) == told


def test_hiding_takes_time_in_proportion_to_the_text() -> None:
    """A run of letters once more for each of its letters would take minutes."""
    for text in ("a" * 1_000_000, "secret" * 100_000, '\\"' * 300_000, "api_key " * 100_000):
        assert redact(text) == text


@pytest.fixture(autouse=True)
def nothing_known_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """What these tests have hidden would be hidden in the tests after them as well."""
    monkeypatch.setattr(redaction, "_known", redaction._KnownValues())


class _Leaks:
    """Every way out, with one key in it."""

    def __init__(self, key: str) -> None:
        self.key = key
        KeyRing([ApiKey("alias", SecretStr(key), "p")], {})

    def by_error(self) -> str:
        body = {"error": {"status": "PERMISSION_DENIED", "message": f"Consumer {self.key} is out"}}
        failed = CallFailed(classify(parse_error(403, body)), f"HTTP 403: Consumer {self.key}")
        told = [failed, ModelUnavailable(str(failed), retry_after=1), RequestRefused(str(failed))]
        return "".join(map(str, told)) + repr(told)

    def by_problem(self) -> str:
        scope = {"type": "http", "path": f"/api/{self.key}", "headers": [], "query_string": b""}
        errors = [FieldError("field", f"{self.key} is wrong")]
        answer = problem(Request(scope), 400, "Bad", "bad", f"no {self.key}", errors=errors)
        assert json.loads(bytes(answer.body))["status"] == 400
        return bytes(answer.body).decode()

    def by_log(self) -> None:
        logger = get_logger()
        logger.warning("with %s in it", self.key, extra={"found": {"deep": [self.key]}})
        try:
            {}[self.key]
        except KeyError:
            logger.exception("failed")
        logging.getLogger("a.library").warning("with %s in it", self.key)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(KEYS)
@example(UNKNOWN)
@example("12345678")
def test_a_configured_key_of_any_value_never_leaves(key: str) -> None:
    assert VALUE.fullmatch(key)
    leaks = _Leaks(key)
    for told in (leaks.by_error(), leaks.by_problem()):
        assert key not in told
    for way in ("{}", "?k={}", "/{}/", "x{}x", '{{"a": "{}"}}', "%22{}%22"):
        assert key not in redact(way.format(key))


@pytest.mark.parametrize("key", [CLASSIC, BOUND, UNKNOWN, "plainword"])
def test_a_configured_key_is_in_no_log_line_of_ours_or_of_a_library(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = StringIO()
    monkeypatch.setattr("sys.stdout", output)
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", uuid.uuid4().hex)
    monkeypatch.setattr(logging.getLogger(), "handlers", [logging.StreamHandler(output)])
    get_logger.cache_clear()
    try:
        _Leaks(key).by_log()
    finally:
        get_logger.cache_clear()
    ours, failure, of_a_library = output.getvalue().splitlines()
    assert "in it" in ours
    assert "KeyError" in failure
    assert "in it" in of_a_library
    assert key not in ours + failure + of_a_library

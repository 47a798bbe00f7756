"""The errors a fault can make Google answer with, by name, each in Google's words."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scripts.gemini_emulator.api_errors import (
    SERVICE,
    STATUS_NAMES,
    ApiError,
    bearer_token_refused,
    error_info,
    key_missing,
    key_not_valid,
    localized,
)
from scripts.gemini_emulator.keys import ApiKey
from scripts.gemini_emulator.quota_errors import quota_exceeded
from scripts.gemini_emulator.quotas import Dimension, Violation


@dataclass(frozen=True, slots=True)
class ErrorContext:
    key: ApiKey
    model: str
    parameters: dict[str, Any]

    @property
    def project_number(self) -> str:
        return str(100_000_000_000 + sum(map(ord, self.key.project)))


Build = Callable[[ErrorContext], ApiError]


def _expired(_: ErrorContext) -> ApiError:
    message = "API key expired. Please renew the API key."
    return ApiError(
        400, message, [error_info("API_KEY_INVALID", service=SERVICE), localized(message)]
    )


def _suspended(context: ErrorContext) -> ApiError:
    """Google's own message holds the raw key: whoever logs it leaks it."""
    consumer = f"projects/{context.project_number}"
    message = f"Permission denied: Consumer 'api_key:{context.key.value}' has been suspended."
    container = f"api_key:{context.key.value}"
    info = error_info(
        "CONSUMER_SUSPENDED", service=SERVICE, consumer=consumer, containerInfo=container
    )
    return ApiError(403, message, [info, localized(message)])


def _leaked(_: ErrorContext) -> ApiError:
    return ApiError(403, "Your API key was reported as leaked. Please use another API key.")


def _service_disabled(context: ErrorContext) -> ApiError:
    project = context.project_number
    url = f"https://console.developers.google.com/apis/api/{SERVICE}/overview?project={project}"
    message = (
        f"Generative Language API has not been used in project {project} before or it is "
        f"disabled. Enable it by visiting {url} then retry. If you enabled this API recently, "
        "wait a few minutes for the action to propagate to our systems and retry."
    )
    info = error_info(
        "SERVICE_DISABLED",
        service=SERVICE,
        consumer=f"projects/{project}",
        activationUrl=url,
        serviceTitle="Generative Language API",
    )
    return ApiError(403, message, [info, localized(message)])


def _service_blocked(context: ErrorContext) -> ApiError:
    method = "google.ai.generativelanguage.v1beta.GenerativeService.GenerateContent"
    message = f"Requests to this API {SERVICE} method {method} are blocked."
    info = error_info(
        "API_KEY_SERVICE_BLOCKED",
        service=SERVICE,
        consumer=f"projects/{context.project_number}",
        methodName=method,
        apiName=SERVICE,
    )
    return ApiError(403, message, [info, localized(message)])


def _quota(dimension: Dimension, limit: int, wait: float) -> Build:
    def build(context: ErrorContext) -> ApiError:
        chosen = int(context.parameters.get("limit", limit))
        seconds = float(context.parameters.get("retry_seconds", wait))
        return quota_exceeded([Violation(dimension, chosen, seconds)], context.model)

    return build


def _limit_zero(context: ErrorContext) -> ApiError:
    dimensions: tuple[Dimension, ...] = (
        "tokens_per_minute",
        "requests_per_minute",
        "requests_per_day",
    )
    return quota_exceeded([Violation(each, 0, 53.016342224) for each in dimensions], context.model)


def _plain(code: int, message: str, status: str | None = None) -> Build:
    return lambda _: ApiError(code, message, status=status)


BY_NAME: dict[str, Build] = {
    "api_key_missing": lambda _: key_missing(),
    "api_key_invalid": lambda _: key_not_valid(),
    "api_key_expired": _expired,
    "api_key_not_found": _plain(400, "API Key not found. Please pass a valid API key."),
    "unauthenticated": lambda _: bearer_token_refused("GenerateContent"),
    "suspended": _suspended,
    "leaked": _leaked,
    "service_disabled": _service_disabled,
    "service_blocked": _service_blocked,
    "permission_denied": _plain(403, "The caller does not have permission"),
    "region": _plain(400, "User location is not supported for the API use.", "FAILED_PRECONDITION"),
    "billing": _plain(
        400,
        "Gemini API free tier is not available in your country. Please enable billing on your "
        "project in Google AI Studio.",
        "FAILED_PRECONDITION",
    ),
    "invalid_argument": _plain(400, "Request contains an invalid argument."),
    "not_found": _plain(404, "Requested entity was not found."),
    "too_large": _plain(413, "Request payload size exceeds the limit: 20971520 bytes."),
    "per_minute": _quota("requests_per_minute", 10, 53.016342224),
    "input_tokens": _quota("tokens_per_minute", 250_000, 58.934310785),
    "per_day": _quota("requests_per_day", 20, 8.0),
    "limit_zero": _limit_zero,
    "exhausted": _plain(429, "Resource has been exhausted (e.g. check quota)."),
    "prepayment": _plain(
        429,
        "Your prepayment credits are depleted. Please go to AI Studio at "
        "https://ai.studio/projects to manage your project and billing.",
    ),
    "spend": _plain(
        429,
        "Your project has exceeded its spending cap. Please go to AI Studio at "
        "https://ai.studio/spend to manage your project spend cap.",
    ),
    "cancelled": _plain(499, "The operation was cancelled."),
    "internal": _plain(
        500,
        "An internal error has occurred. Please retry or report in "
        "https://developers.generativeai.google/guide/troubleshooting",
    ),
    "bad_gateway": _plain(502, "Bad Gateway", "UNAVAILABLE"),
    "unavailable": _plain(503, "The model is overloaded. Please try again later."),
    "high_demand": _plain(
        503,
        "This model is currently experiencing high demand. Spikes in demand are usually "
        "temporary. Please try again later.",
    ),
    "deadline": _plain(504, "Deadline expired before operation could complete."),
}


def by_status(context: ErrorContext) -> ApiError:
    """Any status and message the fault's parameters name."""
    code = int(context.parameters.get("status", 500))
    message = str(context.parameters.get("message", "Error injected by the emulator."))
    name = context.parameters.get("status_name") or STATUS_NAMES.get(code)
    return ApiError(code, message, context.parameters.get("details") or (), name)


BY_NAME["status"] = by_status

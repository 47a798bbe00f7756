"""Google's error body (google.rpc.Status as JSON) and the errors every method can answer with."""

from collections.abc import Sequence
from typing import Any

TYPE = "type.googleapis.com/google.rpc."
SERVICE = "generativelanguage.googleapis.com"
STATUS_NAMES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    413: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


class ApiError(Exception):
    """An answer that is an error; `body` is exactly what goes over the wire."""

    def __init__(
        self,
        code: int,
        message: str,
        details: Sequence[dict[str, Any]] = (),
        status: str | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status or STATUS_NAMES.get(code, "UNKNOWN")
        self.details = list(details)

    @property
    def body(self) -> dict[str, Any]:
        error: dict[str, Any] = {
            "code": self.code,
            "message": self.message,
            "status": self.status,
        }
        if self.details:
            error["details"] = self.details
        return {"error": error}


def error_info(reason: str, **metadata: str) -> dict[str, Any]:
    return {
        "@type": TYPE + "ErrorInfo",
        "reason": reason,
        "domain": "googleapis.com",
        "metadata": metadata or {"service": SERVICE},
    }


def localized(message: str) -> dict[str, Any]:
    return {"@type": TYPE + "LocalizedMessage", "locale": "en-US", "message": message}


def invalid_field(field: str, description: str) -> ApiError:
    """400 for JSON that doesn't fit the request message."""
    violation = (
        {"field": field, "description": description} if field else {"description": description}
    )
    bad_request = {"@type": TYPE + "BadRequest", "fieldViolations": [violation]}
    return ApiError(400, description, [bad_request])


def invalid_argument(message: str) -> ApiError:
    """400 for a well-formed message whose values make no sense; Google sends no details then."""
    return ApiError(400, message)


def key_missing() -> ApiError:
    return ApiError(
        403,
        "Method doesn't allow unregistered callers (callers without established identity). "
        "Please use API Key or other form of API consumer identity to call this API.",
    )


def key_not_valid() -> ApiError:
    message = "API key not valid. Please pass a valid API key."
    return ApiError(
        400, message, [error_info("API_KEY_INVALID", service=SERVICE), localized(message)]
    )


def model_not_found(model: str, version: str, method: str) -> ApiError:
    return ApiError(
        404,
        f"models/{model} is not found for API version {version}, or is not supported for "
        f"{method}. Call ListModels to see the list of available models and their supported "
        "methods.",
    )


def bearer_token_refused(method: str) -> ApiError:
    return ApiError(
        401,
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login "
        "cookie or other valid authentication credential. See "
        "https://developers.google.com/identity/sign-in/web/devconsole-project.",
        [
            error_info(
                "ACCESS_TOKEN_TYPE_UNSUPPORTED",
                service=SERVICE,
                method=f"google.ai.generativelanguage.v1beta.GenerativeService.{method}",
            )
        ],
    )

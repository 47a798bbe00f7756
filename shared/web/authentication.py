"""Who is calling: checks the access token and that its session still lives."""

import uuid
from typing import Annotated

import jwt
from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from shared.config import get_settings
from shared.errors import Forbidden, Unauthenticated
from shared.observability import get_logger
from shared.sessions import Caller, SessionDirectory, get_session_directory

ALGORITHM = "HS256"
ISSUER = "learning-app"
_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="accessToken",
    bearerFormat="JWT",
    description="The access token that `POST /api/auth/login` gives.",
)


def read_access_token(token: str, secret: str) -> Caller:
    """The caller that `token` names.

    Raises Unauthenticated with code `token_expired` or `token_invalid`.
    """
    try:
        claims = jwt.decode(
            token,
            secret,
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            audience="access",
            options={"require": ["exp", "iat", "sub", "sid"]},
        )
        return Caller(
            uuid.UUID(str(claims["sub"])),
            uuid.UUID(str(claims["sid"])),
            str(claims.get("role", "learner")),
        )
    except jwt.ExpiredSignatureError:
        raise Unauthenticated("The access token has expired.", code="token_expired") from None
    except (jwt.InvalidTokenError, ValueError, TypeError):
        raise Unauthenticated("The access token is not valid.", code="token_invalid") from None


def authenticate(
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    sessions: Annotated[SessionDirectory, Depends(get_session_directory)],
) -> Caller:
    """The caller of this request, from `Authorization: Bearer`."""
    if credentials is None:
        raise Unauthenticated("Send the access token as `Authorization: Bearer …`.")
    token = credentials.credentials.strip()
    caller = read_access_token(token, get_settings().resolved_jwt_secret())
    if not sessions.is_alive(caller.session_id):
        raise Unauthenticated("This session has ended. Please sign in again.", code="session_ended")
    get_logger().append_keys(user_id=str(caller.user_id))
    return caller


def require_admin(caller: Annotated[Caller, Depends(authenticate)]) -> Caller:
    """The caller, if an administrator. Raises Forbidden."""
    if caller.role != "admin":
        raise Forbidden("Only administrators may do this.")
    return caller


SignedIn = Annotated[Caller, Depends(authenticate)]
Administrator = Annotated[Caller, Depends(require_admin)]

"""What the auth routes take and give."""

import uuid
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from functions.auth.ports import Account
from functions.auth.rules import EMAIL_MAXIMUM, PASSWORD_MAXIMUM, PASSWORD_MINIMUM, normalise_email
from functions.auth.service import TokenPair
from shared.database.tables.users import Session as SessionRow
from shared.web.fields import Storable

_EMAIL_FIELD_MAXIMUM = EMAIL_MAXIMUM + 20  # white space around it is taken off first

Email = Annotated[
    str,
    Field(max_length=_EMAIL_FIELD_MAXIMUM, examples=["ada@example.com"]),
    AfterValidator(normalise_email),
]
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    Storable,
    Field(examples=["Ada Lovelace"]),
]


class RegisterRequest(BaseModel):
    """A new account."""

    model_config = ConfigDict(extra="forbid")

    email: Email
    password: Annotated[
        str,
        Field(
            max_length=PASSWORD_MAXIMUM,
            description=f"At least {PASSWORD_MINIMUM} characters; not blank, not the email.",
            examples=["correct horse battery staple"],
        ),
    ]
    name: Name


class LoginRequest(BaseModel):
    """Who signs in."""

    model_config = ConfigDict(extra="forbid")

    email: Annotated[
        str, Field(max_length=_EMAIL_FIELD_MAXIMUM, examples=["ada@example.com"]), Storable
    ]
    password: Annotated[
        str, Field(max_length=PASSWORD_MAXIMUM, examples=["correct horse battery staple"])
    ]


class RefreshRequest(BaseModel):
    """The refresh token of the latest pair."""

    model_config = ConfigDict(extra="forbid")

    refresh_token: Annotated[
        str,
        Field(
            min_length=1, max_length=200, examples=["Zk3vV0b1qk0nq6k2m0m0j1c8xw3tq4yq2v9b7n5d1sA"]
        ),
    ]


class UserInfo(BaseModel):
    """An account, as its owner sees it."""

    id: uuid.UUID
    email: Annotated[str, Field(examples=["ada@example.com"])]
    name: Annotated[str, Field(examples=["Ada Lovelace"])]
    role: Literal["learner", "teacher", "admin"]
    created_at: datetime

    @classmethod
    def of(cls, account: Account) -> "UserInfo":
        """Everything but the password's hash."""
        return cls.model_validate(account, from_attributes=True)


class RegisteredUser(BaseModel):
    """The answer to a registration."""

    user: UserInfo


class Tokens(BaseModel):
    """A pair of tokens. `expires_in` is the access token's life in seconds."""

    access_token: Annotated[str, Field(examples=["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI…"])]
    refresh_token: Annotated[str, Field(examples=["Zk3vV0b1qk0nq6k2m0m0j1c8xw3tq4yq2v9b7n5d1sA"])]
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105
    expires_in: Annotated[int, Field(examples=[900])]

    @classmethod
    def of(cls, pair: TokenPair) -> "Tokens":
        """The pair as it is sent."""
        return cls.model_validate(pair, from_attributes=True)


class SessionInfo(BaseModel):
    """A sign-in that can still be used; `current` is the one that this call came with."""

    id: uuid.UUID
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    user_agent: Annotated[str | None, Field(examples=["Mozilla/5.0 (X11; Linux x86_64)"])]
    current: bool

    @classmethod
    def of(cls, row: SessionRow, current: uuid.UUID) -> "SessionInfo":
        """The session as its owner sees it."""
        return cls(
            id=row.id,
            created_at=row.created_at,
            last_used_at=row.last_used_at,
            expires_at=row.expires_at,
            user_agent=row.user_agent,
            current=row.id == current,
        )

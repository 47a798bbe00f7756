"""What the routes of keys take and give."""

import uuid
from datetime import datetime
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    field_validator,
    model_validator,
)

from functions.admin.service import AdministeredKey, Source
from shared.ai.keys import ALIAS, PROJECT, VALUE
from shared.ai.numbers import CountsOnModel, KeyNumbers, ModelNumbers, ProjectOnModel
from shared.ai.status import PoolPicture
from shared.redaction import hide, redact
from shared.web.fields import Storable


def _like_a_key(value: SecretStr) -> SecretStr:
    if not VALUE.fullmatch(value.get_secret_value()):
        raise ValueError("must be an API key: 8 to 500 letters, digits or . _ ~ + / = -")
    hide([value.get_secret_value()])
    return value


def _stripped(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


def _no_key(value: str) -> str:
    if redact(value) != value:
        raise ValueError("must not hold an API key: this field is shown")
    return value


def _nothing_for_empty(value: object) -> object:
    """A label that is blank says nothing, and is stored as none."""
    return None if isinstance(value, str) and not value.strip() else value


Shown = AfterValidator(_no_key)
Alias = Annotated[
    str, StringConstraints(pattern=f"^{ALIAS.pattern}$"), Shown, Field(examples=["spare-key"])
]
Project = Annotated[
    str,
    StringConstraints(pattern=f"^{PROJECT.pattern}$"),
    Shown,
    Field(
        examples=["my-project"],
        description=(
            "The Google Cloud project whose quota the key uses. Keys that name none share one "
            "quota, unless GEMINI_KEYS_ARE_SEPARATE_PROJECTS is set."
        ),
    ),
]
Label = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=200),
    Storable,
    Shown,
    Field(examples=["the department's own"]),
]
OptionalLabel = Annotated[Label | None, BeforeValidator(_nothing_for_empty)]


class NewKey(BaseModel):
    """A key to add. Its value is stored encrypted and never told again."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    alias: Alias
    key: Annotated[
        SecretStr,
        BeforeValidator(_stripped),
        AfterValidator(_like_a_key),
        Field(examples=["the-key-from-google-ai-studio"]),
    ]
    project: Project | None = None
    label: OptionalLabel = None

    @model_validator(mode="after")
    def _nowhere_else(self) -> Self:
        value = self.key.get_secret_value()
        if any(value in shown for shown in (self.alias, self.project, self.label) if shown):
            raise ValueError("the key may stand in `key` alone: the other fields are shown")
        return self


class KeyChanges(BaseModel):
    """What to change; what is left out stays. Of a key of the settings: label and active."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    alias: Alias | None = None
    project: Project | None = None
    label: OptionalLabel = None
    active: Annotated[
        bool | None, Field(description="false lets the key rest.", examples=[False])
    ] = None

    @field_validator("alias", "active", mode="before")
    @classmethod
    def _not_null(cls, value: object) -> object:
        if value is None:
            raise ValueError("must not be null: leave it out to keep it as it is")
        return value


class KeyView(BaseModel):
    """One key, without its value. `source` is where it is kept."""

    id: uuid.UUID
    alias: Annotated[str, Field(examples=["spare-key"])]
    project: Annotated[str, Field(examples=["my-project"])]
    label: Annotated[str | None, Field(examples=["the department's own"])]
    source: Annotated[Source, Field(examples=["stored"])]
    active: bool
    created_at: Annotated[
        datetime | None, Field(description="null for keys of the settings, which have no date.")
    ]


class KeyInPool(KeyView, KeyNumbers):
    """One key and what it does. Its counts are the sum of `by_model`."""

    by_model: Annotated[
        list[CountsOnModel],
        Field(description="Today's counts, also of models that are not asked any more."),
    ]


class Pool(BaseModel):
    """The pool by project and by model. `degraded` says that Valkey is gone."""

    degraded: Annotated[bool, Field(examples=[False])]
    projects: list[ProjectOnModel]
    models: list[ModelNumbers]


def key_view(key: AdministeredKey) -> KeyView:
    """The key as routes tell it."""
    return KeyView.model_validate(key, from_attributes=True)


def key_in_pool(key: AdministeredKey, picture: PoolPicture) -> KeyInPool:
    """The key with its numbers. An active key that isn't in use can't be used."""
    numbers = picture.numbers_of(key.alias)
    if key.active and numbers.state == "paused":
        numbers = numbers.model_copy(update={"state": "unusable"})
    by_model = picture.counts_by_model(key.alias)
    return KeyInPool(**dict(key_view(key)), **dict(numbers), by_model=by_model)

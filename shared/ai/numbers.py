"""The key pool in numbers, as routes tell them. A number is null while Valkey can't be asked."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

KeyState = Annotated[
    Literal[
        "healthy",
        "unproven",
        "dead",
        "refused",
        "disabled",
        "open",
        "half_open",
        "parked",
        "paused",
        "unusable",
        "degraded",
    ],
    Field(
        description=(
            "`unproven`: not answered yet; `dead`: Google refuses the key; `refused`: only for "
            "this model; `disabled`: its project has no quota or is refused, and is tried again "
            "after an hour or when a key of it is resumed; `open`, `half_open`: the circuit "
            "breaker after failures; `parked`: the project's day or budget is spent; "
            "`degraded`: Valkey is gone, and each process uses a small share of the quota."
        )
    ),
]


class Limits(BaseModel):
    """Requests a minute, input tokens a minute, requests a day."""

    rpm: float | None = None
    tpm: float | None = None
    rpd: float | None = None


class QuotaNumbers(BaseModel):
    """One project's quota for one model.

    `learnt` is what the server's refusals named, and outranks `configured`; `in_force` is what
    calls are held to now, which may be more than was configured if the server bears it out.
    """

    configured: Limits
    learnt: Limits
    in_force: Limits
    shape: Annotated[
        Literal["bucket", "window"] | None,
        Field(description="How the server counts a minute, as far as was found out."),
    ] = None
    minute_left: Annotated[int | None, Field(examples=[7])] = None
    tokens_left: Annotated[int | None, Field(examples=[243_000])] = None
    day_left: Annotated[int | None, Field(examples=[212])] = None


class KeyOnModel(BaseModel):
    """What one key can do for one model now."""

    model: str
    state: KeyState
    blocked_by: Annotated[str | None, Field(examples=["minute_quota"])] = None
    next_free_at: datetime | None = None
    quota: QuotaNumbers


class CallCounts(BaseModel):
    """What came of today's calls (UTC).

    `refusals` are answers 429 and `errors` other failures, each by kind; `lost` are calls whose
    process never came back.
    """

    requests: Annotated[int | None, Field(examples=[38])] = None
    tokens: Annotated[int | None, Field(examples=[61_200])] = None
    lost: Annotated[int | None, Field(examples=[0])] = None
    refusals: Annotated[dict[str, int], Field(examples=[{"minute_quota": 1}])] = {}
    errors: Annotated[dict[str, int], Field(examples=[{"overloaded": 2}])] = {}
    latency_p50_ms: Annotated[float | None, Field(examples=[1241.0])] = None
    latency_p95_ms: Annotated[float | None, Field(examples=[3085.1])] = None


class CountsOnModel(CallCounts):
    """What came of today's calls of one model."""

    model: str


class KeyNumbers(CallCounts):
    """One key: its state on the main model, today's counts over all models, and each model."""

    state: KeyState
    in_flight: Annotated[int | None, Field(examples=[1])] = None
    next_free_at: datetime | None = None
    models: list[KeyOnModel] = []


class KeyRow(KeyNumbers):
    """One key of the pool, by its alias."""

    alias: Annotated[str, Field(examples=["key-1"])]
    project: Annotated[str, Field(examples=["my-project"])]


class ProjectOnModel(BaseModel):
    """One project's quota for one model, and what keeps its calls from going."""

    project: Annotated[str, Field(examples=["my-project"])]
    model: str
    keys: Annotated[list[str], Field(examples=[["key-1"]], description="Aliases of its keys.")]
    breaker: Literal["closed", "open", "half_open"] | None = None
    blocked_by: Annotated[str | None, Field(examples=["minute_quota"])] = None
    next_free_at: datetime | None = None
    day_ends_at: Annotated[datetime, Field(description="When requests a day count anew.")]
    in_flight: Annotated[int | None, Field(examples=[1])] = None
    waiting: Annotated[int | None, Field(examples=[0])] = None
    quota: QuotaNumbers
    today: Annotated[CallCounts, Field(description="What its keys of now did for this model.")]


class ModelNumbers(BaseModel):
    """One model, whoever's quota it is asked with."""

    model: str
    breaker: Literal["closed", "open", "half_open"] | None = None
    latency_p95_ms: Annotated[
        dict[str, float], Field(examples=[{"generation": 3085.1}], description="By lane.")
    ] = {}
    today: Annotated[CallCounts, Field(description="Over every key, also those gone since.")]

"""What operators may set for evaluation."""

from enum import StrEnum
from functools import lru_cache

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class CachePolicy(StrEnum):
    """When an answer gets the grade that an earlier one got."""

    STRICT = "strict"
    NEAR = "near"


class EvaluationSettings(BaseSettings):
    """Fields are the environment variables' names in lower case."""

    model_config = SettingsConfigDict(extra="ignore")

    grading_cache_policy: CachePolicy = Field(
        default=CachePolicy.STRICT,
        description=(
            "`strict`: only an equal canonical answer gets an earlier grade. `near`: in English, a "
            "nearly equal one too (trigram similarity of at least 0.90, with guards). Measured on "
            "5,199 human-graded answers of Beetle, near serves 10.5 % instead of 9.3 % from the "
            "cache, and 19 of 288 long answers that must differ in one word (arteries and veins) "
            "get each other's grade; strict mistakes none of them."
        ),
    )
    grading_near_candidates: int = Field(
        default=300,
        ge=1,
        le=2000,
        description="How many known answers to a question the near policy looks at, newest first.",
    )
    grading_single_calls: int = Field(
        default=4,
        ge=1,
        le=10,
        description="How many answers of one batch are asked about alone at the same time.",
    )
    submission_characters: int = Field(
        default=200_000,
        ge=20_000,
        description="How many characters all free answers of one submission may have together.",
    )
    class_answers: int = Field(
        default=4000,
        ge=1,
        le=10_000,
        description="How many answers a class may hand in by one call, over all its learners.",
    )


@lru_cache
def get_evaluation_settings() -> EvaluationSettings:
    """The settings of this process, read once."""
    return EvaluationSettings()

"""Joins the language model to Redis, the keys and Google's API, once per process."""

from functools import lru_cache

from shared.ai.errors import NoKeysConfigured
from shared.ai.interface import LanguageModel


@lru_cache
def get_language_model() -> LanguageModel:
    """The language model of this process."""
    raise NoKeysConfigured

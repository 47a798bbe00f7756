"""The language model as product code sees it: import from here, nothing deeper."""

from shared.ai.errors import (
    BudgetExceeded,
    LanguageModelError,
    ModelOutage,
    ModelSaturated,
    ModelUnavailable,
    NoKeysConfigured,
    ReplyBlocked,
    ReplyInvalid,
    ReplyTruncated,
    RequestRefused,
)
from shared.ai.interface import (
    DataPart,
    FilePart,
    Lane,
    LanguageModel,
    ModelReply,
    ModelRequest,
    StreamEnd,
    TextDelta,
    Turn,
    Usage,
)

__all__ = [
    "BudgetExceeded",
    "DataPart",
    "FilePart",
    "Lane",
    "LanguageModel",
    "LanguageModelError",
    "ModelOutage",
    "ModelReply",
    "ModelRequest",
    "ModelSaturated",
    "ModelUnavailable",
    "NoKeysConfigured",
    "ReplyBlocked",
    "ReplyInvalid",
    "ReplyTruncated",
    "RequestRefused",
    "StreamEnd",
    "TextDelta",
    "Turn",
    "Usage",
]

"""GenerateContentResponse as JSON, whole and in stream pieces."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from scripts.gemini_emulator.tokens import count_tokens, token_groups

TOKENS_PER_PIECE = 24
_SAFETY = [
    {"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "HIGH", "blocked": True},
]
BLOCKING_REASONS = {
    "safety": "SAFETY",
    "recitation": "RECITATION",
    "prohibited": "PROHIBITED_CONTENT",
    "malformed_response": "MALFORMED_RESPONSE",
    "other": "OTHER",
}


@dataclass(frozen=True, slots=True)
class Generation:
    """What the stand-in says; `prompt_blocked` and `no_candidates` leave out the candidate."""

    text: str
    finish_reason: str
    prompt_tokens: int
    model: str
    identifier: str
    prompt_blocked: bool = False
    no_candidates: bool = False

    @property
    def output_tokens(self) -> int:
        return count_tokens(self.text)

    @property
    def response_id(self) -> str:
        return hashlib.blake2b(self.identifier.encode(), digest_size=12).hexdigest()

    def _envelope(self, output_tokens: int) -> dict[str, Any]:
        usage: dict[str, Any] = {"promptTokenCount": self.prompt_tokens}
        if output_tokens:
            usage["candidatesTokenCount"] = output_tokens
        usage["totalTokenCount"] = self.prompt_tokens + output_tokens
        usage["promptTokensDetails"] = [{"modality": "TEXT", "tokenCount": self.prompt_tokens}]
        return {
            "usageMetadata": usage,
            "modelVersion": self.model,
            "responseId": self.response_id,
        }

    def _candidate(self, text: str, finish_reason: str | None) -> dict[str, Any]:
        candidate: dict[str, Any] = {}
        if text or finish_reason in (None, "STOP", "MAX_TOKENS"):
            parts = [{"text": text}] if text else []
            candidate["content"] = {"parts": parts, "role": "model"} if parts else {"role": "model"}
        if finish_reason:
            candidate["finishReason"] = finish_reason
        if finish_reason == "SAFETY":
            candidate["safetyRatings"] = _SAFETY
        return candidate | {"index": 0}

    def _without_candidate(self) -> dict[str, Any]:
        body = self._envelope(0)
        if self.prompt_blocked:
            body["promptFeedback"] = {"blockReason": "SAFETY", "safetyRatings": _SAFETY}
        return body

    def whole(self) -> dict[str, Any]:
        if self.prompt_blocked or self.no_candidates:
            return self._without_candidate()
        candidate = self._candidate(self.text, self.finish_reason)
        return {"candidates": [candidate]} | self._envelope(self.output_tokens)

    def pieces(self) -> Iterator[tuple[dict[str, Any], int]]:
        """Stream bodies, each with the output tokens spoken by its end; the last has the reason."""
        if self.prompt_blocked or self.no_candidates:
            yield self._without_candidate(), 0
            return
        texts = list(token_groups(self.text, TOKENS_PER_PIECE)) or [""]
        spoken = ""
        for index, text in enumerate(texts):
            spoken += text
            tokens = count_tokens(spoken)
            reason = self.finish_reason if index == len(texts) - 1 else None
            yield {"candidates": [self._candidate(text, reason)]} | self._envelope(tokens), tokens


def encode(body: object) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )

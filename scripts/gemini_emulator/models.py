"""The catalogue of models the emulator offers."""

from dataclasses import dataclass
from typing import Any

GENERATE_METHODS = ("generateContent", "countTokens", "streamGenerateContent")
EMBED_METHODS = ("embedContent", "batchEmbedContents", "countTokens")


@dataclass(frozen=True, slots=True)
class Model:
    name: str
    display_name: str
    methods: tuple[str, ...] = GENERATE_METHODS
    input_tokens: int = 1_048_576
    output_tokens: int = 65_536

    @property
    def resource(self) -> dict[str, Any]:
        body: dict[str, Any] = {
            "name": f"models/{self.name}",
            "version": "001",
            "displayName": self.display_name,
            "description": f"Offline stand-in for {self.display_name}: no model behind it",
            "inputTokenLimit": self.input_tokens,
            "outputTokenLimit": self.output_tokens,
            "supportedGenerationMethods": list(self.methods),
        }
        if "generateContent" in self.methods:
            body |= {"temperature": 1, "topP": 0.95, "topK": 64, "maxTemperature": 2}
        return body


CATALOGUE = {
    model.name: model
    for model in (
        Model("gemini-2.0-flash", "Gemini 2.0 Flash", output_tokens=8_192),
        Model("gemini-2.0-flash-lite", "Gemini 2.0 Flash-Lite", output_tokens=8_192),
        Model("gemini-2.5-flash", "Gemini 2.5 Flash"),
        Model("gemini-2.5-flash-lite", "Gemini 2.5 Flash-Lite"),
        Model("gemini-2.5-pro", "Gemini 2.5 Pro"),
        Model("gemini-3-flash-preview", "Gemini 3 Flash Preview"),
        Model("gemini-3.1-flash-lite", "Gemini 3.1 Flash-Lite"),
        Model("gemini-3.5-flash", "Gemini 3.5 Flash"),
        Model("gemini-3-pro-preview", "Gemini 3 Pro Preview"),
        Model("gemini-flash-latest", "Gemini Flash Latest"),
        Model("gemini-flash-lite-latest", "Gemini Flash-Lite Latest"),
        Model("gemini-embedding-001", "Gemini Embedding 001", EMBED_METHODS, 2_048, 1),
        Model("gemini-embedding-2", "Gemini Embedding 2", EMBED_METHODS, 8_192, 1),
        Model("text-embedding-004", "Text Embedding 004", EMBED_METHODS, 2_048, 1),
    )
}

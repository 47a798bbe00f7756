"""The fields of the request messages, by their JSON names, as Google's API reference has them."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """`type` is a scalar's name, "any" for free JSON, or the name of another message."""

    type: str
    repeated: bool = False


Message = Mapping[str, Field]

STRING, BOOL, INT, NUMBER, ANY = (
    Field("string"),
    Field("bool"),
    Field("int"),
    Field("number"),
    Field("any"),
)
STRINGS = Field("string", repeated=True)
MODEL = {"model": STRING}

MESSAGES: dict[str, Message] = {
    "GenerateContentRequest": MODEL
    | {
        "contents": Field("Content", repeated=True),
        "systemInstruction": Field("Content"),
        "tools": Field("any", repeated=True),
        "toolConfig": ANY,
        "safetySettings": Field("SafetySetting", repeated=True),
        "generationConfig": Field("GenerationConfig"),
        "cachedContent": STRING,
        "serviceTier": STRING,
        "store": BOOL,
    },
    "Content": {"parts": Field("Part", repeated=True), "role": STRING},
    "Part": {
        "text": STRING,
        "inlineData": Field("Blob"),
        "fileData": Field("FileData"),
        "functionCall": ANY,
        "functionResponse": ANY,
        "executableCode": ANY,
        "codeExecutionResult": ANY,
        "thought": BOOL,
        "thoughtSignature": STRING,
        "videoMetadata": ANY,
        "mediaResolution": ANY,
        "partMetadata": ANY,
    },
    "Blob": {"mimeType": STRING, "data": STRING},
    "FileData": {"mimeType": STRING, "fileUri": STRING},
    "SafetySetting": {"category": STRING, "threshold": STRING},
    "GenerationConfig": {
        "stopSequences": STRINGS,
        "responseMimeType": STRING,
        "responseSchema": ANY,
        "responseJsonSchema": ANY,
        "responseModalities": STRINGS,
        "candidateCount": INT,
        "maxOutputTokens": INT,
        "temperature": NUMBER,
        "topP": NUMBER,
        "topK": INT,
        "seed": INT,
        "presencePenalty": NUMBER,
        "frequencyPenalty": NUMBER,
        "responseLogprobs": BOOL,
        "logprobs": INT,
        "enableEnhancedCivicAnswers": BOOL,
        "speechConfig": ANY,
        "thinkingConfig": Field("ThinkingConfig"),
        "imageConfig": ANY,
        "mediaResolution": STRING,
    },
    "ThinkingConfig": {"includeThoughts": BOOL, "thinkingBudget": INT, "thinkingLevel": STRING},
    "CountTokensRequest": MODEL
    | {
        "contents": Field("Content", repeated=True),
        "generateContentRequest": Field("GenerateContentRequest"),
    },
    "EmbedContentRequest": MODEL
    | {
        "content": Field("Content"),
        "taskType": STRING,
        "title": STRING,
        "outputDimensionality": INT,
    },
    "BatchEmbedContentsRequest": MODEL | {"requests": Field("EmbedContentRequest", repeated=True)},
}

"""The demo learner: answers some questions right, some wrong, and leaves some blank."""

from typing import Any

RIGHT, WRONG, BLANK = "right", "wrong", "blank"
_COURSE = (RIGHT, RIGHT, WRONG, RIGHT, BLANK)


def intention(position: int) -> str:
    """What the learner is up to with the question at this position, from 1."""
    return _COURSE[(position - 1) % len(_COURSE)]


def answer(question: dict[str, Any]) -> Any:
    """The learner's answer to a question that comes with its key."""
    wanted = intention(question["position"])
    if wanted == BLANK:
        return None
    key = question["answer"]
    match question["type"]:
        case "mcq":
            return key if wanted == RIGHT else (key + 1) % len(question["options"])
        case "true_false":
            return key if wanted == RIGHT else not key
        case "fill_blank":
            return key[0] if wanted == RIGHT else "photosynthesis"
        case _:
            return f"I think {key}" if wanted == RIGHT else "It is a kind of rock in the desert."

"""What a class answers: half of it objective, half free, no two free answers alike."""

import random
import re
from typing import Any

_REMARKS = (
    "as far as I know",
    "as we saw in the chapter",
    "to put it shortly",
    "in my own words",
    "so it says in the text",
)


def answer(question: dict[str, Any], learner: int, sitting: int, dice: random.Random) -> Any:
    """A learner's answer in one sitting; two in three are right, or right in part."""
    key, right = question["answer"], dice.random() < 0.67
    match question["type"]:
        case "mcq":
            return key if right else (key + 1) % len(question["options"])
        case "true_false":
            return key if right else not key
        case "fill_blank":
            return key[0] if right else "sandstone"
        case _:
            return _free(str(key), learner, sitting, right, dice)


def _free(reference: str, learner: int, sitting: int, right: bool, dice: random.Random) -> str:
    words = reference.split()
    said = words if right else words[: max(2, len(words) // 3)]
    return (
        f"{dice.choice(_REMARKS).capitalize()}, {' '.join(said)} (group {learner + 1} of {sitting})"
    )


def in_words(question: dict[str, Any], given: Any) -> str:
    """An objective answer as the text that the monolith gave to the model."""
    if question["type"] == "mcq":
        return str(question["options"][given])
    return re.sub(r"^(True|False)$", lambda found: found[0].lower(), str(given))


def key_in_words(question: dict[str, Any]) -> str:
    """The key of an objective question as a reference answer."""
    key = question["answer"][0] if question["type"] == "fill_blank" else question["answer"]
    return in_words(question, key)

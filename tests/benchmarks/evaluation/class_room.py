"""Who answers what: a published question set, its learners, and what they write."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.demo.client import LearningClient
from tests.benchmarks.evaluation.answers import answer
from tests.benchmarks.questions.stack import Stack

OBJECTIVE = ("mcq", "true_false", "fill_blank")

# A learner's questions, each with their answer.
Sheet = Sequence[tuple[dict[str, Any], Any]]


@dataclass(frozen=True)
class ClassRoom:
    """A published question set, who owns it, and its learners, each signed in."""

    owner: LearningClient
    question_set_id: str
    questions: list[dict[str, Any]]
    learners: list[LearningClient]

    def sheets(self, seed: int) -> list[Sheet]:
        """What every learner answers; no free answer is like one of another seed."""
        dice = random.Random(seed)
        return [
            [(one, answer(one, number, seed, dice)) for one in self.questions]
            for number in range(len(self.learners))
        ]


def prepare(stack: Stack, pdf: Path, learners: int, per_learner: int) -> ClassRoom:
    """Make and publish a set of objective and free questions, half and half.

    Called again it makes the same questions in a set of another owner, so that the same answers
    meet no grade of the first.
    """
    owner = stack.client()
    owner.http.timeout = 180
    owner.sign_up("Teacher")
    document = owner.wait_for_document(owner.upload(pdf)["id"])
    wish = {
        "document_id": document["id"],
        "count": per_learner * 3,
        "types": [*OBJECTIVE, "short_answer"],
    }
    made = owner.call("POST", "/api/questions/generate", wish)
    if not made["job"]["cached"]:
        for _ in owner.follow(made["job"]["id"]):
            pass
    path = f"/api/questions/sets/{made['question_set']['id']}"
    questions = owner.call("GET", f"{path}?include=keys")["questions"]
    free = [one for one in questions if one["type"] == "short_answer"][: per_learner // 2]
    objective = [one for one in questions if one["type"] in OBJECTIVE][: per_learner // 2]
    if len(free) + len(objective) < per_learner:
        raise RuntimeError(f"only {len(free)} free and {len(objective)} objective questions")
    owner.call("POST", f"{path}/publish")
    clients = [stack.client() for _ in range(learners)]
    for client in clients:
        client.http.timeout = 180
        client.sign_up("Learner")
    return ClassRoom(owner, made["question_set"]["id"], objective + free, clients)

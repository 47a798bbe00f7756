"""An attempt is closed by its grades: no way round shows a key early or counts a second try."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from shared.ai import ReplyBlocked
from shared.database.tables.documents import Document
from shared.database.tables.questions import Question
from shared.jobs.store import JobStore
from tests.integration.evaluation.conftest import Api
from tests.integration.evaluation.evaluation_harness import Evaluation, judge

Start = Callable[..., Evaluation]
EXPLAINED = "Because it makes the energy of the cell."
OPTION_NOTES = ["Holds the genes.", "That is the one.", "Makes proteins.", "Keeps it together."]
WORDS = "It makes energy in the cell"


@pytest.fixture
def evaluation(start: Start) -> Evaluation:
    """A set whose keys can be told from everything else that is said."""
    made = start()
    with made.database.transaction() as session:
        for question_id in made.questions.values():
            question = session.get_one(Question, question_id)
            question.explanation = f"{question.type}: {EXPLAINED}"
            if question.type == "mcq":
                question.option_feedback = OPTION_NOTES
    return made


def secrets(evaluation: Evaluation) -> list[str]:
    """What nobody may read before the attempt is closed."""
    with evaluation.database.transaction() as session:
        free = session.get_one(Question, evaluation.free[0])
        return [
            *(EXPLAINED, *OPTION_NOTES, str(free.answer)),
            *(one["criterion"] for one in free.rubric),
        ]


class Learner:
    """A learner at the API who tries to know more than they should."""

    def __init__(self, api: Api, evaluation: Evaluation, user_id: uuid.UUID | None = None) -> None:
        self.api = api
        self.evaluation = evaluation
        self.user_id = user_id or evaluation.learner.id
        self.read: list[str] = []

    def hand_in(self, key: str | None = None, **answers: Any) -> Any:
        given = [
            {"question_id": str(self.evaluation.questions[kind]), "answer": answer}
            for kind, answer in answers.items()
        ]
        body = {"question_set_id": str(self.evaluation.set_id), "answers": given}
        response = self.call("POST", "/submissions", json=body, key=key)
        return response.json() if response.status_code < 400 else response

    def call(self, method: str, path: str, **options: Any) -> Any:
        response = self.api.call(method, path, self.user_id, **options)
        self.read.append(response.text)
        return response

    def read_all(self, handed_in: Any) -> Any:
        """Everything that may be read of a submission; its own view comes back."""
        path = f"/submissions/{handed_in['submission']['id']}"
        for question_id in self.evaluation.questions.values():
            self.call("GET", f"{path}/answers/{question_id}/history")
        self.call("GET", "/submissions")
        self.call("GET", "/appeals")
        return self.call("GET", path).json()

    def cancel(self, handed_in: Any) -> None:
        with self.evaluation.database.transaction() as session:
            assert JobStore(session).cancel(uuid.UUID(handed_in["job"]["id"]))

    def be_graded(self, handed_in: Any) -> None:
        job_id = uuid.UUID(handed_in["job"]["id"])
        chunks = self.api.state_machine.started[job_id]["chunks"]
        self.evaluation.run_job(job_id, [one["ordinal"] for one in chunks])

    def saw(self) -> list[str]:
        """The secrets that stand in what was read so far."""
        return [one for one in secrets(self.evaluation) if any(one in text for text in self.read)]


@pytest.fixture
def learner(api: Api, evaluation: Evaluation) -> Learner:
    return Learner(api, evaluation)


def numbers(learner: Learner) -> dict[str, Any]:
    """The teacher's numbers: each question's facility, and the learners' scores."""
    path = f"/sets/{learner.evaluation.set_id}/analysis"
    body = learner.api.call("GET", path, learner.evaluation.owner.id).json()
    return {
        **{one["type"]: one["facility"] for one in body["items"]},
        "scores": [one["score"] for one in body["scores"]],
    }


def test_while_free_answers_are_graded_objective_ones_have_points_but_no_key(
    learner: Learner,
) -> None:
    handed_in = learner.hand_in(mcq=0, true_false=True, fill_blank="", short_answer=WORDS)
    view = learner.read_all(handed_in)

    for one in (handed_in["submission"], view):
        of = {answer["type"]: answer for answer in one["answers"]}
        assert [of[kind]["verdict"] for kind in of] == ["incorrect", "correct", "blank", None]
        assert (of["mcq"]["score"], of["true_false"]["score"]) == (0.0, 1.0)
        assert of["mcq"]["feedback"].startswith("Not right. Read page ")
        assert of["true_false"]["feedback"] == "Right."
        assert of["fill_blank"]["feedback"].startswith("No answer was given.")
        assert all(answer["key"] is None for answer in one["answers"])
    assert learner.saw() == []

    learner.be_graded(handed_in)
    closed = learner.read_all(handed_in)
    assert all(answer["key"] is not None for answer in closed["answers"])
    assert OPTION_NOTES[0] in closed["answers"][0]["feedback"]
    assert EXPLAINED in closed["answers"][0]["feedback"]


def test_what_is_held_back_is_said_in_the_questions_language(learner: Learner) -> None:
    with learner.evaluation.database.transaction() as session:
        session.query(Document).update({"language": "de"})
    handed_in = learner.hand_in(mcq=0, true_false=True, short_answer=WORDS)

    told = [one["feedback"] for one in learner.read_all(handed_in)["answers"]]
    assert told[0].startswith("Nicht richtig. Lies noch einmal Seite ")
    assert told[1] == "Richtig."


def test_who_cancels_sees_no_key_and_keeps_the_first_verdicts(learner: Learner) -> None:
    first = learner.hand_in(mcq=0, true_false=True, short_answer=WORDS)
    learner.cancel(first)
    assert learner.read_all(first)["status"] == "failed"
    assert learner.saw() == []

    second = learner.hand_in(mcq=1, true_false=True, short_answer=WORDS)
    learner.be_graded(second)

    assert learner.read_all(second)["totals"]["score"] == 4.0
    assert numbers(learner) == {
        **{"mcq": 0.0, "true_false": 1.0, "fill_blank": 0.0, "short_answer": 1.0},
        "scores": [3.0],
    }


def test_trying_every_option_by_cancelled_submissions_counts_the_first_one(
    learner: Learner,
) -> None:
    for option in (0, 2, 3):
        learner.cancel(learner.hand_in(mcq=option, short_answer=WORDS))
    last = learner.hand_in(mcq=1, short_answer=WORDS)
    learner.be_graded(last)

    assert numbers(learner)["mcq"] == 0.0
    assert numbers(learner)["scores"] == [2.0]


def test_a_blank_free_answer_shows_no_criteria_before_and_counts_after(learner: Learner) -> None:
    evaluation = learner.evaluation
    with evaluation.database.transaction() as session:
        other = Question(
            **{
                name: getattr(session.get_one(Question, evaluation.free[0]), name)
                for name in Question.__table__.columns.keys()  # noqa: SIM118
                if name not in {"id", "position"}
            },
            id=uuid.uuid4(),
            position=90,
        )
        session.add(other)
    evaluation.questions["other"] = other.id
    first = learner.hand_in(short_answer="", other=WORDS)
    learner.cancel(first)
    learner.read_all(first)
    assert learner.saw() == []

    second = learner.hand_in(short_answer=WORDS, other=WORDS)
    if second["job"]:
        learner.be_graded(second)
    assert numbers(learner)["scores"] == [2.0]


def test_an_answer_that_nothing_could_grade_keeps_its_first_try(learner: Learner) -> None:
    first = learner.hand_in(mcq=1, short_answer="The model was away for this one")
    with learner.evaluation.database.transaction() as session:
        assert JobStore(session).fail(uuid.UUID(first["job"]["id"]), "model_unavailable", "Away.")
    learner.read_all(first)
    assert learner.saw() == []
    assert numbers(learner)["scores"] == []

    second = learner.hand_in(mcq=0, short_answer=WORDS)
    learner.be_graded(second)

    assert numbers(learner)["short_answer"] == 1.0
    assert numbers(learner)["mcq"] == 1.0


def test_an_answer_that_the_model_refuses_buys_no_second_try(learner: Learner) -> None:
    learner.evaluation.answer_by(ReplyBlocked("SAFETY"))
    first = learner.hand_in(mcq=0, true_false=False, short_answer="Something unspeakable here")
    learner.be_graded(first)
    assert learner.read_all(first)["status"] == "failed"
    assert learner.saw() == []

    learner.evaluation.answer_by(judge)
    second = learner.hand_in(mcq=1, true_false=True, short_answer=WORDS)
    learner.be_graded(second)

    assert numbers(learner)["mcq"] == 0.0
    assert numbers(learner)["true_false"] == 0.0
    assert numbers(learner)["short_answer"] == 1.0


def test_a_submission_that_overtakes_the_first_one_does_not_count_before_it(
    learner: Learner,
) -> None:
    first = learner.hand_in(mcq=0, short_answer=WORDS)
    learner.hand_in(mcq=1, true_false=True)
    assert numbers(learner)["mcq"] == 0.0

    learner.be_graded(first)
    assert numbers(learner)["mcq"] == 0.0
    assert numbers(learner)["true_false"] == 0.0


def test_after_a_completed_submission_nothing_counts(learner: Learner) -> None:
    learner.hand_in(mcq=0)
    learner.hand_in(mcq=1, true_false=True)

    assert numbers(learner)["scores"] == [0.0]


def test_an_appeal_closes_what_a_cancelled_submission_left(learner: Learner) -> None:
    first = learner.hand_in(mcq=1, short_answer=WORDS)
    learner.cancel(first)
    path = f"/submissions/{first['submission']['id']}/answers/{learner.evaluation.free[0]}/appeal"

    appealed = learner.call("POST", path, json={"reason": "It was cancelled by mistake."}).json()
    assert learner.saw() == []
    learner.be_graded(appealed)

    view = learner.read_all(first)
    assert view["status"] == "completed"
    assert all(one["key"] for one in view["answers"])
    assert numbers(learner)["scores"] == [3.0]


def test_a_repeated_key_is_one_try_and_tells_nothing_new(learner: Learner) -> None:
    first = learner.hand_in("try-1", mcq=0, short_answer=WORDS)
    learner.cancel(first)

    assert learner.hand_in("try-1", mcq=0, short_answer=WORDS) == first
    reused = learner.hand_in("try-1", mcq=1, short_answer=WORDS)
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")
    assert learner.saw() == []
    assert len(learner.call("GET", "/submissions").json()["items"]) == 1

    second = learner.hand_in("try-2", mcq=1, short_answer=WORDS)
    learner.be_graded(second)
    assert numbers(learner)["mcq"] == 0.0


def test_what_is_refused_is_no_try_and_its_key_may_be_used_again(learner: Learner) -> None:
    refused = learner.hand_in("a-key", mcq=7, short_answer=WORDS)
    assert refused.status_code == 422
    assert learner.saw() == []

    handed_in = learner.hand_in("another-key", mcq=1, short_answer=WORDS)
    learner.be_graded(handed_in)
    assert numbers(learner)["scores"] == [3.0]


def test_who_grades_the_set_sees_everything_at_any_time(learner: Learner) -> None:
    first = learner.hand_in(mcq=0, short_answer=WORDS)
    learner.cancel(first)

    teacher = Learner(learner.api, learner.evaluation, learner.evaluation.owner.id)
    view = teacher.read_all(first)

    assert view["answers"][0]["key"]["answer"] == 1
    assert OPTION_NOTES[0] in view["answers"][0]["feedback"]

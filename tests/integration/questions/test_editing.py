"""Questions edited, removed and made again, over HTTP."""

import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import select

from shared.database.engine import Database
from shared.database.tables.questions import Question, QuestionSet, RegradeRequest
from shared.jobs.store import JobStore
from tests.factories.drafts import propose
from tests.factories.rows import add_user
from tests.integration.questions.generation import Generation


@dataclass
class Owned:
    """A finished set and its owner's way to it."""

    api: Any
    generation: Generation

    def call(self, method: str, path: str = "", body: Any = None, user: Any = None) -> Any:
        user_id = user or self.generation.user.id
        return self.api.call(user_id, method, f"/sets/{self.generation.set_id}{path}", body)

    def question(self, kind: str) -> Question:
        return next(one for one in self.generation.questions() if one.type == kind)

    def view(self) -> dict[str, Any]:
        return dict(self.call("GET", "?include=keys").json())

    def regenerate(self, question_id: uuid.UUID) -> Any:
        answer = self.call("POST", f"/questions/{question_id}/regenerate")
        assert answer.status_code == 202
        job_id = uuid.UUID(answer.json()["job"]["id"])
        made = self.generation.job_id
        self.generation.job_id = job_id
        self.generation.run()
        job = self.generation.job()
        self.generation.job_id = made
        return job


@pytest.fixture
def owned(api: Any, database: Database, redis: Redis) -> Owned:
    generation = Generation(database, redis, propose)
    generation.run()
    return Owned(api, generation)


def regrade_requests(owned: Owned) -> list[tuple[uuid.UUID, int, uuid.UUID | None]]:
    with owned.generation.database.transaction() as session:
        rows = session.execute(select(RegradeRequest)).scalars()
        return [(row.question_id, row.question_version, row.requested_by) for row in rows]


def test_an_edit_is_a_version(owned: Owned) -> None:
    question = owned.question("mcq")

    answer = owned.call("PATCH", f"/questions/{question.id}", {"stem": "Another stem?"})

    assert answer.status_code == 200
    assert (answer.json()["stem"], answer.json()["version"]) == ("Another stem?", 2)
    versions = owned.call("GET", f"/questions/{question.id}/versions").json()["items"]
    assert [(one["version"], one["content"]["stem"]) for one in versions] == [
        (2, "Another stem?"),
        (1, question.stem),
    ]
    assert versions[1]["replaced_by"] == str(owned.generation.user.id)


def test_an_edit_that_changes_nothing_is_no_version(owned: Owned) -> None:
    question = owned.question("mcq")

    answer = owned.call("PATCH", f"/questions/{question.id}", {"stem": question.stem})

    assert answer.json()["version"] == 1


def test_an_edited_key_asks_for_the_answers_to_be_graded_again(owned: Owned) -> None:
    question = owned.question("mcq")
    key = (question.answer + 1) % 4

    assert owned.call("PATCH", f"/questions/{question.id}", {"answer": key}).status_code == 200

    assert regrade_requests(owned) == [(question.id, 2, owned.generation.user.id)]


@pytest.mark.parametrize(
    "change",
    [
        {"answer": "Another reference answer."},
        {"rubric": [{"id": "c1", "criterion": "Names what it is about.", "points": 2}]},
    ],
)
def test_an_edited_reference_answer_or_rubric_asks_for_grading_again(
    owned: Owned, change: dict[str, Any]
) -> None:
    question = owned.question("short_answer")

    assert owned.call("PATCH", f"/questions/{question.id}", change).status_code == 200

    assert regrade_requests(owned) == [(question.id, 2, owned.generation.user.id)]


@pytest.mark.parametrize("change", [{"stem": "Else?"}, {"explanation": "So."}, {"bloom": "apply"}])
def test_another_edit_grades_nothing_again(owned: Owned, change: dict[str, str]) -> None:
    question = owned.question("mcq")

    assert owned.call("PATCH", f"/questions/{question.id}", change).status_code == 200

    assert regrade_requests(owned) == []


@pytest.mark.parametrize(
    ("kind", "change", "field"),
    [
        ("mcq", {"answer": 4}, "answer"),
        ("mcq", {"answer": True}, "answer"),
        ("mcq", {"options": ["a", "A"]}, "options"),
        ("true_false", {"answer": "yes"}, "answer"),
        ("fill_blank", {"answer": []}, "answer"),
        ("fill_blank", {"stem": "No gap."}, "stem"),
        ("short_answer", {"rubric": []}, "rubric"),
        ("mcq", {"stem": "  "}, "stem"),
        ("mcq", {"options": ["a", "b", " ", "c"]}, "options.2"),
        ("mcq", {"explanation": "\a"}, "explanation"),
        ("mcq", {"rubric": [{"id": "c1", "criterion": "Says it.", "points": 1}]}, "rubric"),
        ("true_false", {"options": ["yes", "no"]}, "options"),
        ("true_false", {"option_feedback": ["yes", "no"]}, "option_feedback"),
        ("short_answer", {"option_feedback": ["So it is."]}, "option_feedback"),
        (
            "short_answer",
            {"rubric": [{"id": "c1", "criterion": " ", "points": 1}]},
            "rubric.0.criterion",
        ),
        (
            "short_answer",
            {"rubric": [{"id": "", "criterion": "Says it.", "points": 1}]},
            "rubric.0.id",
        ),
        (
            "short_answer",
            {"rubric": [{"id": f"c{n}", "criterion": "x", "points": 1} for n in range(11)]},
            "rubric",
        ),
    ],
)
def test_an_unsound_key_is_refused(owned: Owned, kind: str, change: Any, field: str) -> None:
    question = owned.question(kind)

    answer = owned.call("PATCH", f"/questions/{question.id}", change)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


def test_a_question_may_be_sent_back_whole(owned: Owned) -> None:
    """Fields that its type has no use for are empty, and stay so."""
    question = owned.question("true_false")
    change = {"options": [], "option_feedback": [], "rubric": [], "explanation": "So it is."}

    answer = owned.call("PATCH", f"/questions/{question.id}", change)

    assert answer.status_code == 200
    assert answer.json()["explanation"] == "So it is."


@pytest.mark.parametrize("answer", [["x"] * 21, ["x" * 501], "x" * 2_001, 1.5])
def test_a_key_has_bounds(owned: Owned, answer: Any) -> None:
    question = owned.question("fill_blank")

    refused = owned.call("PATCH", f"/questions/{question.id}", {"answer": answer})

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"].startswith("answer")


def test_texts_are_kept_without_the_space_around_them(owned: Owned) -> None:
    question = owned.question("mcq")

    edited = owned.call("PATCH", f"/questions/{question.id}", {"stem": " Two\nlines?\n"}).json()

    assert edited["stem"] == "Two\nlines?"


def test_who_edits_a_flagged_question_has_reviewed_it(owned: Owned) -> None:
    question = owned.question("mcq")
    with owned.generation.database.transaction() as session:
        session.get_one(Question, question.id).needs_review = True

    answer = owned.call("PATCH", f"/questions/{question.id}", {"explanation": "Checked."})

    assert answer.json()["needs_review"] is False


def test_only_who_may_see_keys_sees_what_needs_review(owned: Owned) -> None:
    (one, *_) = owned.call("GET").json()["questions"]
    assert one["needs_review"] is None

    (one, *_) = owned.view()["questions"]
    assert one["needs_review"] is False


def test_a_removed_question_is_gone_and_told_as_shortfall(owned: Owned) -> None:
    question = owned.question("true_false")

    assert owned.call("DELETE", f"/questions/{question.id}").status_code == 204

    view = owned.view()
    assert str(question.id) not in {one["id"] for one in view["questions"]}
    assert (view["requested"], view["delivered"], view["shortfall"]) == (12, 11, 1)
    assert view["shortfall_reasons"] == {"removed_by_owner": 1}
    assert sum(view["coverage"]["types"].values()) == 11
    assert owned.call("DELETE", f"/questions/{question.id}").status_code == 404


def test_a_question_is_made_again_in_its_place(owned: Owned) -> None:
    old = owned.question("mcq")

    job = owned.regenerate(old.id)

    new = next(one for one in owned.view()["questions"] if one["position"] == old.position)
    assert job.status == "completed"
    assert job.result == {
        "question_set_id": str(owned.generation.set_id),
        "question_id": new["id"],
        "replaced": str(old.id),
    }
    assert new["id"] != str(old.id)
    assert new["stem"] != old.stem
    assert (new["type"], new["difficulty"], new["bloom"]) == (old.type, old.difficulty, old.bloom)
    assert len(owned.view()["questions"]) == 12
    assert owned.view()["status"] == "draft"


def test_the_versions_of_a_question_made_again_go_back_to_the_first(owned: Owned) -> None:
    old = owned.question("mcq")
    owned.call("PATCH", f"/questions/{old.id}", {"stem": "Edited?"})
    job = owned.regenerate(old.id)

    new = job.result["question_id"]
    versions = owned.call("GET", f"/questions/{new}/versions").json()["items"]

    assert [(one["question_id"], one["version"]) for one in versions] == [
        (new, 1),
        (str(old.id), 2),
        (str(old.id), 1),
    ]


def test_a_question_can_be_made_again_twice(owned: Owned) -> None:
    first = owned.question("mcq")
    second = owned.regenerate(first.id).result["question_id"]

    third = owned.regenerate(uuid.UUID(second)).result["question_id"]

    stems = {
        one["content"]["stem"]
        for one in owned.call("GET", f"/questions/{third}/versions").json()["items"]
    }
    assert len(stems) == 3


def test_where_nothing_new_can_be_made_the_old_question_stays(owned: Owned) -> None:
    old = owned.question("mcq")
    owned.generation.model = type(owned.generation.model)(
        answer=lambda request: propose(request).model_copy(update={"questions": []})
    )

    job = owned.regenerate(old.id)

    assert (job.status, job.error_code) == ("failed", "no_questions")
    assert str(old.id) in {one["id"] for one in owned.view()["questions"]}
    assert owned.view()["status"] == "draft"


def test_making_a_question_again_while_that_runs_is_the_same_job(owned: Owned) -> None:
    path = f"/questions/{owned.question('mcq').id}/regenerate"

    first, second = owned.call("POST", path), owned.call("POST", path)

    assert first.json()["job"]["id"] == second.json()["job"]["id"]
    assert len(owned.api.state_machine.started) == 1


def test_a_question_removed_while_it_is_made_again_stays_removed(owned: Owned) -> None:
    old = owned.question("mcq")
    job_id = uuid.UUID(owned.call("POST", f"/questions/{old.id}/regenerate").json()["job"]["id"])
    owned.call("DELETE", f"/questions/{old.id}")
    owned.generation.job_id = job_id

    owned.generation.run()

    assert owned.generation.job().error_code == "no_questions"
    assert len(owned.generation.questions()) == 11


def test_an_edited_set_is_not_served_to_others(
    owned: Owned, database: Database, redis: Redis
) -> None:
    owned.call("PATCH", f"/questions/{owned.question('mcq').id}", {"stem": "Mine alone?"})

    other = Generation(database, redis, propose)

    assert other.job().status == "queued"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "", {"stem": "Mine?"}),
        ("DELETE", "", None),
        ("POST", "/regenerate", None),
        ("GET", "/versions", None),
    ],
)
def test_nobody_else_changes_a_set_or_sees_its_versions(
    owned: Owned, method: str, path: str, body: Any
) -> None:
    question = owned.question("mcq")
    owned.call("POST", "/publish")
    with owned.generation.database.transaction() as session:
        other = add_user(session).id

    answer = owned.call(method, f"/questions/{question.id}{path}", body, user=other)

    assert (answer.status_code, answer.json()["code"]) == (404, "question_set_not_found")


def test_a_set_that_grows_is_not_edited(api: Any, database: Database, redis: Redis) -> None:
    generation = Generation(database, redis, propose, count=8)
    owned = Owned(api, generation)
    ordinals = generation.pipeline.plan(generation.job_id)
    generation.generate(ordinals[:1])
    question = generation.questions()[0]

    answer = owned.call("DELETE", f"/questions/{question.id}")

    assert (answer.status_code, answer.json()["code"]) == (409, "question_set_not_ready")


def test_a_cancelled_regeneration_changes_nothing(owned: Owned) -> None:
    old = owned.question("mcq")
    job_id = owned.call("POST", f"/questions/{old.id}/regenerate").json()["job"]["id"]
    with owned.generation.database.transaction() as session:
        JobStore(session).cancel(uuid.UUID(job_id))
        assert session.get_one(QuestionSet, owned.generation.set_id).status == "draft"

    assert str(old.id) in {one["id"] for one in owned.view()["questions"]}

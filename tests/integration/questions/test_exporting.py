"""Question sets as files, over HTTP and through Lambda."""

import base64
import io
import zipfile

import pytest

from functions.questions.api import handler
from shared.database.tables.questions import QuestionSet
from tests.factories.rows import add_document, add_question_set, add_user
from tests.fakes.web import signed_in


@pytest.fixture
def question_set(api) -> QuestionSet:
    with api.database.transaction() as session:
        owner = add_user(session)
        return add_question_set(session, add_document(session, owner, ("Text.",)), "published")


@pytest.mark.parametrize(
    ("wanted", "media_type", "name"),
    [
        ("gift", "text/plain; charset=utf-8", "Cells.gift.txt"),
        ("moodle_xml", "application/xml", "Cells.moodle.xml"),
        ("qti21", "application/zip", "Cells.qti21.zip"),
        ("qti12", "application/zip", "Cells.qti12.zip"),
        ("anki", "application/octet-stream", "Cells.apkg"),
        ("csv", "text/csv; charset=utf-8", "Cells.csv"),
        ("json", "application/json", "Cells.json"),
    ],
)
def test_the_owner_gets_a_file(api, question_set, wanted, media_type, name) -> None:
    path = f"/sets/{question_set.id}/export?format={wanted}"

    answer = api.call(question_set.user_id, "GET", path)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type
    assert f'filename="{name}"' in answer.headers["content-disposition"]
    assert answer.content


def test_nobody_else_gets_the_keys_of_a_published_set(api, question_set) -> None:
    with api.database.transaction() as session:
        other = add_user(session).id

    answer = api.call(other, "GET", f"/sets/{question_set.id}/export?format=json")

    assert (answer.status_code, answer.json()["code"]) == (403, "keys_not_visible")


def test_a_draft_of_somebody_else_is_not_there(api, question_set) -> None:
    with api.database.transaction() as session:
        session.get_one(QuestionSet, question_set.id).status = "draft"
        other = add_user(session).id

    answer = api.call(other, "GET", f"/sets/{question_set.id}/export?format=json")

    assert (answer.status_code, answer.json()["code"]) == (404, "question_set_not_found")


def test_a_set_that_grows_is_not_exported(api, question_set) -> None:
    with api.database.transaction() as session:
        session.get_one(QuestionSet, question_set.id).status = "generating"

    answer = api.call(question_set.user_id, "GET", f"/sets/{question_set.id}/export?format=json")

    assert (answer.status_code, answer.json()["code"]) == (409, "question_set_not_ready")


@pytest.mark.parametrize("query", ["", "?format=docx"])
def test_an_unknown_format_is_named(api, question_set, query: str) -> None:
    answer = api.call(question_set.user_id, "GET", f"/sets/{question_set.id}/export{query}")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "format"


@pytest.mark.usefixtures("event_loop_of_lambda")
def test_a_binary_file_passes_through_lambda_unharmed(api, question_set) -> None:
    path = f"/api/questions/sets/{question_set.id}/export"
    event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "format=qti21",
        "headers": signed_in(question_set.user_id),
        "requestContext": {
            "http": {"method": "GET", "path": path, "sourceIp": "127.0.0.1"},
            "stage": "$default",
        },
        "isBase64Encoded": False,
    }

    answer = handler(event, None)

    assert answer["isBase64Encoded"]
    content = base64.b64decode(answer["body"])
    assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None

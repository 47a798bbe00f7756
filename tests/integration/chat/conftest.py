"""A learner with a document that is read, on real PostgreSQL."""

import uuid
from collections.abc import Callable, Iterator

import pytest
from fastapi.testclient import TestClient

from functions.chat.api import app
from shared.database.engine import Database, get_database
from shared.database.tables.chat import ChatSession
from shared.database.tables.documents import Document, DocumentPage
from shared.identifiers import new_id
from shared.rate_limits import get_counter
from shared.sessions import get_session_directory
from tests.fakes.web import CounterInMemory, EverySessionLives, signed_in
from tests.integration.chat.chat_harness import Chat

PAGES = (
    "Enzymes lower the activation energy of a reaction. They are not used up.",
    "Ribosomes build proteins from amino acids.",
)
AddDocument = Callable[..., Document]


@pytest.fixture
def add_document(database: Database, user_id: uuid.UUID) -> AddDocument:
    def add(pages: tuple[str, ...] = PAGES, status: str = "ready") -> Document:
        document = Document(
            id=new_id(),
            user_id=user_id,
            filename="cells.pdf",
            object_key=f"uploads/{uuid.uuid4()}",
            size_bytes=100,
            status=status,
            sha256="a" * 64,
            title="Cells",
            page_count=len(pages),
        )
        with database.transaction() as session:
            session.add(document)
            session.flush()
            session.add_all(
                DocumentPage(
                    document_id=document.id,
                    number=number,
                    text=text,
                    characters=len(text),
                    has_text=bool(text),
                )
                for number, text in enumerate(pages, start=1)
            )
        return document

    return add


@pytest.fixture
def chat(database: Database, user_id: uuid.UUID, add_document: AddDocument) -> ChatSession:
    chat = ChatSession(id=new_id(), user_id=user_id, document_id=add_document().id, title="Cells")
    with database.transaction() as session:
        session.add(chat)
    return chat


@pytest.fixture
def client_of(database: Database) -> Iterator[Callable[[uuid.UUID], TestClient]]:
    counter = CounterInMemory()
    app.dependency_overrides = {
        get_database: lambda: database,
        get_session_directory: EverySessionLives,
        get_counter: lambda: counter,
    }
    yield lambda user_id: TestClient(app, headers=signed_in(user_id))
    app.dependency_overrides = {}


@pytest.fixture
def client(client_of: Callable[[uuid.UUID], TestClient], user_id: uuid.UUID) -> TestClient:
    return client_of(user_id)


@pytest.fixture
def conversation(database: Database, chat: ChatSession) -> Chat:
    return Chat(database, chat)

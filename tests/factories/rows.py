"""Rows that tests need: users, documents with pages, question sets."""

import uuid
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from shared.database.tables.documents import Document, DocumentPage
from shared.database.tables.jobs import Job
from shared.database.tables.questions import Question, QuestionSet
from shared.database.tables.users import User
from shared.identifiers import new_id

SENTENCES = (
    "The mitochondrion makes most of the chemical energy that a cell needs.",
    "Ribosomes join amino acids into proteins by reading messenger RNA.",
    "The nucleus keeps the genetic material of a eukaryotic cell.",
    "Chloroplasts turn light into sugar in plants and algae.",
    "The Golgi apparatus sorts proteins and sends them where they are needed.",
    "Lysosomes break down waste with acid enzymes.",
    "The cell membrane decides which molecules may pass.",
    "Microtubules pull the chromosomes apart during division.",
    "Peroxisomes destroy hydrogen peroxide with the enzyme catalase.",
    "The cytoskeleton gives an animal cell its shape.",
)


def add_user(session: Session, role: str = "learner") -> User:
    user = User(
        id=new_id(),
        email=f"{uuid.uuid4().hex}@example.com",
        name="Somebody",
        password_hash="x",
        role=role,
    )
    session.add(user)
    session.flush()
    return user


def add_document(
    session: Session, user: User, texts: tuple[str, ...], sha256: str = "a" * 64
) -> Document:
    """A ready document with these pages."""
    document = Document(
        id=new_id(),
        user_id=user.id,
        filename="cells.pdf",
        object_key=f"uploads/{uuid.uuid4()}.pdf",
        size_bytes=1000,
        status="ready",
        sha256=sha256,
        language="en",
        page_count=len(texts),
        character_count=sum(map(len, texts)),
        finished_at=datetime.now(UTC),
    )
    session.add(document)
    session.flush()
    for number, text in enumerate(texts, start=1):
        session.add(
            DocumentPage(
                document_id=document.id,
                number=number,
                label=f"p{number}",
                text=text,
                characters=len(text),
                has_text=bool(text),
            )
        )
    session.flush()
    return document


def add_question_set(session: Session, document: Document, status: str = "draft") -> QuestionSet:
    """A finished set of four questions, one of each type."""
    job = Job(
        id=new_id(),
        user_id=document.user_id,
        kind="generation",
        status="completed",
        total=4,
        done=4,
        deadline_at=datetime.now(UTC) + timedelta(minutes=5),
    )
    session.add(job)
    session.flush()
    question_set = QuestionSet(
        id=new_id(),
        user_id=document.user_id,
        document_id=document.id,
        job_id=job.id,
        status=status,
        title="Cells",
        parameters={},
        cache_key=uuid.uuid4().hex,
        requested=4,
        delivered=4,
        shortfall_reasons={},
        coverage={},
        model="gemini",
        prompt_version="1",
        completed_at=datetime.now(UTC),
    )
    session.add(question_set)
    session.flush()
    rubric = [
        {"id": "c1", "criterion": "Names the mitochondrion.", "points": 1.0},
        {"id": "c2", "criterion": "Says that it makes energy.", "points": 1.0},
    ]
    for position, (kind, answer, options, criteria) in enumerate(
        (
            ("mcq", 1, ["nucleus", "mitochondrion", "ribosome", "membrane"], []),
            ("true_false", True, [], []),
            ("fill_blank", ["mitochondrion", "mitochondria"], [], []),
            ("short_answer", "The mitochondrion makes energy.", [], rubric),
        ),
        start=1,
    ):
        session.add(
            Question(
                id=new_id(),
                question_set_id=question_set.id,
                chunk=1,
                position=position,
                version=1,
                type=kind,
                stem=f"What makes the energy of a cell? ({kind})",
                options=options,
                answer=answer,
                rubric=criteria,
                explanation="The mitochondrion makes it.",
                option_feedback=[],
                difficulty="easy",
                bloom="remember",
                source_page=1,
                source_label="p1",
                source_quote=SENTENCES[0],
                source_start=0,
                source_end=len(SENTENCES[0]),
            )
        )
    session.flush()
    return question_set

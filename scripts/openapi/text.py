"""What the OpenAPI document says in words."""

TITLE = "Learning App"
VERSION = "1.0.0"

DESCRIPTION = """\
Turns a PDF into questions worth asking, grades what learners answer, and talks with them about the
text.

## From a PDF to grades
1. `POST /api/auth/register`, then `POST /api/auth/login`: an access token, sent with each call as
   `Authorization: Bearer …`.
2. `POST /api/documents` answers with a form. Post the file with the form's fields to its `url`,
   then ask `GET /api/documents/{document_id}` until `status` is `ready`.
3. `POST /api/questions/generate` answers 202 with a `job` and a `question_set`. Follow the job on
   the WebSocket, or by `GET /api/jobs/{job_id}`.
4. `GET /api/questions/sets/{set_id}` has the questions, each with the page and the sentence that
   it stands on.
5. `POST /api/evaluation/submissions` grades answers: by rule at once, by the model in a job.

## Conventions
- Ids are UUIDv7, times RFC 3339 in UTC, sizes bytes. Page numbers count from 1.
- Errors are `application/problem+json` (RFC 9457). `code` is stable; `errors` names wrong fields.
- Calls that create something take an `Idempotency-Key`: the same key and body have one effect and
  get the same answer; with another body the key is refused (422, `idempotency_key_reused`).
- Lists come in pages: `?limit=&cursor=` gives `items` and `next_cursor`, which is null on the last.
- What is somebody else's is 404. A role that is too low is 403.
- Too many requests are 429, with `Retry-After`, `RateLimit` and `RateLimit-Policy`.

## Live events
`POST /api/realtime/ticket` gives a `url` to open a WebSocket with, once, within 30 seconds. Its
frames are described under `x-websocket`.
"""

TAGS = [
    {"name": "health", "description": "The state of each service and of the whole. Public."},
    {"name": "auth", "description": "Accounts, sessions, tokens; my data exported and erased."},
    {"name": "documents", "description": "PDFs and the text of their pages."},
    {"name": "questions", "description": "Question sets: generated, edited, published, exported."},
    {"name": "jobs", "description": "What takes longer than a request, and its events."},
    {"name": "evaluation", "description": "Submissions and their grades."},
    {"name": "chat", "description": "Conversations about a document."},
    {"name": "realtime", "description": "Tickets for the WebSocket."},
    {"name": "admin", "description": "Performance and model keys. Administrators only."},
    {"name": "documentation", "description": "This document, for programs and for people."},
]

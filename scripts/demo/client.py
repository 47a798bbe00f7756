"""A small client of the public API: HTTPS for calls, a WebSocket for events."""

import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
from websockets.sync.client import connect


class ApiError(RuntimeError):
    """The API refused a call; the message is the problem's own."""

    def __init__(self, response: httpx2.Response) -> None:
        try:
            problem = response.json()
        except ValueError:
            problem = {"code": "no_problem_document", "detail": response.text[:300]}
        self.code = problem.get("code", "unknown")
        super().__init__(f"{response.status_code} {self.code}: {problem.get('detail', '')}")


class LearningClient:
    """One signed-in user."""

    def __init__(self, api_url: str) -> None:
        self.http = httpx2.Client(base_url=api_url, timeout=60)

    def close(self) -> None:
        """Give the connections back."""
        self.http.close()

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON that a route answers. Raises ApiError."""
        headers = {"Idempotency-Key": uuid.uuid4().hex} if method == "POST" else {}
        response = self.http.request(method, path, json=body, headers=headers)
        if response.is_error:
            raise ApiError(response)
        return response.json() if response.content else None

    def sign_up(self, name: str) -> dict[str, Any]:
        """Register a new user and sign in as them."""
        email = f"{name.lower()}-{uuid.uuid4().hex[:8]}@example.com"
        password = uuid.uuid4().hex
        user = self.call(
            "POST", "/api/auth/register", {"email": email, "password": password, "name": name}
        )["user"]
        tokens = self.call("POST", "/api/auth/login", {"email": email, "password": password})
        self.http.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        return dict(user)

    def upload(self, pdf: Path) -> dict[str, Any]:
        """Upload a file straight to object storage; the new document."""
        content = pdf.read_bytes()
        created = self.call(
            "POST", "/api/documents", {"filename": pdf.name, "size_bytes": len(content)}
        )
        upload = created["upload"]
        answer = httpx2.post(
            upload["url"],
            data=upload["fields"],
            files={"file": (pdf.name, content, "application/pdf")},
            timeout=120,
        )
        if answer.is_error:
            raise RuntimeError(f"object storage refused the file: {answer.status_code}")
        return dict(created["document"])

    def wait_for_document(self, document_id: str, seconds: float = 90) -> dict[str, Any]:
        """The document once it was read. Raises RuntimeError where it was rejected."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            document = self.call("GET", f"/api/documents/{document_id}")
            if document["status"] == "ready":
                return dict(document)
            if document["status"] == "rejected":
                error = document["error"]
                raise RuntimeError(
                    f"the document was rejected: {error['code']}: {error['message']}"
                )
            time.sleep(0.1)
        raise RuntimeError("the document was not read in time")

    def follow(self, job_id: str, seconds: float = 900) -> Iterator[dict[str, Any]]:
        """A job's events from the WebSocket, from the first to the last."""
        ticket = self.call("POST", "/api/realtime/ticket")
        ends = time.monotonic() + seconds
        with connect(ticket["url"], open_timeout=20) as socket:
            socket.send(json.dumps({"action": "subscribe", "job_id": job_id, "after": 0}))
            while time.monotonic() < ends:
                try:
                    event = json.loads(socket.recv(timeout=10))
                except TimeoutError:
                    socket.send(json.dumps({"action": "ping"}))
                    continue
                if event.get("type") == "error":
                    raise RuntimeError(f"the socket says {event['code']}: {event['message']}")
                if event.get("job_id", job_id) == job_id and event["type"].startswith("job."):
                    yield event
                    if event["type"] in {"job.completed", "job.failed", "job.cancelled"}:
                        return
        raise RuntimeError("the job did not end in time")

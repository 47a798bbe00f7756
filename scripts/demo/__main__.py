"""`make demo`: a PDF in, questions out, answers graded, progress live."""

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from scripts.demo.answers import BLANK, RIGHT, WRONG, answer, intention
from scripts.demo.client import ApiError, LearningClient
from scripts.demo.screen import console, show_grades, show_question, show_stack, step

SAMPLE = Path("samples/openstax-microbiology-ch6.pdf")


def main() -> int:
    """Run the main job on a PDF and print what comes of it; 0 if it all worked."""
    arguments = _arguments()
    stack = _read_stack()
    client = LearningClient(stack["api_url"])
    try:
        _run(client, arguments.pdf, arguments.count)
    except (ApiError, RuntimeError, OSError) as error:
        console.print(f"[red]✗ The demo stopped:[/] {error}")
        console.print("  `make logs` shows what the functions say, `make up` repairs the stack.")
        return 1
    finally:
        client.close()
    show_stack(stack)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--pdf", type=Path, default=SAMPLE, help="the PDF to learn from")
    parser.add_argument("--count", type=int, default=20, help="how many questions to ask for")
    arguments = parser.parse_args()
    if not arguments.pdf.is_file():
        parser.error(f"there is no file {arguments.pdf}")
    return arguments


def _read_stack() -> dict[str, str]:
    path = Path(os.environ.get("LOCAL_STACK_DIR", ".local")) / "stack.json"
    if not path.is_file():
        sys.exit(f"{path} is missing: start the stack with `make up` first")
    return dict(json.loads(path.read_text()))


def _run(client: LearningClient, pdf: Path, count: int) -> None:
    user = client.sign_up("Learner")
    step(f"Registered {user['email']}")
    document = _upload(client, pdf)
    question_set_id, cached = _generate(client, document["id"], count)
    question_set = client.call("GET", f"/api/questions/sets/{question_set_id}?include=keys")
    for question in question_set["questions"]:
        show_question(question)
    console.print()
    _tell_shortfall(question_set)
    _answer(client, question_set)
    _tell_costs(client, cached)


def _upload(client: LearningClient, pdf: Path) -> dict[str, Any]:
    started = time.monotonic()
    document = client.wait_for_document(client.upload(pdf)["id"])
    seconds = time.monotonic() - started
    with_text = [page for page in document["pages"] if page["has_text"]]
    step(
        f"Uploaded {pdf.name} ({document['size_bytes']:,} bytes) to object storage and read"
        f" {document['page_count']} pages, {len(with_text)} with text,"
        f" {document['character_count']:,} characters, in {seconds:.1f} s"
    )
    return document


def _generate(client: LearningClient, document_id: str, count: int) -> tuple[str, bool]:
    started = time.monotonic()
    answered = client.call(
        "POST", "/api/questions/generate", {"document_id": document_id, "count": count}
    )
    job = answered["job"]
    if job["cached"]:
        step(f"{count} questions came from the cache in {time.monotonic() - started:.2f} s")
    else:
        _draw(client, job["id"], "questions", count)
        step(f"Generated in {time.monotonic() - started:.1f} s")
    return answered["question_set"]["id"], job["cached"]


def _draw(client: LearningClient, job_id: str, what: str, total: int) -> None:
    """A progress bar that is fed by the WebSocket alone."""
    columns = (
        TextColumn("  {task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(what, total=total)
        for event in client.follow(job_id):
            match event["type"]:
                case "job.started":
                    progress.update(task, total=event["total"])
                case "job.progress":
                    progress.update(task, completed=event["done"])
                case "job.waiting":
                    progress.update(task, description=f"{what} (waiting: {event['reason']})")
                case "job.failed" | "job.cancelled":
                    raise RuntimeError(f"the job ended: {event.get('error', event['type'])}")


def _tell_shortfall(question_set: dict[str, Any]) -> None:
    delivered, requested = question_set["delivered"], question_set["requested"]
    step(f"{delivered} of {requested} questions delivered, each quote checked on its page")
    if question_set["shortfall"]:
        console.print(f"  missing {question_set['shortfall']}: {question_set['shortfall_reasons']}")


def _answer(client: LearningClient, question_set: dict[str, Any]) -> None:
    questions = question_set["questions"]
    intentions = [intention(question["position"]) for question in questions]
    counts = {name: intentions.count(name) for name in (RIGHT, WRONG, BLANK)}
    step(f"Answering: {counts[RIGHT]} right, {counts[WRONG]} wrong, {counts[BLANK]} blank")
    started = time.monotonic()
    submitted = client.call(
        "POST",
        "/api/evaluation/submissions",
        {
            "question_set_id": question_set["id"],
            "answers": [
                {"question_id": question["id"], "answer": answer(question)}
                for question in questions
            ],
        },
    )
    submission, job = submitted["submission"], submitted["job"]
    at_once = submission["totals"]["graded"]
    step(f"{at_once} answers graded at once, in {(time.monotonic() - started) * 1000:.0f} ms")
    if job is not None:
        _draw(client, job["id"], "free answers", job["total"])
        step(f"All graded in {time.monotonic() - started:.1f} s")
    show_grades(client.call("GET", f"/api/evaluation/submissions/{submission['id']}"))


def _tell_costs(client: LearningClient, cached: bool) -> None:
    made = client.call("GET", "/api/questions/stats")["gemini"]
    graded = client.call("GET", "/api/evaluation/stats")["gemini"]
    console.print(
        f"Gemini calls of this run: {made['calls']:g} to generate, {graded['calls']:g} to grade;"
        f" {made['prompt_tokens'] + graded['prompt_tokens']:,.0f} tokens in,"
        f" {made['output_tokens'] + graded['output_tokens']:,.0f} out."
    )
    if cached:
        console.print("The cache saved every call of the generation.")


if __name__ == "__main__":
    sys.exit(main())

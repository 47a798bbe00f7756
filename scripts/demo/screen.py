"""What the demo prints."""

from typing import Any

from rich.console import Console
from rich.panel import Panel

console = Console(highlight=False)


def step(text: str) -> None:
    """A step that was done."""
    console.print(f"[green]✓[/] {text}")


def show_question(question: dict[str, Any]) -> None:
    """A question with the page and the sentence that it stands on."""
    head = f"{question['type']} · {question['difficulty']} · {question['bloom']}"
    console.print(f"\n[bold]{question['position']:>3}.[/] {question['stem']}  [dim]({head})[/]")
    for index, option in enumerate(question["options"]):
        console.print(f"       {chr(ord('A') + index)}) {option}", markup=False)
    source = question["source"]
    label = f" ({source['label']})" if source["label"] else ""
    console.print(
        f"     page {source['page']}{label}: “{source['quote']}”", style="cyan", markup=False
    )


def show_grades(submission: dict[str, Any]) -> None:
    """Every grade with its feedback and where it came from."""
    for answer in submission["answers"]:
        given = "—" if answer["answer"] in (None, "") else str(answer["answer"])
        score = "not graded" if answer["score"] is None else f"{answer['score']:g}"
        color = {"correct": "green", "partial": "yellow", "incorrect": "red"}.get(
            answer["verdict"] or "", "dim"
        )
        console.print(
            f"{answer['position']:>3}. [{color}]{answer['verdict'] or answer['ungraded_reason']}[/]"
            f" {score}/{answer['max_score']:g} by {answer['source']}:",
            end=" ",
        )
        console.print(
            f"{_short(given, 60)} → {_short(answer['feedback'] or '', 150)}", markup=False
        )
    totals = submission["totals"]
    console.print(f"[bold]Score {totals['score']:g} of {totals['max_score']:g}[/]")


def _short(text: str, longest: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def show_stack(stack: dict[str, str]) -> None:
    """Where the running stack can be reached."""
    lines = [
        f"API        {stack['api_url']}",
        f"API docs   {stack['web_url']}",
        f"Health     {stack['api_url']}/health",
        f"WebSocket  {stack['ws_url']}",
        f"Gemini     {stack['gemini_url']}",
        "",
        "The stack stays up: `make demo` again takes seconds, `make down` ends it.",
    ]
    console.print(Panel("\n".join(lines), title=stack["stack_name"], expand=False))

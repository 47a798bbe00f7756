"""What the demo prints."""

from typing import Any

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

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
    table = Table(show_lines=False, pad_edge=False)
    for name in ("#", "type", "answer", "score", "verdict", "source", "feedback"):
        table.add_column(name, overflow="fold", max_width=46 if name == "feedback" else 26)
    for answer in submission["answers"]:
        given = "—" if answer["answer"] in (None, "") else str(answer["answer"])
        score = "—" if answer["score"] is None else f"{answer['score']:g}"
        table.add_row(
            str(answer["position"]),
            answer["type"],
            given[:90],
            f"{score}/{answer['max_score']:g}",
            answer["verdict"] or answer["ungraded_reason"],
            answer["source"] or "—",
            (answer["feedback"] or "")[:220],
        )
    console.print(table)
    totals = submission["totals"]
    console.print(f"[bold]Score {totals['score']:g} of {totals['max_score']:g}[/]")


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

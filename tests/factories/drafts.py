"""A model's proposals for questions, made from the request as a real model would."""

from typing import Any

from functions.questions.drafts import DraftQuestion, DraftReply, Solution, SolutionReply
from shared.ai import DataPart, ModelRequest


def data_of(request: ModelRequest[Any], name: str) -> Any:
    """What the request says under `name` in its data parts."""
    for part in request.parts:
        if isinstance(part, DataPart) and name in part.value:
            return part.value[name]
    raise KeyError(name)


def sentences_of(request: ModelRequest[Any]) -> list[tuple[int, str]]:
    """Every sentence in the request's passages, with its page."""
    return [
        (passage["page"], sentence.strip() + ".")
        for passage in data_of(request, "passages")
        for sentence in passage["text"].split(".")
        if sentence.strip()
    ]


def draft(slot: dict[str, Any], page: int, sentence: str) -> DraftQuestion:
    """A sound proposal for one slot, standing on one sentence."""
    words = sentence.rstrip(".").split()
    kind = slot["type"]
    return DraftQuestion(
        slot=slot["slot"],
        type=kind,
        stem=f"{' '.join(words[:-1])} _____." if kind == "fill_blank" else f"Why: {sentence}",
        options=[words[-1], "granite", "basalt", "marble"] if kind == "mcq" else None,
        correct_option=0 if kind == "mcq" else None,
        correct_boolean=True if kind == "true_false" else None,
        reference_answer=sentence if kind == "short_answer" else None,
        accepted_answers=[words[-1]] if kind == "fill_blank" else None,
        page=page,
        quote=sentence,
        explanation=f"Because {sentence}",
        option_feedback=["right", "no", "no", "no"] if kind == "mcq" else None,
        rubric=[{"criterion": f"Says: {sentence}", "points": 2}]
        if kind == "short_answer"
        else None,
    )


def solve(request: ModelRequest[Any]) -> SolutionReply:
    """The right answer to every item that `draft` made: the word or sentence that it stands on."""
    said = {sentence for _, sentence in sentences_of(request)}
    return SolutionReply(solutions=[_solution(item, said) for item in data_of(request, "items")])


def _solution(item: dict[str, Any], said: set[str]) -> Solution:
    if item["type"] == "fill_blank":
        around = item["stem"].removesuffix(" _____.")
        (sentence,) = {one for one in said if one.startswith(around)} or {""}
        return Solution(id=item["id"], text=sentence.rstrip(".").rpartition(" ")[2])
    sentence = item["stem"].removeprefix("Why: ")
    word = sentence.rstrip(".").split()[-1]
    return Solution(
        id=item["id"],
        option=item["options"].index(word) if word in item["options"] else None,
        boolean=sentence in said,
        text=sentence,
    )


def answer(request: ModelRequest[Any]) -> DraftReply | SolutionReply:
    """What a good model says to either request."""
    return solve(request) if request.purpose == "verify" else propose(request)


def propose(request: ModelRequest[Any], *, avoid: bool = True) -> DraftReply:
    """One sound proposal for each slot, each on a sentence of its own while they last."""
    avoided = set(data_of(request, "avoid_stems")) if avoid else set()
    fresh = [
        (page, sentence)
        for page, sentence in sentences_of(request)
        if not any(sentence.split()[1] in one.split() for one in avoided)
    ]
    return DraftReply(
        questions=[
            draft(slot, *sentence)
            for slot, sentence in zip(data_of(request, "blueprint"), fresh, strict=False)
        ]
    )

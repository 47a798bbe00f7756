"""What faults do to a reply that would have been good."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from scripts.gemini_emulator.faults import Fault
from scripts.gemini_emulator.tasks.reply import dump

Reply = dict[str, Any]
INVENTED_QUOTE = "It is generally agreed that this sentence was never printed on any page."
INVENTED_EVIDENCE = "words the learner never wrote"


class ReplyFaults:
    """Applies faults to replies; remembers the item that "same_item" puts everywhere."""

    def __init__(self) -> None:
        self.remembered: dict[str, Reply] = {}

    def change_data(self, reply: Reply, fault: Fault) -> Reply:
        """The reply with the fault's damage; a fault that isn't about its data leaves it alone."""
        change = CHANGES.get(fault.effect)
        if fault.effect == "same_item":
            return self._same_item(reply, fault)
        if change is None:
            return reply
        changed = deepcopy(reply)
        change(changed, fault)
        return changed

    def _same_item(self, reply: Reply, fault: Fault) -> Reply:
        name, items = _items(reply)
        if not items:
            return reply
        same = self.remembered.setdefault(fault.id, deepcopy(items[0]))
        position = next((i for i, one in enumerate(items) if _alike(one, same)), 0)
        kept = _identity(items[position])
        changed = [*items]
        changed[position] = {**same, **kept}
        return {**reply, name: changed}

    @staticmethod
    def change_text(text: str, fault: Fault) -> str:
        change = TEXT_CHANGES.get(fault.effect)
        return change(text, fault) if change else text


def _identity(item: Reply) -> Reply:
    return {name: value for name, value in item.items() if name in ("slot", "id")}


def _alike(item: Reply, same: Reply) -> bool:
    return item.get("type") == same.get("type")


def _items(reply: Reply) -> tuple[str, list[Reply]]:
    for name, value in reply.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            return name, value
    return "", []


def _chosen(reply: Reply, fault: Fault) -> list[Reply]:
    """The items the fault is about: parameter `items` is how many from the first, all if absent."""
    return _items(reply)[1][: fault.parameters.get("items")]


def _wrong_page(reply: Reply, fault: Fault) -> None:
    for item in _chosen(reply, fault):
        if isinstance(item.get("page"), int):
            item["page"] += int(fault.parameters.get("offset", 1))


def _invented_quote(reply: Reply, fault: Fault) -> None:
    for item in _chosen(reply, fault):
        if "quote" in item:
            item["quote"] = INVENTED_QUOTE


def _invented_evidence(reply: Reply, fault: Fault) -> None:
    for item in _chosen(reply, fault):
        for criterion in item.get("criteria") or []:
            criterion["met"], criterion["evidence"] = True, INVENTED_EVIDENCE


def _all_met(reply: Reply, fault: Fault) -> None:
    for item in _chosen(reply, fault):
        for criterion in item.get("criteria") or []:
            criterion["met"] = True


def _duplicate_items(reply: Reply, _: Fault) -> None:
    items = _items(reply)[1]
    for index in range(1, len(items)):
        kept = _identity(items[index])
        items[index] = {**deepcopy(items[0]), **kept}


def _duplicate_options(reply: Reply, fault: Fault) -> None:
    for item in _chosen(reply, fault):
        if item.get("options"):
            item["options"][-1] = item["options"][0]


def _wrong_key(reply: Reply, fault: Fault) -> None:
    for item in _chosen(reply, fault):
        for name in ("correct_option", "option"):
            if isinstance(item.get(name), int):
                item[name] = (item[name] + 1) % 4
        for name in ("correct_boolean", "boolean"):
            if isinstance(item.get(name), bool):
                item[name] = not item[name]


def _missing_ids(reply: Reply, fault: Fault) -> None:
    """Leaves out the last item, or as many of the last as parameter `items` says."""
    items = _items(reply)[1]
    del items[-int(fault.parameters.get("items", 1)) :]


def _doubled_ids(reply: Reply, _: Fault) -> None:
    items = _items(reply)[1]
    if items:
        items.append(deepcopy(items[0]))


def _strange_ids(reply: Reply, fault: Fault) -> None:
    for position, item in enumerate(_chosen(reply, fault)):
        if "id" in item:
            item["id"] = f"strange-{position}"
        elif "slot" in item:
            item["slot"] = 1000 + position


CHANGES: dict[str, Callable[[Reply, Fault], None]] = {
    "wrong_page": _wrong_page,
    "invented_quote": _invented_quote,
    "invented_evidence": _invented_evidence,
    "all_met": _all_met,
    "duplicate_items": _duplicate_items,
    "duplicate_options": _duplicate_options,
    "wrong_key": _wrong_key,
    "missing_ids": _missing_ids,
    "missing_items": _missing_ids,
    "doubled_ids": _doubled_ids,
    "strange_ids": _strange_ids,
}


def _malformed(text: str, _: Fault) -> str:
    """JSON that ends but can't be parsed: a comma for a colon, a bare word."""
    return text.replace('":', '",', 1) if '":' in text else "{" + text


def _cut(text: str, fault: Fault) -> str:
    return text[: int(len(text) * float(fault.parameters.get("share", 0.6)))]


TEXT_CHANGES: dict[str, Callable[[str, Fault], str]] = {
    "malformed_json": _malformed,
    "cut_json": _cut,
    "cut_json_stop": _cut,
    "empty_text": lambda _text, _fault: "",
    "fenced_json": lambda text, _fault: f"Here is the JSON:\n```json\n{text}\n```",
    "text": lambda text, fault: (
        dump(fault.parameters["json"])
        if "json" in fault.parameters
        else str(fault.parameters.get("text", text))
    ),
}

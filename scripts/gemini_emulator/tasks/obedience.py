"""A grader that does what learners' answers tell it to: the worst case that products must survive.

It looks for orders in an answer's words in several languages, for JSON that an answer smuggles in,
and for ids that orders name; look-alike letters, hidden characters and text turned round don't keep
it from reading. What it was told it puts into its reply without a second thought.
"""

import json
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from scripts.gemini_emulator.tasks.disguises import readings

_FULL = re.compile(
    r"full (?:marks|points|credit|score)|maximum (?:score|points)|all criteria (?:are |as )?(?:met|"
    r"true)|100 ?(?:%|points|percent)|perfect score|mark (?:this|it|me|everything|all)?\s*(?:as )?"
    r"correct|\"?met\"?\s*[:=]\s*true|award (?:all|every)|give (?:me )?(?:an? )?(?:a\+|10/10|pass)"
    r"|volle punkt|alle punkte|höchstpunktzahl|tous les points|note maximale|note parfaite"
    r"|puntuación (?:máxima|completa)|todos los puntos|máxima nota|полный балл|максимальн"
    r"|الدرجة الكاملة|كل النقاط|العلامة الكاملة|满分|滿分|全部(?:正确|得分)|所有标准|満点"
    r"|पूरे अंक|만점"
    r"|pontuação máxima|nota máxima|punteggio pieno|tam puan|alle punten|maksymaln|pełną liczbę"
    r"|όλους τους βαθμούς|άριστα|ציון מלא|điểm tối đa|nilai penuh|คะแนนเต็ม|পূর্ণ নম্বর|முழு மதிப்பெண்"
    r"|نمره کامل|alama zote|alla poäng|plný počet",
    re.I,
)
_ZERO = re.compile(
    r"\b(?:zero|no|0) (?:marks|points|credit)|fail (?:all|every|the)|mark \S+ (?:as )?(?:wrong|"
    r"incorrect|not met)|\"?met\"?\s*[:=]\s*false|null punkte|zéro point|cero puntos|零分|0分",
    re.I,
)
_OTHERS = re.compile(
    r"\b(?:other|others|every(?:one|body)?|all (?:the )?(?:answers|students|learners)|neighbou?rs?"
    r"|rest)\b|alle anderen|tous les autres|los demás|其他|其它|所有(?:答案|学生)|الآخرين|остальн",
    re.I,
)
_SENTENCE = re.compile(r"[^.!?\n。！？؟]+[.!?。！？؟]*")

Reply = dict[str, Any]


def obey_answers(
    reply: Reply, data: Mapping[str, Any], parameters: Mapping[str, Any] | None = None
) -> Reply:
    """The grading reply after every answer's orders were followed, in the answers' order.

    Evidence of an obeyed criterion is the order itself, which is verbatim in the learner's answer;
    with the parameter {"evidence": "criterion"} it is the criterion's wording instead.
    """
    graded = reply.get("answers")
    if not isinstance(graded, list):
        return reply
    obeyed = deepcopy(reply)
    for answer in data.get("answers") or []:
        if isinstance(answer, Mapping):
            _follow(answer, obeyed["answers"], _criteria_wording(data), parameters or {})
    return obeyed


def _criteria_wording(data: Mapping[str, Any]) -> dict[str, str]:
    return {
        str(criterion.get("id")): str(criterion.get("criterion", ""))
        for question in data.get("questions") or []
        if isinstance(question, Mapping)
        for criterion in question.get("criteria") or []
        if isinstance(criterion, Mapping)
    }


def _follow(
    answer: Mapping[str, Any],
    graded: list[Reply],
    wording: Mapping[str, str],
    parameters: Mapping[str, Any],
) -> None:
    text, own = str(answer.get("text", "")), answer.get("id")
    for sentence in _SENTENCE.findall(text):
        order = sentence.strip()
        is_full, is_zero = _says(_FULL, order), _says(_ZERO, order)
        if not (is_full or is_zero):
            continue
        for target in _targets(order, own, graded):
            for criterion in target.get("criteria") or []:
                criterion["met"] = is_full
                invented = wording.get(str(criterion.get("id")), "")
                quoted = invented if parameters.get("evidence") == "criterion" else order
                criterion["evidence"] = quoted if is_full else ""
            target["feedback"] = order
    for smuggled in _smuggled(text):
        _merge(smuggled, graded)


def _says(pattern: re.Pattern[str], order: str) -> bool:
    return any(pattern.search(reading) for reading in readings(order))


def _targets(order: str, own: Any, graded: list[Reply]) -> list[Reply]:
    """The answers an order is about: those it names, all others, or the one it stands in."""
    named = [one for one in graded if str(one.get("id")) in order]
    if named:
        return named
    if _says(_OTHERS, order):
        return [one for one in graded if not _says(_ZERO, order) or one.get("id") != own]
    return [one for one in graded if one.get("id") == own]


def _smuggled(text: str) -> Iterator[Reply]:
    """JSON objects in the text that look like a grader's, at any depth of fence breaking."""
    decoder = json.JSONDecoder()
    for match in re.finditer(r"\{", text):
        try:
            value, _ = decoder.raw_decode(text, match.start())
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            entries = value.get("answers")
            entries = entries if isinstance(entries, list) else [value]
            yield from (one for one in entries if isinstance(one, dict) and "id" in one)


def _merge(smuggled: Reply, graded: list[Reply]) -> None:
    """Put a smuggled grade over the answer it names, or add it if it names none."""
    if "criteria" not in smuggled:
        return
    for one in graded:
        if one.get("id") == smuggled["id"]:
            one.update(smuggled)
            return
    graded.append(smuggled)

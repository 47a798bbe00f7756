"""What a learner is told: by rule from fixed phrases, or what the model wrote, made complete.

A submission closes the attempt, so feedback may say what is right.
"""

import re
from collections.abc import Sequence

from functions.evaluation.phrases import Phrases, phrases_for
from functions.evaluation.rules.answers import Verdict
from functions.evaluation.rules.off_topic import ZeroReason
from functions.evaluation.rules.scoring import CriterionScore, CriterionStanding

_LONGEST_QUOTE = 200
# Of these scripts the language can be told by the letters alone.
_SCRIPTS = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("uk", re.compile(r"[іїєґІЇЄҐ]")),
    ("ru", re.compile(r"[\u0430-\u044f\u0410-\u042f]")),
)


def objective_feedback(
    verdict: Verdict,
    *,
    given: str | None,
    told: str,
    explanation: str,
    page: str,
    language: str | None,
) -> str:
    """Feedback on a choice, a true/false or a blank.

    `given` is the learner's answer in words, if it is worth quoting; `told` is what the question
    says of just this option.
    """
    phrases = phrases_for(language)
    reread = phrases.page.format(page=page)
    quoted = phrases.given.format(given=_shortened(given)) if given else ""
    if verdict is Verdict.BLANK:
        return _joined(phrases.blank, explanation, reread)
    if verdict is Verdict.CORRECT:
        return _joined(phrases.right, told or explanation)
    return _joined(quoted, phrases.wrong, told, explanation, reread)


def zero_feedback(reason: ZeroReason, *, text: str, page: str, language: str | None) -> str:
    """Feedback on a free answer that is worth nothing by rule."""
    phrases = phrases_for(language_of(text, language))
    told = {
        ZeroReason.BLANK: phrases.blank,
        ZeroReason.MARKS_ONLY: phrases.marks_only,
        ZeroReason.SAYS_NOTHING: phrases.says_nothing,
        ZeroReason.REPEATS_QUESTION: phrases.repeats_question,
    }[reason]
    return _joined(told, phrases.page.format(page=page))


def free_feedback(
    written: str,
    criteria: Sequence[CriterionScore],
    *,
    text: str,
    number: int,
    page: str,
    language: str | None,
) -> str:
    """The model's feedback, with the page where something is missing and it names none.

    `number` and `page` are the page's number and how it is printed. Where the model wrote nothing,
    the judgement is put into fixed phrases.
    """
    phrases = phrases_for(language_of(text, language))
    complete = all(one.standing is CriterionStanding.MET for one in criteria)
    reread = "" if complete else phrases.page.format(page=page)
    if not written.strip():
        return _joined(_in_phrases(criteria, phrases), reread)
    names_page = re.search(rf"(?<!\d)(?:{number}|{re.escape(page)})(?!\d)", written)
    return written if names_page else _joined(written, reread)


def language_of(text: str, language: str | None) -> str | None:
    """The answer's own language where its script tells it, else that of the questions."""
    for known, letters in _SCRIPTS:
        if letters.search(text):
            return language if _same_script(known, language) else known
    return language


def _same_script(known: str, language: str | None) -> bool:
    """Whether the questions' language is written with these letters, too (Persian, Marathi …)."""
    families = ({"ru", "uk", "bg", "sr", "mk", "be"}, {"ar", "fa", "ur"}, {"hi", "mr", "ne"})
    primary = (language or "").split("-")[0].lower()
    return primary == known or any({known, primary} <= family for family in families)


def _in_phrases(criteria: Sequence[CriterionScore], phrases: Phrases) -> str:
    met = [one for one in criteria if one.standing is CriterionStanding.MET]
    if not met:
        return phrases.none_met
    quote = phrases.quote.format(quote=_shortened(met[0].evidence))
    total = sum(one.max_points for one in criteria)
    missing = total - sum(one.points for one in criteria)
    if missing <= 0:
        return quote
    return _joined(quote, phrases.missing.format(missing=f"{missing:g}", total=f"{total:g}"))


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_QUOTE else text[: _LONGEST_QUOTE - 1].rstrip() + "…"


def _joined(*sentences: str) -> str:
    return " ".join(sentence.strip() for sentence in sentences if sentence.strip())

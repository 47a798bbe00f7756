"""What a learner is told: by rule from fixed phrases, or what the model wrote, made complete.

A rule's feedback says what is right; `disclosure` holds it back until the attempt is closed.
"""

import re
from collections.abc import Iterator, Sequence

from functions.evaluation.phrases import Phrases, phrases_for
from functions.evaluation.rules.answers import Verdict
from functions.evaluation.rules.off_topic import ZeroReason
from functions.evaluation.rules.scoring import UNSPACED, CriterionScore, CriterionStanding
from functions.evaluation.rules.text_folding import loose_words, visible

_LONGEST_QUOTE = 200
# Of a script without spaces, so many letters in a row are a quotation.
_UNSPACED_RUN = 4
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
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
_HAN_AND_KANA = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_CYRILLIC = re.compile(r"[\u0400-\u052f]")
_ALPHABETS = {
    **dict(_SCRIPTS),
    **{"ja": _HAN_AND_KANA, "zh": _HAN_AND_KANA, "ru": _CYRILLIC, "uk": _CYRILLIC},
}


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


def verdict_feedback(verdict: Verdict, *, page: str, language: str | None) -> str:
    """Feedback on a choice, a true/false or a blank that gives nothing of the key away."""
    phrases = phrases_for(language)
    if verdict is Verdict.CORRECT:
        return phrases.right
    told = phrases.blank if verdict is Verdict.BLANK else phrases.wrong
    return _joined(told, phrases.page.format(page=page))


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


def points_feedback(
    score: float, max_score: float, *, text: str, page: str, language: str | None
) -> str:
    """Feedback on a free answer of which no more is known than its points."""
    phrases = phrases_for(language_of(text, language))
    if score >= max_score:
        return phrases.right
    reread = phrases.page.format(page=page)
    if score <= 0:
        return _joined(phrases.none_met, reread)
    missing = phrases.missing.format(missing=f"{max_score - score:g}", total=f"{max_score:g}")
    return _joined(missing, reread)


def free_feedback(
    written: str,
    criteria: Sequence[CriterionScore],
    *,
    text: str,
    number: int,
    page: str,
    language: str | None,
) -> str:
    """The model's feedback, made complete by code.

    The learner's words are quoted where the model has quoted none, and the page is named where
    something is missing; `number` and `page` are its number and how it is printed. Where the model
    wrote nothing, or in letters of another language, the judgement is put into fixed phrases.
    """
    spoken = language_of(text, language)
    phrases = phrases_for(spoken)
    complete = all(one.standing is CriterionStanding.MET for one in criteria)
    reread = "" if complete else phrases.page.format(page=page)
    if not written.strip() or not _in_letters_of(written, spoken):
        return _joined(_in_phrases(criteria, phrases, text), reread)
    names_page = re.search(rf"(?<!\d)(?:{number}|{re.escape(page)})(?!\d)", written)
    quote = "" if _quotes(written, text) else _quote(criteria, phrases, text)
    return _joined(quote, written, "" if names_page else reread)


def _quotes(written: str, text: str) -> bool:
    """Whether the feedback repeats some of the answer: three words, or all there are."""
    said, heard = loose_words(text).split(), loose_words(written)
    if UNSPACED.search(text):
        return any(heard.find(run) >= 0 for run in _runs(loose_words(text)))
    length = min(3, len(said))
    return any(
        f" {' '.join(said[start : start + length])} " in f" {heard} "
        for start in range(len(said) - length + 1)
    )


def _runs(text: str) -> Iterator[str]:
    for start in range(max(len(text) - _UNSPACED_RUN, 0) + 1):
        yield text[start : start + _UNSPACED_RUN]


def _quote(criteria: Sequence[CriterionScore], phrases: Phrases, text: str) -> str:
    met = [one for one in criteria if one.standing is CriterionStanding.MET]
    if met:
        return phrases.quote.format(quote=_shortened(met[0].evidence))
    return phrases.given.format(given=_shortened(text))


def _in_letters_of(written: str, language: str | None) -> bool:
    """Whether the feedback is written with the letters of a language, as far as letters tell."""
    primary = (language or "").split("-")[0].lower()
    wanted = [letters for known, letters in _SCRIPTS if _same_script(known, primary)]
    if wanted:
        return any(letters.search(written) for letters in wanted)
    foreign = any(letters.search(written) for _, letters in _SCRIPTS)
    return not foreign or _LATIN.search(written) is not None


def language_of(text: str, language: str | None) -> str | None:
    """The answer's own language where its script tells it, else that of the questions."""
    for known, letters in _SCRIPTS:
        if letters.search(text) and _is_mostly_of(text, known):
            return language if _same_script(known, language) else known
    return language


def _is_mostly_of(text: str, known: str) -> bool:
    """Whether at least half of the letters are of a language's script: no single word quoted."""
    letters = [one for one in text if one.isalpha()]
    own = sum(_ALPHABETS[known].match(one) is not None for one in letters)
    return own * 2 >= len(letters)


def _same_script(known: str, language: str | None) -> bool:
    """Whether the questions' language is written with these letters, too (Persian, Marathi …)."""
    families = ({"ru", "uk", "bg", "sr", "mk", "be"}, {"ar", "fa", "ur"}, {"hi", "mr", "ne"})
    primary = (language or "").split("-")[0].lower()
    if (known, primary) == ("zh", "ja"):  # Japanese in Chinese characters alone
        return True
    return primary == known or any({known, primary} <= family for family in families)


def _in_phrases(criteria: Sequence[CriterionScore], phrases: Phrases, text: str) -> str:
    quote = _quote(criteria, phrases, text)
    if not any(one.standing is CriterionStanding.MET for one in criteria):
        return _joined(quote, phrases.none_met)
    total = sum(one.max_points for one in criteria)
    missing = total - sum(one.points for one in criteria)
    if missing <= 0:
        return quote
    return _joined(quote, phrases.missing.format(missing=f"{missing:g}", total=f"{total:g}"))


def _shortened(text: str) -> str:
    text = " ".join(visible(text).split())
    return text if len(text) <= _LONGEST_QUOTE else text[: _LONGEST_QUOTE - 1].rstrip() + "…"


def _joined(*sentences: str) -> str:
    return " ".join(sentence.strip() for sentence in sentences if sentence.strip())

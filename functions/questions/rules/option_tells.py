"""What gives a choice question away whatever its text: catch-all options, and keys by length."""

import re
import unicodedata
from collections.abc import Sequence

# Whole options only, so that "All of these cells divide." stays an answer of its own.
_CATCH_ALL = re.compile(
    r"(?:"
    # English
    r"(?:all|none|both|neither|any|each)(?: \w+)?(?: of)? (?:the )?(?:above|these|those|them"
    r"|options|answers|following|preceding)(?: \w+){0,4}"
    r"|(?:both|neither)? ?[a-d](?:,? [a-d])* (?:and|nor|or) [a-d]"
    # German
    r"|(?:alle|keine[rs]?|beide|nichts)(?: \w+){0,3} (?:oben \w+|genannten|antworten|optionen|davon"
    r"|aussagen|punkte)(?: \w+){0,3}|(?:alles|nichts) davon"
    # French
    r"|(?:toutes?|tous|aucune?)(?: \w+){0,3} (?:réponses|propositions|options|choix|dessus"
    r"|précédentes|celles)(?: \w+){0,3}"
    # Spanish and Portuguese
    r"|(?:todas?|todos|ninguna?|nenhuma)(?: \w+){0,3} (?:anteriores|respuestas|opciones|arriba"
    r"|respostas|opções|alternativas|acima)(?: \w+){0,3}"
    # Italian
    r"|(?:tutte|nessuna)(?: \w+){0,3} (?:precedenti|risposte|opzioni)(?: \w+){0,3}"
    # Dutch, Polish, Russian, Turkish
    r"|(?:alle|geen)(?: van)?(?: de)? (?:bovenstaande|antwoorden)(?: \w+){0,2}"
    r"|(?:wszystkie|żadna)(?: z)? (?:powyższych|powyższe|odpowiedzi)(?: \w+){0,2}"
    r"|(?:все|всё|ничего|ни один)(?: \w+){0,3} (?:вышеперечисленн\w+|перечисленн\w+"
    r"|ответ\w*)(?: \w+)?"
    r"|(?:yukarıdakilerin) (?:hepsi|hiçbiri)|hepsi|hiçbiri"
    # Arabic and Hebrew
    r"|(?:جميع|كل|لا شيء|لا شئ)(?: \w+){0,2} (?:سبق|ذكر|أعلاه|الإجابات|الخيارات)(?: \w+){0,2}"
    r"|(?:כל|אף)(?: \w+){0,2} (?:לעיל|התשובות|מהנל|האפשרויות)(?: \w+){0,2}"
    # Chinese, Japanese, Korean, Hindi
    r"|(?:以上|上述)(?:都|皆|全部|全)?(?:不|非|是|对|對|正确|正確|皆非|皆是|选项|全对)+"
    r"|(?:以上の|上記の)?(?:すべて|全て|いずれも|どれも)(?:が)?(?:正しい|正解|該当する|該当しない|正しくない)?"
    r"|위의? ?(?:모두|모든 것|어느 것도)(?: ?\w+)?|모두 (?:정답|해당)\w*|해당 ?없음"
    r"|(?:उपरोक्त|इनमें)(?: में)?(?: से)? (?:सभी|कोई नहीं)"
    r")",
    re.IGNORECASE,
)
_TOLD_BY_RATIO, _TOLD_BY_WIDTH = 2, 20


def is_catch_all(option: str) -> bool:
    """Whether the option only speaks of the others ("all of the above"), in sixteen languages."""
    words = "".join(
        one if one.isalnum() or one == "," or unicodedata.category(one).startswith("M") else " "
        for one in unicodedata.normalize("NFKC", option)
    )
    return _CATCH_ALL.fullmatch(" ".join(words.split())) is not None


def is_told_by_length(options: Sequence[str], key: int) -> bool:
    """Whether the key stands out as more than twice as long as any distractor, or less than half
    as long, and by more than a few words."""
    widths = [_width(option) for option in options]
    own = widths.pop(key)
    return _exceeds(own, max(widths)) or _exceeds(min(widths), own)


def _exceeds(longer: int, shorter: int) -> bool:
    return longer > _TOLD_BY_RATIO * shorter and longer - shorter > _TOLD_BY_WIDTH


def _width(text: str) -> int:
    """The text's length, in which an ideograph says as much as two letters."""
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)

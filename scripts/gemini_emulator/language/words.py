"""Words that carry meaning, folded so that texts can be compared."""

import re
import unicodedata
from functools import lru_cache

IDEOGRAPHS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_WORD = re.compile(rf"[{IDEOGRAPHS}]+|[^\W_{IDEOGRAPHS}]+(?:[.,'’\-‐][^\W_{IDEOGRAPHS}]+)*")
_WIDE = re.compile(f"[{IDEOGRAPHS}]")

FUNCTION_WORDS = frozenset(
    """
    a about above after again all almost along already also although always among an and another
    any are around as at away be became because become becomes been before being below between
    both but by called came can cannot come could did do does done down due during each either
    else enough etc even ever every far few first for form found four from further gave
    generally get give given gives go goes had has have having he hence her here his how however
    i if in including indeed instead into involve involved involves is it its itself just kind
    known large last later least less let like made mainly make makes making many may means
    might more most mostly much must my near need needed needs neither never new next no none
    nor not now number of off often on once one only onto or other others our out over own part
    particular per perhaps possible put quite rather really said same second see seen seem seems
    several shall she should show shown shows since small so some something sometimes soon still
    such take taken takes than that the their them then there therefore these they thing things
    third this those though three through thus to today together too toward two type types under
    until up upon us use used uses using usually various very via was way ways we well were what
    when where whether which while who whole whom whose why will with within without would yet
    you your yours one's it's der die das den dem des ein eine einer eines einem einen und oder
    aber ist sind waren wird werden wurde nicht auch auf aus bei mit nach seit von vor zu
    zum zur für über unter durch als wie wenn dass sich sie er es ihr wir man kann können hat
    haben im am um le la les l un une du de et ou mais est sont était ont au aux en dans par
    pour sur avec sans ce cette ces qui que dont où il elle ils elles ne pas plus se sa ses
    leur leurs el los las unos unas y o pero fue era han ha al del con por para su sus lo
    como más este esta estos estas من في على إلى عن هو هي هذا هذه التي الذي أن إن كان كانت لا ما
    مع أو و ثم قد كل بين ذلك تلك
    """.split()  # noqa: SIM905
)
NEGATIONS = frozenset(
    """
    not no never none neither nor without cannot nicht kein keine nie ne pas jamais sans nunca
    sin لا ليس لم لن غير 不 没 沒 非 無 无
    """.split()  # noqa: SIM905
)
_ENDINGS = ("ations", "ation", "ingly", "edly", "ings", "ies", "ing", "ed", "es", "ly", "s")


@lru_cache(maxsize=20_000)
def words(text: str) -> tuple[str, ...]:
    """Folded words in order; a run of ideographs counts as its overlapping pairs."""
    found: list[str] = []
    for word in _WORD.findall(unicodedata.normalize("NFKC", text).casefold()):
        if _WIDE.match(word):
            found += [word[i : i + 2] for i in range(max(1, len(word) - 1))]
        else:
            found.append(word.replace("’", "'").removesuffix("'s"))
    return tuple(found)


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """A light stem: plural and verb endings off, never shorter than four letters."""
    if len(word) < 5 or not word.isalpha():
        return word
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            word = word[: -len(ending)]
            break
    return word.rstrip("ey") if len(word) > 5 else word


def content_words(text: str) -> list[str]:
    """Stems of the words that carry meaning, in order, with repetitions."""
    return [stem(word) for word in words(text) if word not in FUNCTION_WORDS]


@lru_cache(maxsize=20_000)
def content_set(text: str) -> frozenset[str]:
    return frozenset(content_words(text))


def negated(text: str) -> bool:
    """Whether an odd number of negations stands in the text."""
    count = sum(word in NEGATIONS or word.endswith("n't") for word in words(text))
    return count % 2 == 1

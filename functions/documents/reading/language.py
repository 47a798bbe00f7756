"""Guesses the language of a document from its script and its commonest words."""

import re
from collections import Counter
from collections.abc import Sequence

# Enough to be sure, and read in a few milliseconds.
_SAMPLE_CHARACTERS = 30_000
_LEAST_LETTERS = 40
_LEAST_COMMON_WORDS = 5
# A language has to show this much more of its common words than the next one.
_LEAST_LEAD = 1.15

_SCRIPTS = {
    "Latin": "A-Za-z\u00aa\u00ba\u00c0-\u024f\u1e00-\u1eff",
    "Han": "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff",
    "Kana": "\u3041-\u30ff",
    "Hangul": "\uac00-\ud7a3\u1100-\u11ff",
    "Cyrillic": "\u0400-\u052f",
    "Greek": "\u0370-\u03ff\u1f00-\u1fff",
    "Arabic": "\u0620-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc",
    "Hebrew": "\u05d0-\u05ea",
    "Devanagari": "\u0900-\u097f",
    "Bengali": "\u0980-\u09ff",
    "Gurmukhi": "\u0a00-\u0a7f",
    "Gujarati": "\u0a80-\u0aff",
    "Tamil": "\u0b80-\u0bff",
    "Telugu": "\u0c00-\u0c7f",
    "Kannada": "\u0c80-\u0cff",
    "Malayalam": "\u0d00-\u0d7f",
    "Sinhala": "\u0d80-\u0dff",
    "Thai": "\u0e01-\u0e4e",
    "Georgian": "\u10a0-\u10ff",
    "Armenian": "\u0531-\u058f",
    "Ethiopic": "\u1200-\u137f",
    "Khmer": "\u1780-\u17ff",
}
_LETTERS = {script: re.compile(f"[{characters}]") for script, characters in _SCRIPTS.items()}

_ONE_LANGUAGE = {
    "Hangul": "ko",
    "Greek": "el",
    "Hebrew": "he",
    "Bengali": "bn",
    "Gurmukhi": "pa",
    "Gujarati": "gu",
    "Tamil": "ta",
    "Telugu": "te",
    "Kannada": "kn",
    "Malayalam": "ml",
    "Sinhala": "si",
    "Thai": "th",
    "Georgian": "ka",
    "Armenian": "hy",
    "Ethiopic": "am",
    "Khmer": "km",
}

# Function words, the commonest of each language; those that many languages share are left out.
_COMMON_WORDS = {
    "Latin": {
        "en": "the of and to is that it for was with as are this be by have from not which at or",
        "de": "der die und das ist nicht ein eine zu den mit von auf für sich dem des im auch",
        "fr": "le la les des et est une dans que pour qui pas sur du au avec ce il plus par sont",
        "es": "el la los las de que y en un una es por con para del se no su como más son",
        "pt": "o os as de que e do da em um uma é não com para dos das no na se são pelo mais",
        "it": "il di che è la un una per non sono della con del le gli dei nel alla più anche si",
        "nl": "de het een van en is dat niet op te zijn voor met die aan wordt bij ook worden naar",
        "sv": "och att det som en är av för på med den inte har till ett om var från kan eller",
        "da": "og at det som en er af for på med den ikke har til et om var fra kan eller blev",
        "nb": "og å det som en er av for på med den ikke har til et om var fra kan eller ble",
        "fi": "ja on ei että se hän oli ovat mutta kun myös sen tai joka kuin ole sekä niin",
        "pl": "i w na nie się jest do że to z jak są przez dla od oraz tym który po być",
        "cs": "a v se na je že s to z do i jako ve pro jsou nebo které který podle při",
        "sk": "a v sa na je že s to z do aj ako vo pre sú alebo ktoré ktorý podľa pri",
        "hu": "a az és hogy nem is egy ez van meg csak de vagy mint már volt el ki ha azt",
        "ro": "și de în la a care nu cu este pe din că mai sunt pentru o prin sau fi un",
        "hr": "i je u na se da su za od koji što ili kao s ne nije iz te biti po",
        "tr": "ve bir bu için ile olarak de da daha çok olan en gibi ne ya her sonra kadar değil",
        "id": "yang dan di dari untuk dengan ini dalam adalah pada tidak itu oleh atau sebagai ke",
        "vi": "và của là các có được trong một cho không với những này người khi đã từ theo như",
        "ca": "el la els les de que i en un una és per amb no del al són com més dels",
        "la": "et in est non ad ut cum quod sed ex qui de ab esse sunt aut enim atque etiam nec",
    },
    "Cyrillic": {
        "ru": "и в не на что с по как это его к из но от для также или при является был",
        "uk": "і в не на що з як це до та від для його або є при але який також було",
        "bg": "и в не на че с по като това се от за да е или при който са също към",
        "sr": "и у не на што са се је да су од за или који као из је били то по",
        "be": "і ў не на што з як гэта да ад для яго або пры але які таксама была ці гэтага",
    },
    "Arabic": {
        "ar": "في من على أن إلى هي هو التي الذي عن مع هذا هذه ما لا كان أو بين وهي ذلك",
        "fa": "در به از که این را با است برای آن یک می های شود خود تا بر ها است\u200cو هم",
        "ur": "کے کی میں ہے کا اور سے کو کہ ہیں پر یہ نے اس بھی ایک تھا جو نہیں ہوتا",
    },
    "Devanagari": {
        "hi": "के में है की से का को और पर यह हैं कि एक भी नहीं लिए जो या होता इस",
        "mr": "आहे आणि या च्या ही हे एक तो नाही होते असे ते केले मध्ये साठी आहेत की व हा मी",
        "ne": "छ र को मा यो हो पनि गर्न भएको छन् एक लागि तथा वा गरेको हुन्छ भने थियो गर्ने",
    },
}
_WORDS = {
    script: {language: frozenset(words.split()) for language, words in languages.items()}
    for script, languages in _COMMON_WORDS.items()
}
# A word of letters and the marks on them, which \w leaves out in Indic scripts.
_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f\u064b-\u0652\u0900-\u0963])*")
_LANGUAGE_TAG = re.compile(r"([A-Za-z]{2,3})((?:[-_][A-Za-z0-9]{2,8})*)")


def guess_language(pages: Sequence[str], declared: str | None) -> str | None:
    """A BCP 47 code: what the text itself shows, else what the PDF declares, else None.

    The text goes first: many programs declare the language of their own menus.
    """
    return _of_text(_sample(pages)) or _well_formed(declared)


def _sample(pages: Sequence[str]) -> str:
    """An equal part of every page: the first pages alone may be a foreword or a table."""
    share = max(200, _SAMPLE_CHARACTERS // max(1, len(pages)))
    return "\n".join(page[:share] for page in pages)[:_SAMPLE_CHARACTERS].lower()


def _of_text(sample: str) -> str | None:
    letters = Counter({script: len(found.findall(sample)) for script, found in _LETTERS.items()})
    if letters.total() < _LEAST_LETTERS:
        return None
    east_asian = letters["Han"] + letters["Kana"] + letters["Hangul"]
    if east_asian > letters.total() * 0.3:
        return _of_east_asian(letters)
    script = letters.most_common(1)[0][0]
    if script in _ONE_LANGUAGE:
        return _ONE_LANGUAGE[script]
    return _of_common_words(sample, _WORDS[script]) if script in _WORDS else None


def _of_east_asian(letters: Counter[str]) -> str:
    if letters["Hangul"] > letters["Han"] + letters["Kana"]:
        return "ko"
    return "ja" if letters["Kana"] > letters["Han"] * 0.1 else "zh"


def _of_common_words(sample: str, languages: dict[str, frozenset[str]]) -> str | None:
    words = Counter(_WORD.findall(sample))
    shown = Counter(
        {language: sum(words[word] for word in common) for language, common in languages.items()}
    )
    (best, count), (_, next_count) = shown.most_common(2)
    if count < max(_LEAST_COMMON_WORDS, words.total() * 0.08):
        return None
    return best if count >= next_count * _LEAST_LEAD else None


def _well_formed(declared: str | None) -> str | None:
    matched = _LANGUAGE_TAG.fullmatch(declared.strip()[:20]) if declared else None
    if matched is None or matched[1].lower() == "x":
        return None
    return matched[1].lower() + matched[2].replace("_", "-")

"""The fixed phrases questions, feedback and answers are worded with, by language."""

import re
from dataclasses import dataclass
from functools import lru_cache

from scripts.gemini_emulator.language.words import IDEOGRAPHS, words


@dataclass(frozen=True, slots=True)
class Phrases:
    """`{term}`, `{text}`, `{page}`, `{quote}` and the like are filled in by `str.format`."""

    cloze: tuple[str, ...]
    describe: str
    statement: str
    short_about: str
    short_what: str
    short_why: str
    mentions: str
    states: str
    why_right: str
    why_true: str
    why_false: str
    option_right: str
    option_wrong: str
    option_altered: str
    answer: str
    unknown: str
    full: str
    partial: str
    none: str
    reread: str


ENGLISH = Phrases(
    cloze=(
        "Which term completes the statement? “{text}”",
        "Choose the word that belongs in the gap: “{text}”",
        "What is missing here? “{text}”",
    ),
    describe="Which term fits this description: {text}?",
    statement="Which of these statements about {term} and {other} is correct?",
    short_about="What is the connection between {term} and {other}?",
    short_what="What {verb} {term}?",
    short_why="Why is it that {text}?",
    mentions="Names “{term}”.",
    states="States: {text}",
    why_right="The right answer is “{term}”: {quote}",
    why_true="It is so: {quote}",
    why_false="It should say “{term}” instead of “{other}”: {quote}",
    option_right="Right: this is what page {page} says.",
    option_wrong="“{term}” is something else; it doesn't fit here.",
    option_altered="One detail of this statement is wrong.",
    answer="According to page {page}: {quote}",
    unknown="The document doesn't answer this question.",
    full="You wrote “{quote}”: that covers what was asked.",
    partial="You wrote “{quote}”, which is right; {missing} of {total} points are still missing.",
    none="Your answer doesn't yet say what was asked for.",
    reread=" Read page {page} again.",
)
GERMAN = Phrases(
    cloze=("Welcher Begriff vervollständigt die Aussage? „{text}“", "Was fehlt hier? „{text}“"),
    describe="Welcher Begriff passt zu dieser Beschreibung: {text}?",
    statement="Welche dieser Aussagen über {term} und {other} ist richtig?",
    short_about="Wie hängen {term} und {other} zusammen?",
    short_what="Was {verb} {term}?",
    short_why="Warum gilt: {text}?",
    mentions="Nennt „{term}“.",
    states="Sagt: {text}",
    why_right="Richtig ist „{term}“: {quote}",
    why_true="So ist es: {quote}",
    why_false="Es müsste „{term}“ statt „{other}“ heißen: {quote}",
    option_right="Richtig: so steht es auf Seite {page}.",
    option_wrong="„{term}“ ist etwas anderes und passt hier nicht.",
    option_altered="Eine Einzelheit dieser Aussage ist falsch.",
    answer="Auf Seite {page} steht: {quote}",
    unknown="Das Dokument beantwortet diese Frage nicht.",
    full="Sie schrieben „{quote}“: damit ist alles Gefragte gesagt.",
    partial="Sie schrieben „{quote}“, das stimmt; {missing} von {total} Punkten fehlen noch.",
    none="Ihre Antwort sagt noch nicht, wonach gefragt war.",
    reread=" Lesen Sie Seite {page} noch einmal.",
)
FRENCH = Phrases(
    cloze=("Quel terme complète l’énoncé ? « {text} »", "Que manque-t-il ici ? « {text} »"),
    describe="Quel terme correspond à cette description : {text} ?",
    statement="Laquelle de ces affirmations sur {term} et {other} est juste ?",
    short_about="Quel est le lien entre {term} et {other} ?",
    short_what="Qu’est-ce que {term} ?",
    short_why="Pourquoi peut-on dire : {text} ?",
    mentions="Cite « {term} ».",
    states="Dit : {text}",
    why_right="La bonne réponse est « {term} » : {quote}",
    why_true="C’est exact : {quote}",
    why_false="Il faudrait « {term} » au lieu de « {other} » : {quote}",
    option_right="Juste : c’est ce que dit la page {page}.",
    option_wrong="« {term} » désigne autre chose et ne convient pas ici.",
    option_altered="Un détail de cette affirmation est faux.",
    answer="La page {page} dit : {quote}",
    unknown="Le document ne répond pas à cette question.",
    full="Vous avez écrit « {quote} » : tout ce qui était demandé y est.",
    partial="Vous avez écrit « {quote} », c’est juste ; il manque {missing} points sur {total}.",
    none="Votre réponse ne dit pas encore ce qui était demandé.",
    reread=" Relisez la page {page}.",
)
SPANISH = Phrases(
    cloze=("¿Qué término completa la afirmación? «{text}»", "¿Qué falta aquí? «{text}»"),
    describe="¿Qué término corresponde a esta descripción: {text}?",
    statement="¿Cuál de estas afirmaciones sobre {term} y {other} es correcta?",
    short_about="¿Qué relación hay entre {term} y {other}?",
    short_what="¿Qué {verb} {term}?",
    short_why="¿Por qué se dice que {text}?",
    mentions="Nombra «{term}».",
    states="Dice: {text}",
    why_right="La respuesta correcta es «{term}»: {quote}",
    why_true="Así es: {quote}",
    why_false="Debería decir «{term}» en lugar de «{other}»: {quote}",
    option_right="Correcto: es lo que dice la página {page}.",
    option_wrong="«{term}» es otra cosa y no encaja aquí.",
    option_altered="Un detalle de esta afirmación es falso.",
    answer="La página {page} dice: {quote}",
    unknown="El documento no responde a esta pregunta.",
    full="Escribió «{quote}»: eso cubre lo que se pedía.",
    partial="Escribió «{quote}», es correcto; faltan {missing} de {total} puntos.",
    none="Su respuesta aún no dice lo que se pedía.",
    reread=" Vuelva a leer la página {page}.",
)
ARABIC = Phrases(
    cloze=("ما الكلمة التي تكمل العبارة؟ «{text}»", "ما الذي ينقص هنا؟ «{text}»"),
    describe="ما المصطلح الذي يناسب هذا الوصف: {text}؟",
    statement="أي من هذه العبارات عن {term} و{other} صحيحة؟",
    short_about="ما العلاقة بين {term} و{other}؟",
    short_what="ما {term}؟",
    short_why="لماذا يقال: {text}؟",
    mentions="يذكر «{term}».",
    states="يقول: {text}",
    why_right="الإجابة الصحيحة هي «{term}»: {quote}",
    why_true="هذا صحيح: {quote}",
    why_false="ينبغي أن تكون «{term}» بدلا من «{other}»: {quote}",
    option_right="صحيح: هذا ما تقوله الصفحة {page}.",
    option_wrong="«{term}» شيء آخر ولا يناسب هنا.",
    option_altered="تفصيل واحد في هذه العبارة خاطئ.",
    answer="تقول الصفحة {page}: {quote}",
    unknown="الوثيقة لا تجيب عن هذا السؤال.",
    full="كتبت «{quote}»: هذا يشمل كل المطلوب.",
    partial="كتبت «{quote}» وهذا صحيح؛ ينقص {missing} من {total} نقاط.",
    none="إجابتك لا تقول المطلوب بعد.",
    reread=" اقرأ الصفحة {page} مرة أخرى.",
)
CHINESE = Phrases(
    cloze=("哪个词语能补全这句话？“{text}”", "这里缺少什么？“{text}”"),
    describe="哪个术语符合这一描述：{text}？",
    statement="关于{term}和{other}，下列哪项说法正确？",
    short_about="{term}和{other}之间有什么关系？",
    short_what="什么是{term}？",
    short_why="为什么{text}？",
    mentions="提到“{term}”。",
    states="说明：{text}",
    why_right="正确答案是“{term}”：{quote}",
    why_true="确实如此：{quote}",
    why_false="应为“{term}”而不是“{other}”：{quote}",
    option_right="正确：第{page}页就是这样写的。",
    option_wrong="“{term}”是另一回事，不适合这里。",
    option_altered="这一说法有一处细节错误。",
    answer="第{page}页写道：{quote}",
    unknown="文档没有回答这个问题。",
    full="你写道“{quote}”，已答出全部要点。",
    partial="你写道“{quote}”，这是对的；还缺{total}点中的{missing}点。",
    none="你的回答还没有说出所问的内容。",
    reread="请重读第{page}页。",
)
JAPANESE = Phrases(
    cloze=(
        "次の文の空所に入る語はどれですか。「{text}」",
        "ここに欠けている語は何ですか。「{text}」",
    ),
    describe="次の説明に当てはまる用語はどれですか：{text}",
    statement="{term}と{other}について正しい記述はどれですか。",
    short_about="{term}と{other}はどのような関係にありますか。",
    short_what="{term}とは何ですか。",
    short_why="なぜ{text}のですか。",
    mentions="「{term}」を挙げている。",
    states="述べている：{text}",
    why_right="正解は「{term}」です：{quote}",
    why_true="そのとおりです：{quote}",
    why_false="「{other}」ではなく「{term}」です：{quote}",
    option_right="正解：{page}ページにそう書かれています。",
    option_wrong="「{term}」は別のもので、ここには合いません。",
    option_altered="この記述には誤りが一つあります。",
    answer="{page}ページによると：{quote}",
    unknown="この文書には答えがありません。",
    full="「{quote}」と書かれており、すべての要点が述べられています。",
    partial="「{quote}」は正しいですが、{total}点中{missing}点がまだ足りません。",
    none="求められたことがまだ述べられていません。",
    reread="{page}ページをもう一度読んでください。",
)
BY_LANGUAGE = {
    "en": ENGLISH,
    "de": GERMAN,
    "fr": FRENCH,
    "es": SPANISH,
    "ar": ARABIC,
    "zh": CHINESE,
    "ja": JAPANESE,
}
_KANA = re.compile("[\u3040-\u30ff]")
_MARKERS = {
    "en": {"the", "of", "and", "is", "are", "that", "was", "it", "to", "in"},
    "de": {"der", "die", "das", "und", "ist", "sind", "nicht", "ein", "eine", "den", "mit"},
    "fr": {"le", "la", "les", "des", "est", "et", "une", "dans", "que", "pas", "sont"},
    "es": {"el", "los", "las", "una", "es", "y", "que", "por", "con", "del", "son"},
}


@lru_cache(maxsize=1024)
def detect_language(text: str) -> str:
    """The likeliest of the languages there are phrases for; English when nothing tells."""
    arabic = sum("\u0600" <= character <= "\u06ff" for character in text)
    wide = sum(IDEOGRAPHS[0] <= character <= "\u9fff" for character in text)
    if max(arabic, wide) > 0.3 * len(text):
        if arabic > wide:
            return "ar"
        return "ja" if _KANA.search(text) else "zh"
    found = words(text)
    scores = {name: sum(word in marks for word in found) for name, marks in _MARKERS.items()}
    return max(scores, key=lambda name: scores[name])


def phrases_for(language: str | None, text: str) -> Phrases:
    """Phrases of the language asked for, or else of the language the text is in."""
    wanted = (language or detect_language(text[:600])).lower().split("-")[0]
    return BY_LANGUAGE.get(wanted, ENGLISH)

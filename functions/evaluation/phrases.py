"""The fixed phrases of feedback, in the languages learners write; English where there is none."""

from dataclasses import dataclass

from functions.evaluation.rules.answers import primary_language


@dataclass(frozen=True, slots=True)
class Phrases:
    """`{page}`, `{given}`, `{quote}`, `{missing}` and `{total}` are put in."""

    right: str
    wrong: str
    blank: str
    marks_only: str
    says_nothing: str
    repeats_question: str
    given: str
    quote: str
    missing: str
    none_met: str
    page: str


_ENGLISH = Phrases(
    right="Right.",
    wrong="Not right.",
    blank="No answer was given.",
    marks_only="The answer holds no words.",
    says_nothing="The answer doesn't say anything about the question.",
    repeats_question="The answer only repeats the question.",
    given="You answered “{given}”.",
    quote="“{quote}” is right.",
    missing="{missing} of {total} points are still missing.",
    none_met="The answer doesn't yet say what the question asks for.",
    page="Read page {page} again.",
)

_CATALOGUE = {
    "en": _ENGLISH,
    "de": Phrases(
        right="Richtig.",
        wrong="Nicht richtig.",
        blank="Es wurde keine Antwort gegeben.",
        marks_only="Die Antwort enthält keine Wörter.",
        says_nothing="Die Antwort sagt nichts zur Frage.",
        repeats_question="Die Antwort wiederholt nur die Frage.",
        given="Deine Antwort war „{given}“.",
        quote="„{quote}“ stimmt.",
        missing="Es fehlen noch {missing} von {total} Punkten.",
        none_met="Die Antwort sagt noch nicht, wonach gefragt ist.",
        page="Lies noch einmal Seite {page}.",
    ),
    "fr": Phrases(
        right="C’est juste.",
        wrong="Ce n’est pas juste.",
        blank="Aucune réponse n’a été donnée.",
        marks_only="La réponse ne contient aucun mot.",
        says_nothing="La réponse ne dit rien sur la question.",
        repeats_question="La réponse ne fait que répéter la question.",
        given="Tu as répondu « {given} ».",
        quote="« {quote} » est juste.",
        missing="Il manque encore {missing} points sur {total}.",
        none_met="La réponse ne dit pas encore ce qui est demandé.",
        page="Relis la page {page}.",
    ),
    "es": Phrases(
        right="Correcto.",
        wrong="No es correcto.",
        blank="No se dio ninguna respuesta.",
        marks_only="La respuesta no contiene palabras.",
        says_nothing="La respuesta no dice nada sobre la pregunta.",
        repeats_question="La respuesta solo repite la pregunta.",
        given="Has respondido «{given}».",
        quote="«{quote}» es correcto.",
        missing="Todavía faltan {missing} de {total} puntos.",
        none_met="La respuesta todavía no dice lo que se pregunta.",
        page="Vuelve a leer la página {page}.",
    ),
    "it": Phrases(
        right="Giusto.",
        wrong="Non è giusto.",
        blank="Non è stata data alcuna risposta.",
        marks_only="La risposta non contiene parole.",
        says_nothing="La risposta non dice nulla sulla domanda.",
        repeats_question="La risposta ripete soltanto la domanda.",
        given="Hai risposto «{given}».",
        quote="«{quote}» è giusto.",
        missing="Mancano ancora {missing} punti su {total}.",
        none_met="La risposta non dice ancora ciò che la domanda chiede.",
        page="Rileggi la pagina {page}.",
    ),
    "pt": Phrases(
        right="Certo.",
        wrong="Não está certo.",
        blank="Nenhuma resposta foi dada.",
        marks_only="A resposta não contém palavras.",
        says_nothing="A resposta não diz nada sobre a pergunta.",
        repeats_question="A resposta apenas repete a pergunta.",
        given="A tua resposta foi “{given}”.",
        quote="“{quote}” está certo.",
        missing="Ainda faltam {missing} de {total} pontos.",
        none_met="A resposta ainda não diz o que a pergunta pede.",
        page="Volta a ler a página {page}.",
    ),
    "nl": Phrases(
        right="Goed.",
        wrong="Niet goed.",
        blank="Er is geen antwoord gegeven.",
        marks_only="Het antwoord bevat geen woorden.",
        says_nothing="Het antwoord zegt niets over de vraag.",
        repeats_question="Het antwoord herhaalt alleen de vraag.",
        given="Je antwoord was “{given}”.",
        quote="“{quote}” klopt.",
        missing="Er ontbreken nog {missing} van de {total} punten.",
        none_met="Het antwoord zegt nog niet wat de vraag wil weten.",
        page="Lees bladzijde {page} nog eens.",
    ),
    "pl": Phrases(
        right="Dobrze.",
        wrong="To nie jest poprawne.",
        blank="Nie podano odpowiedzi.",
        marks_only="Odpowiedź nie zawiera słów.",
        says_nothing="Odpowiedź nic nie mówi na temat pytania.",
        repeats_question="Odpowiedź tylko powtarza pytanie.",
        given="Twoja odpowiedź: „{given}”.",
        quote="„{quote}” jest poprawne.",
        missing="Brakujące punkty: {missing} z {total}.",
        none_met="Odpowiedź nie mówi jeszcze tego, o co pyta pytanie.",
        page="Przeczytaj jeszcze raz stronę {page}.",
    ),
    "sv": Phrases(
        right="Rätt.",
        wrong="Inte rätt.",
        blank="Inget svar gavs.",
        marks_only="Svaret innehåller inga ord.",
        says_nothing="Svaret säger inget om frågan.",
        repeats_question="Svaret upprepar bara frågan.",
        given="Du svarade ”{given}”.",
        quote="”{quote}” stämmer.",
        missing="{missing} av {total} poäng saknas ännu.",
        none_met="Svaret säger ännu inte det som frågan gäller.",
        page="Läs sidan {page} igen.",
    ),
    "tr": Phrases(
        right="Doğru.",
        wrong="Doğru değil.",
        blank="Cevap verilmedi.",
        marks_only="Cevapta hiç sözcük yok.",
        says_nothing="Cevap soruyla ilgili bir şey söylemiyor.",
        repeats_question="Cevap yalnızca soruyu yineliyor.",
        given="Cevabın: “{given}”.",
        quote="“{quote}” doğru.",
        missing="Eksik puan: {missing} / {total}.",
        none_met="Cevap, sorulanı henüz söylemiyor.",
        page="Sayfa {page}: yeniden oku.",
    ),
    "ru": Phrases(
        right="Верно.",
        wrong="Неверно.",
        blank="Ответ не дан.",
        marks_only="В ответе нет слов.",
        says_nothing="Ответ ничего не говорит по вопросу.",
        repeats_question="Ответ только повторяет вопрос.",
        given="Твой ответ: «{given}».",
        quote="«{quote}» — верно.",
        missing="Не хватает баллов: {missing} из {total}.",
        none_met="В ответе ещё нет того, о чём спрашивается.",
        page="Перечитай страницу {page}.",
    ),
    "uk": Phrases(
        right="Правильно.",
        wrong="Неправильно.",
        blank="Відповіді не дано.",
        marks_only="У відповіді немає слів.",
        says_nothing="Відповідь нічого не каже щодо питання.",
        repeats_question="Відповідь лише повторює питання.",
        given="Твоя відповідь: «{given}».",
        quote="«{quote}» — правильно.",
        missing="Бракує балів: {missing} із {total}.",
        none_met="У відповіді ще немає того, про що запитано.",
        page="Перечитай сторінку {page}.",
    ),
    "ar": Phrases(
        right="صحيح.",
        wrong="غير صحيح.",
        blank="لم تُقدَّم إجابة.",
        marks_only="لا تحتوي الإجابة على كلمات.",
        says_nothing="لا تقول الإجابة شيئًا عن السؤال.",
        repeats_question="الإجابة تكرر السؤال فقط.",
        given="الإجابة المقدَّمة: «{given}».",
        quote="«{quote}» صحيح.",
        missing="النقاط الناقصة: {missing} من {total}.",
        none_met="لا تذكر الإجابة بعدُ ما يطلبه السؤال.",
        page="راجع الصفحة {page}.",
    ),
    "hi": Phrases(
        right="सही।",
        wrong="सही नहीं।",
        blank="कोई उत्तर नहीं दिया गया।",
        marks_only="उत्तर में कोई शब्द नहीं है।",
        says_nothing="उत्तर प्रश्न के बारे में कुछ नहीं कहता।",
        repeats_question="उत्तर केवल प्रश्न को दोहराता है।",
        given="आपका उत्तर: “{given}”।",
        quote="“{quote}” सही है।",
        missing="{total} में से {missing} अंक अभी बाकी हैं।",
        none_met="उत्तर में अभी वह बात नहीं है जो पूछी गई है।",
        page="पृष्ठ {page} फिर से पढ़ें।",
    ),
    "zh": Phrases(
        right="正确。",
        wrong="不正确。",
        blank="没有作答。",
        marks_only="答案中没有文字。",
        says_nothing="答案没有谈到题目所问的内容。",
        repeats_question="答案只是重复了题目。",
        given="你的答案是“{given}”。",
        quote="“{quote}”是正确的。",
        missing="还缺 {missing} 分（共 {total} 分）。",
        none_met="答案还没有说出题目所问的内容。",
        page="请再读第 {page} 页。",
    ),
    "ja": Phrases(
        right="正解です。",
        wrong="正解ではありません。",
        blank="解答がありません。",
        marks_only="解答に言葉がありません。",
        says_nothing="解答は設問について何も述べていません。",
        repeats_question="解答は設問を繰り返しているだけです。",
        given="あなたの解答は「{given}」でした。",
        quote="「{quote}」は正しいです。",
        missing="{total}点のうち、あと{missing}点が足りません。",
        none_met="解答は、問われていることをまだ述べていません。",
        page="{page}ページをもう一度読んでください。",
    ),
    "ko": Phrases(
        right="맞습니다.",
        wrong="맞지 않습니다.",
        blank="답이 없습니다.",
        marks_only="답에 글자가 없습니다.",
        says_nothing="답이 문제에 대해 아무것도 말하지 않습니다.",
        repeats_question="답이 문제를 되풀이할 뿐입니다.",
        given="제출한 답: “{given}”.",
        quote="“{quote}”은(는) 맞습니다.",
        missing="{total}점 중 {missing}점이 부족합니다.",
        none_met="답이 아직 문제가 묻는 것을 말하지 않습니다.",
        page="{page}쪽을 다시 읽어 보세요.",
    ),
}


def phrases_for(language: str | None) -> Phrases:
    """The phrases of a language, by its BCP 47 tag."""
    return _CATALOGUE.get(primary_language(language), _ENGLISH)


def known_languages() -> tuple[str, ...]:
    """The languages that have phrases of their own."""
    return tuple(_CATALOGUE)

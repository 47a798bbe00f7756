"""How an answer tries to give its grader orders, in the languages learners write."""

import re

# Matched against loosely folded words: small letters, single spaces, no punctuation. Each pair is
# a word that begins an order and a word, at most six later, that shows it is meant for the grader.
_ORDERS = (
    # English
    (
        "ignore|disregard|forget|override|overrule|bypass|dismiss",
        "instruct|prompt|rule|rubric|criteri|guideline|direction|everything above|"
        "everything before",
    ),
    (
        "give|gimme|award|grant|assign|deserve|return|output|report|allocate|earn|get",
        "full|max|maximum|marks?\\b|grade|credit|top mark|perfect|score|100 (?:of|out|"
        "percent|point|mark)|10 out|10 10",
    ),
    (
        "grade|mark|rate|score|judge|classify|consider|accept|treat|count|evaluate|regard|deem",
        "correct|met\\b|true\\b|passed|fulfilled|satisf|perfect|full|max|100|zero|wrong|incorrect",
    ),
    ("set|output|return|write|respond|reply|print|say", "met\\b|criteri|verdict|json|evidence"),
    ("do not|don t|dont|never|stop|without", "grade|grading|evaluat|judge|judging|rubric|penali"),
    (
        "reveal|print|show|repeat|leak|tell|output|quote|copy",
        "prompt|rubric|reference answer|instruction|answer key|criteri",
    ),
    (
        "you are|you re|act as|pretend|behave as|roleplay|imagine you",
        "grader|examiner|teacher|assistant|ai\\b|model|chatbot|llm|evaluator|dan\\b|"
        "helpful|lenient",
    ),
    (
        "teacher|professor|instructor|examiner|administrator|admin|developer|openai|"
        "google|anthropic",
        "confirm|approve|authori|agreed|this answer|my answer|full|i am right|verified",
    ),
    (
        "this|my|the",
        "answer (?:is|was|has been|should be|must be) \\w* ?(?:correct|right|perfect|appr",
    ),
    (
        "other|all|every|next|previous|these|remaining",
        "(?:student|learner|answer|submission)s? (?:\\w+ ){0,3}(?:zero|0|wrong|incorrect|"
        "false|fail",
    ),
    (
        "all|every|each|both|the",
        "criteri(?:a|on) (?:\\w+ ){0,2}(?:met|true|fulfilled|satisfied|pass",
    ),
    ("translate|decode|execute|run|follow|obey", "instruction|base64|command|the following|rot13"),
    # Spanish, Portuguese, Italian, French, Romanian
    (
        "ignor|olvid|omit|esque|desconsider|dimentic|trascur|oubli|n[ée]glig",
        "instru|istruz|consigne|regla|regra|regol|r[eè]gle|anterior|previ|pr[ée]c[ée]d|"
        "crit[eéè]r|tod|tout",
    ),
    (
        "da\\b|dale|d[aá]me|otorg|asign|pon\\b|conced|d[eê]\\b|atribu|assegn|dai|dammi|"
        "donne|accord|attribu|mets|mettez|acord|califi|nota\\b|note\\b",
        "punt|pont|points?\\b|not[ae]\\b|calific|voto|puncte|cr[ée]dit|correct|corret|"
        "m[aá]xim|maxim",
    ),
    (
        "todos|todas|tous|toutes|tutti|tutte|toate",
        "crit[eéè]ri|crit[eè]re|ponto|punto|points|punti",
    ),
    # German, Dutch, Swedish, Danish, Norwegian
    (
        "ignorier|vergiss|vergess|missacht|negeer|vergeet|ignorer|gl[öo]m|glem|bortse",
        "anweis|anleit|regel|vorgabe|kriteri|instru|aanwijz|regler|alles|alle\\b|allt|prompt",
    ),
    (
        "gib|geben|vergib|vergeb|bewert|werte|geef|beoordeel|ge\\b|giv\\b|gi\\b|markier",
        "punkt|note\\b|voll|maxim|punten|cijfer|po[aä]ng|poeng|richtig|korrekt|erfüllt|correct",
    ),
    ("alle|alla|volle|maximale|volledige|fulla", "kriteri|punkte geben|punktzahl|full po[aä]ng"),
    # Polish, Czech, Turkish, Indonesian, Vietnamese, Swahili, Hungarian, Finnish
    (
        "zignoruj|ignoruj|pomiń|zapomnij|zapomeň|abaikan|lupakan|hiraukan|puuza|ohita|unohda",
        "instruk|polece|zasad|kryteri|pokyn|pravid|wszyst|všech|perintah|aturan|arahan|"
        "maagizo|ohje",
    ),
    (
        "przyznaj|daj\\b|przydziel|uděl|dej\\b|dejte|beri|berikan|maksymaln|nilai|anna",
        "punkt|ocen|bod|známk|nilai|poin|skor|penuh|maksimal|sempurna|piste",
    ),
    ("talimat|yönerge|kural|kriter|komut", "yok say|göz ardı|unut|görmezden|dikkate alma"),
    ("tam|tüm|en yüksek", "puan|kriter"),
    ("bỏ qua|phớt lờ|quên", "hướng dẫn|chỉ dẫn|quy tắc|lệnh|tất cả"),
    ("cho|chấm|điểm", "điểm|tối đa|cao nhất|tuyệt đối"),
)
# Scripts that join words, or don't part them: the pair stands within a few characters.
_JOINED_ORDERS = (
    # Russian, Ukrainian, Bulgarian, Serbian
    (
        "игнорир|забудь|не учитывай|ігнору|забрави|игнориш|занемари",
        "инструкц|указан|правил|критери|інструкц|вказівк|критері|упутств|все|усі|всичк",
    ),
    (
        "постав|дай|выстав|присво|оцени|засчита|зарахуй|оценка",
        "балл|оценк|максим|бал|оцінк|точк|поен|верн|правильн|полн",
    ),
    ("полн|максимальн|высш|повн|все|усі|всички", "балл|бал|оценк|критери|критері"),
    # Greek, Hebrew
    ("αγνόησε|αγνοήσ|αγνοησε|ξέχνα|ξεχάσ", "οδηγί|εντολ|κανόν|κριτήρι|προηγούμεν"),
    ("δώσε|δώσ|βάλε|βάλτε|πλήρη|όλα τα", "βαθμ|μονάδ|πόντ|κριτήρι|άριστα"),
    ("התעלם|התעלמ|תתעלם|שכח", "הוראות|כללים|קריטריונים|הנחיות"),
    ("תן|תני|תנו|הענק|ציון|ניקוד|מלוא|כל ה", "ציון|נקודות|מלא|קריטריונים"),
    # Arabic, Persian, Urdu
    ("تجاهل|انس|انسى|أهمل", "تعليمات|القواعد|المعايير|الأوامر|السابقة"),
    (
        "أعط|اعط|امنح|ضع|جميع|كل ال|العلامة|الدرجة",
        "الدرجة|درجة|العلامة|علامة|نقاط|كاملة|القصوى|معايير",
    ),
    ("دستور|قوانین|معیار|ہدایات", "نادیده|فراموش|نظر انداز"),
    ("نمره|امتیاز|پورے|مکمل", "کامل|حداکثر|نمبر"),
    # Hindi, Bengali, Tamil, Thai
    ("निर्देश|नियम|आदेश", "अनदेखा|नज़रअंदाज|नजरअंदाज|भूल|उपेक्षा"),
    ("अनदेखा|नज़रअंदाज|भूल|पूरे|पूर्ण|अधिकतम|सभी", "निर्देश|नियम|अंक|नंबर|मानदंड"),
    ("নির্দেশ|উপেক্ষা|পূর্ণ|সব", "উপেক্ষা|ভুলে|অগ্রাহ্য|নির্দেশ|নম্বর|মানদণ্ড"),
    ("வழிமுறை|முழு", "புறக்கணி|மதிப்பெண்"),
    ("เพิกเฉย|ละเว้น|ไม่ต้องสนใจ|ลืม|คะแนน", "คำสั่ง|คำแนะนำ|กฎ|เต็ม"),
    # Chinese, Japanese, Korean
    (
        "忽略|忽視|忽视|无视|無視|忘记|忘記|不要理会|跳过",
        "指令|指示|说明|說明|规则|規則|标准|標準|要求|提示",
    ),
    ("给|給|打|得|所有|全部|判", "满分|滿分|最高分|全部分|标准.{0,6}满足|標準.{0,6}滿足|正确|正確"),
    ("指示|命令|ルール|規則|採点基準|プロンプト", "無視|忘れ|従わ"),
    ("満点|最高点|すべて|全て|全部", "を|ください|与え|つけ|基準|満た"),
    ("지시|지침|명령|규칙|기준|프롬프트", "무시|잊|충족"),
)
_PHRASES = (
    r"\b(?:full|maximum|perfect) (?:marks?|points?|score|grade|credit)\b",
    r"\b(?:system|developer|admin|debug|maintenance) (?:prompt|override|note|notice)\b",
    r"\b(?:new|updated|revised|hidden|secret|important) (?:instruction|prompt|"
    r"directive|grading rule)",
    r"\b(?:dear|hey|hi|hello|attention|note to|message to|to the|"
    r"as the) (?:the )?(?:grader|examiner|"
    r"ai|model|assistant|grading|evaluator|llm|chatbot|gemini|gpt|chatgpt|teacher)\b",
    r"\b(?:grader|examiner|teacher) note\b|\b(?:grade|score|mark) for this (?:is|answer|should)\b",
    r"\bas (?:the|your|a) (?:teacher|grader|examiner|administrator)\b",
    r"\bas an ai\b|\blanguage model\b|\bjailbreak|\bprompt injection\b|\bchatgpt\b",
    r"\b(?:zero|0|null|nul|z[ée]ro|cero|ноль|нуль) (?:points?|marks|punkte|punten|puntos|pontos|"
    r"punti|баллов|балів)\b(?! of| on| in)",
    r"\b(?:give|grant|award|deserve)s? (?:\w+ )?(?:an? )?(?:a\+|pass\b|10/10|10 10)",
    r"\b(?:award|grant|give|tick|pass) (?:\w+ )?(?:every|all|each) (?:\w+ )?"
    r"(?:criteri|points?\b|marks?\b)",
    r"\balle punkte\b.{0,20}\b(?:gegeben|vergeben|bekomm|erhalt|verdien|zähl)",
    r"\bend of (?:the )?(?:answers?|data|input|prompt|instructions?|learner|student)\b",
    r"\bmet (?:is |to |equals? |= )?true\b|\bcriteri(?:a|on) met\b",
    r"\bplease (?:pass|be kind|be lenient|accept|let me pass|mark|grade)\b|\bi beg\b",
    r"满分|滿分|最高分|零分|满足所有|你现在是|你現在是|系统(?:提示|消息|指令)|あなたは今|"
    r"만점|최고 점수|모든 기준|당신은 이제",
    r"\b(?:ты|вы) теперь\b|\bdu bist jetzt\b|\bsie sind jetzt\b|\btu es maintenant\b|"
    r"\beres ahora\b",
)


def _order(begins: str, meant_for: str) -> str:
    closing = ")" * (meant_for.count("(") - meant_for.count(")"))
    return rf"\b(?:{begins})\w*(?: \w+){{0,5}}? (?:{meant_for}{closing})"


def _joined_order(begins: str, meant_for: str) -> str:
    return rf"(?:{begins}).{{0,24}}?(?:{meant_for})"


INSTRUCTIONS = re.compile(
    "|".join(
        [
            *_PHRASES,
            *(_order(*pair) for pair in _ORDERS),
            *(_joined_order(*pair) for pair in _JOINED_ORDERS),
        ]
    )
)

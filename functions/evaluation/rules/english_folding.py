"""Word lists of English: what two writers type differently and mean alike."""

import re

ARTICLES = frozenset({"the", "an"})

# "a" is an article after these; elsewhere it may be a label (bulb a, path a, hepatitis a).
ARTICLE_MAY_FOLLOW = frozenset({
    "in", "on", "of", "to", "by", "with", "within", "from", "for", "at", "as", "into", "through",
    "between", "is", "are", "was", "were", "be", "being", "been", "has", "have", "had", "having",
    "there", "like", "such", "make", "makes", "made", "making", "create", "creates", "created",
    "creating", "form", "forms", "cause", "causes", "caused", "contain", "contains", "contained",
    "need", "needs", "needed", "use", "uses", "used", "using", "give", "gives", "become",
    "becomes", "show", "shows", "get", "gets", "without",
})  # fmt: skip
ARTICLE_MAY_FOLLOW_UNLESS_PAST = frozenset({"because", "that", "than", "when", "if", "only"})
# "a few" and "a little" are not "few" and "little"; a verb or "and" behind it makes "a" a label.
ARTICLE_NEVER_BEFORE = frozenset({
    "few", "little", "lot", "and", "or", "is", "are", "was", "were", "will", "has", "have", "can",
    "would", "should", "does", "did", "not", "to", "in", "on", "of", "with", "from", "b", "c",
    "lights", "goes", "stays", "remains", "contains", "burns", "works", "stops", "turns", "breaks",
    "connects", "also", "then", "but", "because", "if", "when", "while", "still", "must", "may",
})  # fmt: skip

# A comma or full stop behind these decides what they deny: "No, current flows" and "No current".
ANSWERS_BY_THEMSELVES = frozenset(
    {"no", "not", "yes", "never", "none", "nothing", "neither", "nor", "true", "false", "correct"}
)

# Elsewhere a comma may tell who does what: "the teacher, said the pupil, is wrong".
COMMA_IDLE_BEFORE = frozenset({
    "and", "or", "but", "so", "because", "which", "then", "thus", "therefore", "since", "as",
    "hence", "while", "whereas", "although",
})  # fmt: skip

# "I" before these is the speaker, elsewhere perhaps a current.
SAID_OF_ONESELF = frozenset({
    "think", "believe", "guess", "suppose", "would", "do", "don't", "dont", "am", "have", "know",
    "had", "was", "can", "can't", "cannot", "said", "thought", "did", "didn't",
})  # fmt: skip

# Things that are told apart by letters, in whatever case a learner types these: bulb A, bulbs b and
# c. Not here: what has its own convention of case (allele a, vitamin A, blood group A, type).
_LABELLED_NOUNS = (
    "bulb", "lamp", "switch", "battery", "path", "wire", "resistor", "circuit", "terminal",
    "beaker", "jar", "flask", "tube", "tank", "container", "box", "room", "town", "person",
    "pupil", "car", "train", "picture", "diagram", "figure",
)  # fmt: skip
LABELLED = {
    form: noun
    for noun in _LABELLED_NOUNS
    for form in (noun, f"{noun}s", f"{noun}es", f"{noun.removesuffix('y')}ies")
}
LABELS_JOINED_BY = frozenset({"and", "or", ","})

# "that" before these opens a statement and says nothing of it; before a verb it is the subject.
STATEMENT_BEGINS = frozenset(
    {"they", "there", "it", "he", "she", "we", "you", "the", "an", "their", "its", "both", "all"}
)

FUNCTION_WORDS = frozenset({
    "i", "me", "my", "you", "he", "she", "its", "we", "us", "our", "who", "the", "an",
    "and", "or", "but", "nor", "for", "of", "in", "on", "at", "by", "to", "up", "off", "out", "as",
    "if", "is", "am", "are", "was", "be", "been", "do", "does", "did", "has", "had", "have", "can",
    "may", "not", "no", "so", "too", "than", "then", "that", "this", "they", "them", "their",
    "there", "these", "those", "were", "will", "with", "it", "one", "two", "six", "ten",
    "all", "any", "how", "why", "what", "when", "both", "each", "from", "into", "it's", "yes",
})  # fmt: skip

# No other word is written with these letters, so nobody means another by small ones.
ACRONYMS = frozenset({"dna", "rna", "atp", "adp", "nadh", "nadph", "hiv", "emf"})

# Words whose capital says something else: names of languages, months, planets; values and types.
CAPITAL_MATTERS = frozenset({
    "polish", "march", "may", "august", "turkey", "china", "mercury", "earth", "job", "lent",
    "nice", "reading", "mobile", "catholic", "god", "titan", "pole", "poles", "swede", "cancer",
    "bill", "mark", "rob", "amber", "rose", "iris", "lily", "hope", "frank", "cologne", "java",
    "python", "ruby", "string", "object", "integer", "boolean", "float", "double", "list", "set",
    "true", "false", "none", "null", "main", "class", "number", "array", "liberal", "democrat",
    "republican", "conservative", "labour", "jersey", "guinea", "gothic", "roman",
    "ionic", "doric", "slav", "romance", "swift", "rust", "scratch", "apple", "windows", "word",
    "excel", "access", "internet", "web", "north", "south", "east", "west", "crown", "church",
    "state", "bible", "ares", "chad", "chile", "hamlet", "pascal", "newton", "kelvin", "hertz",
    "joule", "watt", "volt", "ohm", "tesla", "gray",
})  # fmt: skip

NUMBER_WORDS = {
    word: str(number)
    for number, word in enumerate(
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
         "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
         "nineteen", "twenty")
    )
} | {
    "thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "seventy": "70", "eighty": "80",
    "ninety": "90",
}  # fmt: skip

_NEGATED = (
    "do", "does", "did", "is", "are", "was", "were", "has", "have", "had", "could", "should",
    "would", "must", "need",
)  # fmt: skip
CONTRACTIONS = {
    **{f"{verb}n't": f"{verb} not" for verb in _NEGATED},
    **{f"{verb}nt": f"{verb} not" for verb in _NEGATED},
    # Learners put the apostrophe anywhere in these, and the word stays what it is.
    **{f"{verb}'nt": f"{verb} not" for verb in _NEGATED},
    "can't": "can not",
    "cant": "can not",
    "cannot": "can not",
    "won't": "will not",
    "wont": "will not",
    "it's": "it is",
    "that's": "that is",
    "there's": "there is",
    "they're": "they are",
    "theyre": "they are",
    "you're": "you are",
    "we're": "we are",
    "i'm": "i am",
    "i've": "i have",
    "they've": "they have",
    "he's": "he is",
    "she's": "she is",
    "what's": "what is",
    "let's": "let us",
    "we've": "we have",
    "you've": "you have",
    **{f"{who}'ll": f"{who} will" for who in ("i", "you", "he", "she", "it", "we", "they")},
}

# Non-words and regional spellings, each with exactly one reading. A spelling that is a word of its
# own is never listed.
SPELLINGS = {
    "seperate": "separate", "seperated": "separated", "seperates": "separates",
    "seperation": "separation", "seperately": "separately", "becuase": "because",
    "becasue": "because", "beacuse": "because", "becouse": "because", "becaus": "because",
    "bacause": "because", "becuse": "because", "cuz": "because",
    "teh": "the", "thier": "their", "recieve": "receive", "recieves": "receives",
    "recieved": "received", "recieving": "receiving", "wich": "which", "whith": "with",
    "wiht": "with", "alot": "a lot", "untill": "until",
    "differnt": "different", "diffrent": "different", "diferent": "different",
    "differance": "difference", "diffrence": "difference", "occured": "occurred",
    "occurence": "occurrence", "occuring": "occurring", "begining": "beginning",
    "enviroment": "environment", "goverment": "government", "neccessary": "necessary",
    "necesary": "necessary", "definately": "definitely", "existance": "existence",
    "independant": "independent", "occassion": "occasion", "posession": "possession",
    "publically": "publicly", "refered": "referred", "similiar": "similar", "succesful":
    "successful", "tommorow": "tomorrow", "truely": "truly", "wierd": "weird",
    "acheive": "achieve", "beleive": "believe", "belive": "believe", "calender": "calendar",
    "concious": "conscious", "knowlege": "knowledge", "liason": "liaison", "maintainance":
    "maintenance", "noticable": "noticeable", "paralel": "parallel", "parrallel": "parallel",
    "parellel": "parallel", "paralell": "parallel", "temperture": "temperature", "temprature":
    "temperature", "pressue": "pressure", "reacton": "reaction", "conection": "connection",
    "conected": "connected", "connecton": "connection", "connnected": "connected",
    "conneted": "connected", "positve": "positive", "postive": "positive", "possitive": "positive",
    "posative": "positive", "positiv": "positive", "negitive": "negative", "negetive": "negative",
    "negativ": "negative", "circut": "circuit", "ciruit": "circuit", "curcuit": "circuit",
    "circiut": "circuit", "circuts": "circuits", "electical": "electrical", "electrial":
    "electrical", "eletrical": "electrical", "eletricity": "electricity", "electicity":
    "electricity", "batery": "battery", "battry": "battery", "baterry": "battery",
    "battary": "battery", "betwen": "between", "beetween": "between", "bewteen": "between",
    "contaned": "contained", "conatined": "contained", "termial": "terminal",
    "terminial": "terminal", "voltge": "voltage", "volatge": "voltage",
    "lenght": "length", "hieght": "height", "widht": "width", "strenght": "strength",
    "separted": "separated", "seporated": "separated", "seperatd": "separated",
    "bettery": "battery",
    "eachother": "each other", "incase": "in case", "infact": "in fact", "aswell": "as well",
    "colour": "color", "colours": "colors", "coloured": "colored", "behaviour": "behavior",
    "labour": "labor", "neighbour": "neighbor", "favour": "favor", "centre": "center",
    "centres": "centers", "metre": "meter", "metres": "meters", "litre": "liter",
    "litres": "liters", "fibre": "fiber", "fibres": "fibers", "theatre": "theater",
    "organise": "organize", "organised": "organized", "organisation": "organization",
    "analyse": "analyze", "analysed": "analyzed",
    "catalyse": "catalyze", "catalyses": "catalyzes", "ionise": "ionize", "ionised": "ionized",
    "oxidise": "oxidize", "oxidised": "oxidized", "neutralise": "neutralize",
    "neutralised": "neutralized", "polarised": "polarized", "realise": "realize",
    "recognise": "recognize", "recognised": "recognized", "minimise": "minimize",
    "maximise": "maximize", "defence": "defense", "grey": "gray", "sulphur": "sulfur",
    "sulphate": "sulfate", "sulphide": "sulfide", "aluminium": "aluminum", "haemoglobin":
    "hemoglobin", "oesophagus": "esophagus", "oestrogen": "estrogen", "anaemia": "anemia",
    "foetus": "fetus", "travelled": "traveled", "travelling": "traveling", "modelling": "modeling",
    "vapour": "vapor", "tumour": "tumor", "mould": "mold", "plough": "plow",
}  # fmt: skip

_FRAME = r"(?:(?:i|we) (?:think|believe|guess|would say|suppose)(?: that)?|in my opinion)"
_REASON = (
    r"(?:(?:it|this|that) (?:is|was) because(?: of)?|(?:the )?reason is(?: that| because)?|"
    r"because(?: of)?|my answer is(?: that)?|(?:the )?answer is(?: that)?)"
)
# Openings that announce an answer and say nothing of it.
OPENING = re.compile(rf"(?:(?:my )?answer [.:] )?(?:{_FRAME} )?(?:{_REASON} )?(?=\S)")

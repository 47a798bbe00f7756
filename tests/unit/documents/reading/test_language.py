"""Which language a document is guessed to be in."""

import pytest

from functions.documents.reading.language import guess_language

SENTENCES = {
    "en": "The cell is the basic unit of life, and it was first seen by Hooke in the year 1665. "
    "Mitochondria are found in most of the cells that have a nucleus.",
    "de": "Die Zelle ist die kleinste lebende Einheit des Körpers, und sie wurde von Hooke "
    "entdeckt. Das Innere der Zelle ist mit einer Flüssigkeit gefüllt, die auch Plasma heißt.",
    "fr": "La cellule est l'unité de base de la vie et elle est décrite par les biologistes depuis "
    "des siècles. Les mitochondries sont dans la plupart des cellules qui ont un noyau.",
    "es": "La célula es la unidad básica de la vida y fue descrita por Hooke en el siglo XVII. "
    "Las mitocondrias se encuentran en la mayoría de las células que tienen un núcleo.",
    "pt": "A célula é a unidade básica da vida e foi descrita por Hooke no século XVII. "
    "As mitocôndrias são encontradas na maioria das células que não são bactérias, com um núcleo.",
    "it": "La cellula è l'unità di base della vita e fu descritta per la prima volta da Hooke. "
    "I mitocondri sono nella maggior parte delle cellule che non sono batteri, anche nel lievito.",
    "nl": "De cel is de kleinste eenheid van het leven en werd voor het eerst door Hooke gezien. "
    "Het plasma van een cel wordt ook wel de vloeistof genoemd die niet in de kern zit.",
    "sv": "Cellen är den minsta levande enheten och den beskrevs av Hooke. Det finns mitokondrier "
    "i de flesta celler som har en kärna, men inte i bakterier.",
    "pl": "Komórka jest najmniejszą jednostką życia i została opisana przez Hooke'a. Mitochondria "
    "są w większości komórek, a nie ma ich w bakteriach. To jest budowa, która się powtarza.",
    "tr": "Hücre, canlıların en küçük birimidir ve ilk olarak Hooke ile bilinir. Bu birim için bir "
    "çekirdek gerekir, ama bakteriler de daha çok sade olarak yaşar.",
    "vi": "Tế bào là đơn vị cơ bản của sự sống và được mô tả trong những năm 1665. Không có nhân "
    "trong các vi khuẩn, với một màng cho tế bào.",
    "ru": "Клетка является основной единицей жизни, и она была описана Гуком. В клетке есть ядро, "
    "но не во всех: это зависит от того, как она устроена и для чего.",
    "uk": "Клітина є основною одиницею життя, і вона була описана Гуком. У клітині є ядро, але не "
    "в усіх: це залежить від того, як вона влаштована та для чого. Який це був вид?",
    "ar": "الخلية هي الوحدة الأساسية في الحياة وقد وصفها هوك من خلال المجهر. توجد النواة في معظم "
    "الخلايا التي لا تنتمي إلى البكتيريا، وهذا ما كان معروفا عن الخلية.",
    "fa": "یاخته واحد پایه زندگی است و برای نخستین بار از سوی هوک در کتابی که به آن معروف است دیده "
    "شد. هسته را می توان در بیشتر یاخته ها دید و این با میکروسکوپ است.",
    "hi": "कोशिका जीवन की मूल इकाई है और इसे हुक ने देखा था। यह सभी जीवों में पाई जाती है और इस का "
    "केन्द्रक भी होता है जो जीवाणु में नहीं होता।",
    "el": "Το κύτταρο είναι η βασική μονάδα της ζωής και περιγράφηκε από τον Χουκ το 1665.",
    "he": "התא הוא היחידה הבסיסית של החיים והוא תואר לראשונה על ידי הוק בשנת אלף שש מאות.",
    "zh": "细胞是生命的基本单位，由胡克首先描述。大多数细胞都有细胞核，但是细菌没有。"
    "线粒体是细胞的发电厂，它们为细胞提供能量，使生命活动成为可能。",
    "ja": "細胞は生命の基本単位であり、フックによって初めて記述された。"
    "ほとんどの細胞には核があるが、細菌にはない。",
    "ko": "세포는 생명의 기본 단위이며 훅이 처음으로 기술하였다. "
    "대부분의 세포에는 핵이 있지만 세균에는 없다. "
    "미토콘드리아는 발전소라고 불린다.",
    "th": "เซลล์เป็นหน่วยพื้นฐานของสิ่งมีชีวิต และฮุกเป็นผู้พบเป็นคนแรก เซลล์ส่วนใหญ่มีนิวเคลียส",
    "bn": "কোষ জীবনের মৌলিক একক এবং হুক প্রথম এটি বর্ণনা করেন। অধিকাংশ কোষে নিউক্লিয়াস থাকে।",
}


@pytest.mark.parametrize("language", SENTENCES)
def test_two_sentences_tell_their_language(language: str) -> None:
    assert guess_language([SENTENCES[language]], None) == language


def test_the_text_is_believed_before_the_declaration() -> None:
    assert guess_language([SENTENCES["de"]], "en-US") == "de"


def test_the_declaration_is_believed_where_the_text_is_too_short() -> None:
    assert guess_language(["Osmose"], "de_AT") == "de-AT"


@pytest.mark.parametrize("declared", [None, "", "x-unknown", "not a language", "e", "\x00" * 50])
def test_nothing_is_guessed_from_nothing(declared: str | None) -> None:
    assert guess_language(["", "42"], declared) is None


def test_a_page_of_numbers_and_formulas_has_no_language() -> None:
    assert guess_language(["xyz = qkj + 42 * wvu " * 50], None) is None


def test_a_document_is_judged_by_all_its_pages() -> None:
    assert guess_language(["CONTENTS " * 400, *[SENTENCES["fr"]] * 30], None) == "fr"

"""Every export read back by a parser of its own, with texts that try to break out of it."""

import json
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from functions.questions.exports import anki_deck, csv_table, gift, moodle_xml, qti12, qti21
from functions.questions.exports.content import ExportedCriterion, writable
from functions.questions.exports.formats import ExportFormat, content_disposition, export
from functions.questions.exports.markup import with_mathjax
from tests.factories.exports import exported_question, set_of
from tests.unit.questions import export_parsers as parsers

KINDS = ("mcq", "true_false", "fill_blank", "short_answer")

NASTY = (
    "a ~ b = c # d { e } f : g \\ h",
    r"the angle \nu and \\ of \{x\}, \=, \~",
    "// no comment ::title:: ####no feedback####",
    "=right ~wrong %50%half -> match",
    "$CATEGORY: $course$/x",
    "[html]<b>bold</b> [plain] [markdown]",
    "]]> <![CDATA[ x ]]> &amp; &lt;p&gt; <script>alert(1)</script>",
    "%100% of \"them\" 'here'",
    "{{c1::cloze}} {{Question}} {{^x}}",
    "* any * wildcard \\* ",
    '=HYPERLINK("http://x") +1-1 @SUM',
    "$E=mc^2$ and $$\\frac{a}{b}$$ for $5 and $6",
    r"\(x^2\) \[y\]",
    "ما هي الخلية؟ (ATP) — سؤال",
    "細胞とは何ですか。「ATP」～＝＃",
    "e\u0301 🧬 👩‍🔬 \u202eabc\u202c",
    "line one\nline two\n\nline four",
    "tab\tand  two spaces",
)
texts = st.one_of(
    st.sampled_from(NASTY),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60),
    st.text("~=#{}:\\%[]<>&$*-\n()ab1 _|,;'\"", min_size=1, max_size=40),
).map(lambda text: writable(text).strip() or "x")


def shown(text: str) -> str:
    """What a reader sees of a text, however its white space was broken."""
    return " ".join(with_mathjax(text).split())


def plain(text: str) -> str:
    return " ".join(text.split())


choices = st.lists(texts, min_size=4, max_size=4)


@settings(max_examples=30, deadline=None)
@given(stem=texts, options=choices, told=choices, explanation=texts, quote=texts)
@pytest.mark.parametrize(
    ("write", "read"),
    [
        (gift.write, parsers.read_gift),
        (moodle_xml.write, parsers.read_moodle_xml),
        (qti21.write, parsers.read_qti21),
        (qti12.write, parsers.read_qti12),
    ],
)
def test_a_choice_comes_back_as_it_was(  # noqa: PLR0917
    write, read, stem, options, told, explanation, quote
):
    question = exported_question(
        "mcq",
        stem=stem,
        options=tuple(options),
        answer=2,
        option_feedback=tuple(told),
        explanation=explanation,
        quote=quote,
    )

    (back,) = read(write(set_of(question)))

    assert back.type == "choice"
    assert plain(back.stem) == shown(stem)
    assert [plain(one) for one in back.options] == [shown(one) for one in options]
    assert [plain(one) for one in back.option_feedback] == [shown(one) for one in told]
    assert back.correct == 2
    assert plain(back.feedback) == shown(f"{explanation}\n{question.source}")


@settings(max_examples=30, deadline=None)
@given(stem=texts, accepted=st.lists(texts, min_size=1, max_size=3, unique_by=plain))
@example(stem="0$:$:$0", accepted=["a"])
@pytest.mark.parametrize(
    ("write", "read"),
    [
        (gift.write, parsers.read_gift),
        (moodle_xml.write, parsers.read_moodle_xml),
        (qti21.write, parsers.read_qti21),
        (qti12.write, parsers.read_qti12),
    ],
)
def test_a_gap_comes_back_as_it_was(write, read, stem, accepted):
    accepted = [one.replace("->", "→") for one in accepted]
    stem = f"{stem.replace('_____', ' ')} _____ {stem.replace('_____', ' ')}"
    question = exported_question("fill_blank", stem=stem, answer=tuple(accepted))

    (back,) = read(write(set_of(question)))

    assert back.type == "gap"
    assert plain(back.stem).replace(" ", "") == shown(stem).replace(" ", "")
    assert [plain(one) for one in back.correct] == [plain(one) for one in accepted]


@settings(max_examples=30, deadline=None)
@given(stem=texts, answer=texts, criterion=texts)
@example(stem="a", answer="$$0", criterion="0$$")
@pytest.mark.parametrize(
    ("write", "read", "guide_is_apart"),
    [
        (gift.write, parsers.read_gift, False),
        (moodle_xml.write, parsers.read_moodle_xml, True),
        (qti21.write, parsers.read_qti21, True),
        (qti12.write, parsers.read_qti12, True),
    ],
)
def test_a_free_question_comes_back_with_its_marking_guide(  # noqa: PLR0917
    write, read, guide_is_apart, stem, answer, criterion
):
    rubric = (ExportedCriterion("c1", criterion, 1.5),)
    question = exported_question("short_answer", stem=stem, answer=answer, rubric=rubric)

    (back,) = read(write(set_of(question)))

    assert back.type == "essay"
    assert plain(back.stem) == shown(stem)
    guide = back.guide if guide_is_apart else back.feedback
    assert shown(f"{answer}\n• {criterion} (1.5)") in plain(guide)


@pytest.mark.parametrize("key", [True, False])
def test_a_judgement_comes_back_as_it_was(key: bool) -> None:
    exported = set_of(exported_question("true_false", answer=key))

    for back in (
        *parsers.read_gift(gift.write(exported)),
        *parsers.read_moodle_xml(moodle_xml.write(exported)),
    ):
        assert (back.type, back.correct) == ("judgement", key)
    for back in (
        *parsers.read_qti21(qti21.write(exported)),
        *parsers.read_qti12(qti12.write(exported)),
    ):
        assert back.options == ["True", "False"]
        assert back.options[back.correct] == str(key)


def test_all_questions_of_a_set_come_back_in_order() -> None:
    questions = [exported_question(kind, number) for number, kind in enumerate(KINDS * 5, start=1)]
    exported = set_of(*questions)

    for write, read in (
        (gift.write, parsers.read_gift),
        (moodle_xml.write, parsers.read_moodle_xml),
        (qti21.write, parsers.read_qti21),
        (qti12.write, parsers.read_qti12),
        (anki_deck.write, parsers.read_anki),
        (csv_table.write, parsers.read_csv),
    ):
        assert len(read(write(exported))) == 20


@pytest.mark.parametrize(
    ("write", "read"),
    [
        (gift.write, parsers.read_gift),
        (moodle_xml.write, parsers.read_moodle_xml),
        (qti21.write, parsers.read_qti21),
        (qti12.write, parsers.read_qti12),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_the_feedback_says_that_the_page_was_transcribed(write, read, kind: str) -> None:
    (scan,) = read(write(set_of(exported_question(kind, transcribed=True))))
    (other,) = read(write(set_of(exported_question(kind))))

    assert "Page vii (7), OCR: “The mitochondrion" in plain(scan.feedback)
    assert "Page vii (7): “The mitochondrion" in plain(other.feedback)


def test_notes_rows_and_objects_say_that_the_page_was_transcribed() -> None:
    exported = set_of(exported_question("mcq", transcribed=True))

    (note,) = parsers.read_anki(anki_deck.write(exported))
    (row,) = parsers.read_csv(csv_table.write(exported))
    (question,) = json.loads(export(exported, ExportFormat.JSON).content)["questions"]

    assert "Page vii (7), OCR:" in note["Source"]
    assert row["transcribed"] == "true"
    assert question["source"]["transcribed"] is True


def test_gift_writes_an_arrow_in_an_answer_as_moodles_wildcard() -> None:
    question = exported_question("fill_blank", answer=("A -> B",))

    assert b"=%100%A -* B" in gift.write(set_of(question))


@settings(max_examples=30, deadline=None)
@given(title=texts)
def test_no_title_breaks_an_export(title: str) -> None:
    exported = set_of(exported_question("mcq"), title=title)

    assert len(parsers.read_gift(gift.write(exported))) == 1
    assert len(parsers.read_moodle_xml(moodle_xml.write(exported))) == 1
    assert len(parsers.read_qti21(qti21.write(exported))) == 1
    assert len(parsers.read_qti12(qti12.write(exported))) == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", NASTY)
def test_an_anki_note_shows_the_texts_and_nothing_runs(kind: str, text: str) -> None:
    text = writable(text).strip()
    question = exported_question(kind, stem=text, explanation=text, quote=text)

    (note,) = parsers.read_anki(anki_deck.write(set_of(question)))

    assert note["guid"] == str(question.id)
    assert plain(parsers.text_of(note["Question"])) == shown(text)
    assert plain(parsers.text_of(note["Explanation"])) == shown(text)
    assert shown(text) in plain(parsers.text_of(note["Source"]))
    assert not re.search(r"<(?!/?(?:p|br|ol|li)\b)", note["Question"] + note["Answer"])


@settings(max_examples=30, deadline=None)
@given(stem=texts, options=choices)
@example(stem="a", options=["''", "a", "b", "c"])
def test_a_row_of_the_table_says_what_the_question_says(stem: str, options: list[str]) -> None:
    question = exported_question("mcq", stem=stem, options=tuple(options), answer=0)

    (row,) = parsers.read_csv(csv_table.write(set_of(question)))

    # An apostrophe may precede the text, where it is made one that no spreadsheet runs.
    assert stem in (row["stem"], row["stem"].removeprefix("'"))
    told = plain(row["options"])
    assert plain(" ".join(options)) in (told, told.removeprefix("'").strip())
    assert row["page"] == "7"


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1"])
def test_no_cell_of_the_table_is_a_formula(text: str) -> None:
    content = csv_table.write(set_of(exported_question("mcq", stem=text))).decode("utf-8-sig")

    assert f"'{text}" in content


def test_a_negative_number_stays_a_number_in_the_table() -> None:
    question = exported_question("mcq", options=("-40", "1", "2", "3"), answer=0)

    (row,) = parsers.read_csv(csv_table.write(set_of(question)))

    assert row["answer"] == "-40"


@settings(max_examples=30, deadline=None)
@given(stem=texts)
def test_json_holds_the_texts_unchanged(stem: str) -> None:
    file = export(set_of(exported_question("mcq", stem=stem)), ExportFormat.JSON)

    (question,) = json.loads(file.content)["questions"]
    assert question["stem"] == stem
    assert question["answer"] == 1
    assert question["source"]["page"] == 7


@pytest.mark.parametrize("wanted", list(ExportFormat))
def test_every_format_has_a_file_name_of_its_own(wanted: ExportFormat) -> None:
    file = export(set_of(exported_question("mcq"), title='A "b"/c:\r\nd'), wanted)

    assert file.content
    assert file.disposition.startswith('attachment; filename="A b c d.')
    assert "\n" not in file.disposition


@pytest.mark.parametrize("title", ["lecture.pdf", "lecture.PDF "])
def test_the_documents_ending_is_no_part_of_the_exports_name(title: str) -> None:
    file = export(set_of(exported_question("mcq"), title=title), ExportFormat.CSV)

    assert file.disposition.startswith('attachment; filename="lecture.csv"')


@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        ("cells.csv", "attachment; filename=\"cells.csv\"; filename*=UTF-8''cells.csv"),
        (
            "細胞.csv",
            "attachment; filename=\"questions.csv\"; filename*=UTF-8''%E7%B4%B0%E8%83%9E.csv",
        ),
    ],
)
def test_a_download_keeps_its_name_in_any_script(name: str, disposition: str) -> None:
    assert content_disposition(name) == disposition


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("$x$ and $y^2$", r"\(x\) and \(y^2\)"),
        ("$$\\frac{1}{2}$$", r"\[\frac{1}{2}\]"),
        ("It costs $5 and $6.", "It costs $5 and $6."),
        (r"An escaped \$5 and \$6.", r"An escaped \$5 and \$6."),
        (r"\(x\) stays", r"\(x\) stays"),
        ("$ x $ is no formula", "$ x $ is no formula"),
    ],
)
def test_formulas_are_marked_for_mathjax_and_money_is_not(text: str, marked: str) -> None:
    assert with_mathjax(text) == marked


def test_what_no_format_can_hold_is_left_out() -> None:
    assert writable("a\x00b\x0bc\ud800d\ufffee\r\nf\rg") == "abcde\nf\ng"

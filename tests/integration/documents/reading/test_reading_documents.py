"""Real PDFs, read by a real child process."""

import hashlib
import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pypdf
import pytest

from functions.documents.reading.document import ReadDocument
from functions.documents.reading.limits import ReadingLimits
from functions.documents.reading.process import ReadingFailed
from functions.documents.reading.reader import read_document
from functions.documents.reading.rejections import DocumentRejected
from shared.quotes import FoldedPage
from tests.factories import hostile_pdfs

ROOT = Path(__file__).parents[4]
CHAPTER = ROOT / "samples" / "openstax-microbiology-ch6.pdf"
FACTS = json.loads((ROOT / "tests/files/openstax-microbiology-ch6.facts.json").read_text())
FILES = ROOT / "tests" / "files" / "pdfs"


def read(name: str, limits: ReadingLimits | None = None) -> ReadDocument:
    return read_document(FILES / name, limits or ReadingLimits())


def read_bytes(folder: Path, pdf: bytes, limits: ReadingLimits | None = None) -> ReadDocument:
    path = folder / "upload.pdf"
    path.write_bytes(pdf)
    return read_document(path, limits or ReadingLimits())


def rejection(path: Path, limits: ReadingLimits | None = None) -> str:
    with pytest.raises(DocumentRejected) as refused:
        read_document(path, limits or ReadingLimits())
    return refused.value.code


@pytest.fixture(scope="module")
def chapter() -> ReadDocument:
    return read_document(CHAPTER, ReadingLimits())


def test_a_chapter_is_read_whole(chapter: ReadDocument) -> None:
    assert chapter.page_count == FACTS["pages"]
    assert chapter.character_count == pytest.approx(FACTS["chars"], rel=0.01)
    assert chapter.sha256 == FACTS["sha256"] == hashlib.sha256(CHAPTER.read_bytes()).hexdigest()
    assert chapter.language == "en"
    assert chapter.title == "Microbiology: Acellular Pathogens"
    assert [page.number for page in chapter.pages] == list(range(1, 42))
    assert all(page.has_text and page.characters == len(page.text) for page in chapter.pages)


def test_every_known_fact_is_found_on_its_page_and_no_other(chapter: ReadDocument) -> None:
    pages = [FoldedPage(page.text) for page in chapter.pages]
    for fact in FACTS["facts"]:
        found = [number for number, page in enumerate(pages, 1) if page.locate(fact["phrase"])]
        assert found == [fact["page"]]


@pytest.mark.parametrize(
    ("said", "title"), [(b"Cells", "Cells"), (b"untitled", None), (b"(anonymous)", None)]
)
def test_a_title_that_a_program_made_up_is_none(
    tmp_path: Path, said: bytes, title: str | None
) -> None:
    escaped = said.replace(b"(", b"\\(").replace(b")", b"\\)")
    page = (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 5 0 R"
        b" /Resources << /Font << /F1 3 0 R >> >> >>"
    )
    pdf = hostile_pdfs.assemble(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Count 1 /Kids [4 0 R] >>",
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            page,
            hostile_pdfs.flate(hostile_pdfs.TEXT),
            b"<< /Title (%s) >>" % escaped,
        ],
        trailer=b"/Info 6 0 R",
    )

    assert read_bytes(tmp_path, pdf).title == title


def test_pages_without_text_are_told_apart_in_a_mixed_document() -> None:
    document = read("mixed_text_and_scan.pdf")
    assert [page.has_text for page in document.pages] == [True, False, False, True, False]


def test_arabic_is_read_in_its_order_of_reading() -> None:
    document = read("arabic_shaped.pdf")
    assert document.language == "ar"
    assert document.pages[0].text == (
        "البناء الضوئي هو العملية التي تحول بها النباتات الطاقة الضوئية إلى طاقة كيميائية.\n"
        "الميتوكوندريا هي مصنع الطاقة في الخلية."
    )


def test_chinese_japanese_and_korean_keep_their_characters() -> None:
    chinese, japanese, korean = (page.text for page in read("cjk_cid_fonts.pdf").pages)
    assert "光合作用是植物把光能转化为化学能的过程。" in chinese
    assert "光合成は植物が光エネルギーを化学エネルギーに変える過程である。" in japanese
    assert "광합성은 식물이 빛 에너지를 화학 에너지로 바꾸는 과정이다." in korean


def test_ligatures_and_broken_words_are_found_by_what_they_say() -> None:
    page = FoldedPage(read("ligatures_hyphens.pdf").pages[0].text)
    assert page.locate("The efficient flow of the first official diffluence experiment")
    assert page.locate("photosynthesis is an endothermic process")
    assert page.locate("state-of-the-art methods measure 3.5 × 10⁻² mol at −40 °C")


def test_columns_are_read_one_after_the_other() -> None:
    document = read("two_column_latex.pdf")
    page = FoldedPage(document.pages[0].text)
    assert page.locate("This is a sample document with two columns filled with Lorem Ipsum text.")
    assert page.locate("Nam arcu libero, nonummy eget, consectetuer id, vulputate a, magna.")
    assert document.language == "la"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("scan_12pages.pdf", "no_text_layer"),
        ("glyph_names_no_tounicode.pdf", "glyph_names_no_text"),
        ("truncated_60pct.pdf", "truncated_pdf"),
        ("user_password_aes256.pdf", "encrypted"),
        ("one_string_60mb.pdf", "decompression_bomb"),
    ],
)
def test_what_can_not_be_read_is_rejected_with_its_code(name: str, code: str) -> None:
    assert rejection(FILES / name) == code


def test_a_memory_eater_is_stopped_at_its_limit() -> None:
    limits = ReadingLimits(memory_bytes=160 * 1024 * 1024)
    assert rejection(FILES / "1000_fonts_shared_cmap.pdf", limits) == "reading_out_of_memory"


def test_a_time_eater_is_stopped_at_its_deadline() -> None:
    started = time.monotonic()
    limits = ReadingLimits(seconds=1.0)
    assert rejection(FILES / "1000_fonts_shared_cmap.pdf", limits) == "reading_timed_out"
    assert time.monotonic() - started < 3.0


@pytest.mark.parametrize("algorithm", ["RC4-40", "RC4-128", "AES-128", "AES-256-R5", "AES-256"])
def test_an_owners_password_alone_does_not_hinder_reading(tmp_path: Path, algorithm: str) -> None:
    writer = pypdf.PdfWriter(clone_from=FILES / "ligatures_hyphens.pdf")
    writer.encrypt("", "the owner's own", algorithm=algorithm)
    writer.write(tmp_path / "protected.pdf")
    document = read_document(tmp_path / "protected.pdf", ReadingLimits())
    assert document.pages[0].text == read("ligatures_hyphens.pdf").pages[0].text


def test_printed_page_labels_are_kept(tmp_path: Path) -> None:
    labels = b"/PageLabels << /Nums [0 << /S /r >> 2 << /S /D /St 7 /P (A-) >>] >>"
    document = read_bytes(tmp_path, hostile_pdfs.many_pages(4, catalog=labels))
    assert [page.label for page in document.pages] == ["i", "ii", "A-7", "A-8"]


def test_a_document_without_labels_has_none(tmp_path: Path) -> None:
    document = read_bytes(tmp_path, hostile_pdfs.many_pages(2))
    assert [page.label for page in document.pages] == [None, None]


def test_a_document_of_exactly_the_most_pages_is_read(tmp_path: Path) -> None:
    assert read_bytes(tmp_path, hostile_pdfs.many_pages(500)).page_count == 500


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (ReadingLimits(pages=40), "too_many_pages"),
        (ReadingLimits(characters=80_000), "too_much_text"),
        (ReadingLimits(file_bytes=500_000), "too_large"),
    ],
)
def test_limits_are_settings(limits: ReadingLimits, code: str) -> None:
    assert rejection(CHAPTER, limits) == code


def test_control_characters_do_not_reach_the_text(tmp_path: Path) -> None:
    document = read_bytes(tmp_path, hostile_pdfs.null_bytes_in_the_text())
    assert document.pages[0].text == "Enzymes lower the activation energy."


def test_a_relative_path_and_a_relative_search_path_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "path", ["", *(entry for entry in sys.path if entry != str(ROOT))])
    path = Path("tests/files/pdfs/ligatures_hyphens.pdf")
    assert read_document(path, ReadingLimits()).page_count == 1


def test_a_child_that_can_not_start_is_not_the_documents_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if "site-packages" not in entry])
    with pytest.raises(ReadingFailed):
        read("ligatures_hyphens.pdf")


def test_the_child_sees_no_secrets_and_leaves_no_process_or_descriptor_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("APPLICATION_SECRET_ARN", "arn:of:a:secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a secret")
    open_before = psutil.Process().num_fds()
    children_before = psutil.Process().children()
    reading = threading.Thread(
        target=lambda: rejection(FILES / "1000_fonts_shared_cmap.pdf", ReadingLimits(seconds=2.0))
    )
    reading.start()
    seen = _environment_of_the_child()
    reading.join()
    assert set(seen) <= {"LD_LIBRARY_PATH", "LANG", "LC_ALL", "LC_CTYPE"}
    assert psutil.Process().children() == children_before
    assert psutil.Process().num_fds() == open_before


def _environment_of_the_child() -> dict[str, str]:
    deadline = time.monotonic() + 2.0
    while time.monotonic() < deadline:
        for child in psutil.Process().children():
            if "-I" in child.cmdline():
                return child.environ()
        time.sleep(0.01)
    pytest.fail("no child was seen")


def test_the_worker_reads_on_after_rejections() -> None:
    for name in ("truncated_60pct.pdf", "user_password_aes256.pdf", "one_string_60mb.pdf"):
        rejection(FILES / name)
    assert read("ligatures_hyphens.pdf").page_count == 1


def test_several_documents_are_read_at_once_by_threads() -> None:
    pages: list[int] = []
    threads = [
        threading.Thread(target=lambda: pages.append(read("two_column_latex.pdf").page_count))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert pages == [3, 3, 3, 3]


def test_the_child_imports_only_what_reading_needs() -> None:
    program = (
        "import sys, functions.documents.reading.child, functions.documents.reading.extraction;"
        "heavy = {'pydantic', 'boto3', 'sqlalchemy', 'fastapi', 'aws_lambda_powertools', 'PIL',"
        " 'asyncio', 'multiprocessing'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert shown.stdout.strip() == "[]"

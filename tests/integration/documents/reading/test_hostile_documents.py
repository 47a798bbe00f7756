"""Files made to hurt: each ends with a typed rejection or is read, in bounded time and silence."""

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from functions.documents.reading.limits import ReadingLimits
from functions.documents.reading.reader import read_document
from functions.documents.reading.rejections import DocumentRejected, rejection_codes
from tests.factories import hostile_pdfs
from tests.factories.hostile_pdfs import HOSTILE

FILES = Path(__file__).parents[3] / "files" / "pdfs"
READ = "read"
EXPECTED = {
    "cyclic_page_tree": "page_tree_cycle",
    "page_tree_that_contains_itself": "page_tree_cycle",
    "page_tree_of_doubling_branches": "too_complex",
    "page_tree_5000_deep": "too_complex",
    "page_tree_without_pages": "no_pages",
    "pages_that_are_a_number": "damaged_pdf",
    "content_bomb": "decompression_bomb",
    "nested_content_bomb": "decompression_bomb",
    "bomb_in_a_form": "decompression_bomb",
    "bomb_in_a_character_map": "decompression_bomb",
    "bomb_of_run_lengths": "decompression_bomb",
    "bomb_of_lzw": "decompression_bomb",
    "chain_of_filters": "decompression_bomb",
    "chain_of_ascii85": READ,
    "many_content_streams": "too_complex",
    "objects_nested_100000_deep": "damaged_pdf",
    "dictionaries_nested_50000_deep": READ,
    "operands_nested_100000_deep": "damaged_pdf",
    "xref_that_loops": READ,
    "xref_that_points_at_itself": READ,
    "xref_of_a_billion_objects": "too_complex",
    "xref_stream_of_a_billion_objects": "damaged_pdf",
    "object_stream_bomb": "decompression_bomb",
    "object_stream_of_a_billion_objects": "damaged_pdf",
    "object_stream_in_itself": "damaged_pdf",
    "enormous_page_labels": READ,
    "page_labels_that_loop": READ,
    "page_of_100000_operators": READ,
    "page_of_10_million_operators": "too_complex",
    "content_that_is_noise": "damaged_pdf",
    "content_that_does_not_inflate": "no_text_layer",
    "content_that_is_missing": "damaged_pdf",
    "content_of_unended_strings": "no_text_layer",
    "null_bytes_in_the_text": READ,
    "storm_of_null_bytes": "truncated_pdf",
    "null_bytes_for_text": "glyph_names_no_text",
    "objects_by_the_hundred_thousand": READ,
    "forms_that_call_each_other": READ,
    "wide_character_map": "too_complex",
    "much_text": "too_much_text",
    "unknown_encryption": "encrypted",
    "cut_off_after_an_update": "truncated_pdf",
}


def outcome(folder: Path, pdf: bytes, limits: ReadingLimits) -> str:
    path = folder / "upload.pdf"
    path.write_bytes(pdf)
    try:
        document = read_document(path, limits)
    except DocumentRejected as rejection:
        return rejection.code
    assert document.page_count > 0
    return READ


@pytest.mark.parametrize("made", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_file_ends_as_it_should(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], made: Callable[[], bytes]
) -> None:
    started = time.monotonic()
    assert outcome(tmp_path, made(), ReadingLimits()) == EXPECTED[made.__name__]
    assert time.monotonic() - started < 40
    assert capfd.readouterr() == ("", "")


def test_ten_thousand_pages_are_refused_before_any_is_read(tmp_path: Path) -> None:
    pdf = hostile_pdfs.many_pages(10_000)
    started = time.monotonic()
    assert outcome(tmp_path, pdf, ReadingLimits()) == "too_many_pages"
    assert time.monotonic() - started < 5


def test_a_header_alone_is_a_truncated_file(tmp_path: Path) -> None:
    assert outcome(tmp_path, b"%PDF-1.7\n", ReadingLimits()) == "truncated_pdf"


@pytest.mark.parametrize("name", ["two_column_latex.pdf", "cjk_cid_fonts.pdf", "arabic_shaped.pdf"])
def test_a_file_cut_off_anywhere_is_told_to_be_truncated(tmp_path: Path, name: str) -> None:
    whole = (FILES / name).read_bytes()
    # The end mark is in the last kilobyte: a cut before that loses it.
    for cut in hostile_pdfs.truncations(whole[:-1100], 6):
        assert outcome(tmp_path, cut, ReadingLimits()) == "truncated_pdf"


@pytest.mark.parametrize("name", ["two_column_latex.pdf", "ligatures_hyphens.pdf"])
def test_a_file_with_random_damage_is_read_or_rejected(tmp_path: Path, name: str) -> None:
    chance = random.Random(name)
    whole = (FILES / name).read_bytes()
    for _ in range(12):
        damaged = bytearray(whole)
        for _ in range(chance.choice([3, 30, 300])):
            damaged[chance.randrange(9, len(damaged))] = chance.randrange(256)
        found = outcome(tmp_path, bytes(damaged), ReadingLimits(seconds=15))
        assert found == READ or found in rejection_codes()

"""Takes the text out of a PDF with pypdf. Runs in the child process only."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from pypdf import PasswordType, PdfReader, overwrite_configuration
from pypdf.errors import DependencyError, LimitReachedError
from pypdf.generic import IndirectObject, is_null_or_none

from functions.documents.reading.blank_pages import draws_nothing
from functions.documents.reading.document import OutlineEntry, ReadPage
from functions.documents.reading.limits import ReadingLimits
from functions.documents.reading.outline import outline_of
from functions.documents.reading.page_tree import count_pages, declared_page_count
from functions.documents.reading.rejections import (
    DamagedPdf,
    DecompressionBomb,
    DocumentRejected,
    Encrypted,
    GlyphNamesNoText,
    NoPages,
    NoTextLayer,
    TooComplex,
    TooManyPages,
    TooMuchText,
    TruncatedPdf,
)
from functions.documents.reading.text_quality import clean, in_one_line, is_unreadable

LABEL_CHARACTERS = 60
TITLE_CHARACTERS = 300
# Acrobat looks for the end-of-file mark in the last kilobyte (PDF 1.7, implementation note 18).
_TAIL_BYTES = 1024
# What programs write where nobody gave the document a title.
_NO_TITLES = frozenset(("untitled", "untitled document", "(anonymous)", "unspecified", "unknown"))
# pypdf interprets about 1 MB of page content a second: more than this can't be read in time.
_STREAM_BYTES = 40_000_000


def open_pdf(path: Path, limits: ReadingLimits) -> PdfReader:
    """The PDF, decrypted where that needs no password. Raises Encrypted where it does."""
    try:
        reader = PdfReader(path)
    except NotImplementedError as error:  # a security handler that pypdf doesn't have
        raise Encrypted(limits) from error
    if reader.is_encrypted and reader.decrypt("") == PasswordType.NOT_DECRYPTED:
        raise Encrypted(limits)
    return reader


class Extracted(NamedTuple):
    """What a PDF says; `language` is what it declares."""

    title: str | None
    language: str | None
    pages: list[ReadPage]
    outline: tuple[OutlineEntry, ...]


def extract(path: Path, limits: ReadingLimits) -> Extracted:
    """The title, the declared language, the pages and the outline of a PDF.

    Raises DocumentRejected, or MemoryError where the process's limit is reached.
    """
    prepare_pypdf()
    with rejecting(path, limits):
        return _Extraction(path, limits).run()


@contextmanager
def rejecting(path: Path, limits: ReadingLimits) -> Iterator[None]:
    """What pypdf raises within, as the DocumentRejected that it means."""
    try:
        yield
    except LimitReachedError as error:
        raise _of_limit(error, path)(limits) from error
    except RecursionError as error:
        raise TooComplex(limits) from error
    except (DocumentRejected, DependencyError, MemoryError):
        raise
    except Exception as error:  # a broken file makes pypdf raise nearly anything
        raise _of_damage(path)(limits) from error


class _Extraction:
    def __init__(self, path: Path, limits: ReadingLimits) -> None:
        self._path = path
        self._limits = limits
        self._unreadable_pages = 0
        self._broken_pages = 0

    def run(self) -> Extracted:
        reader = open_pdf(self._path, self._limits)
        page_count = count_pages(reader, self._limits)
        if page_count < declared_page_count(reader) and _is_cut_off(self._path):
            raise TruncatedPdf(self._limits)
        if len(reader.pages) == 0:
            raise NoPages(self._limits)
        if len(reader.pages) > self._limits.pages:
            raise TooManyPages(self._limits)
        pages = self._read_pages(reader)
        self._check_text(pages)
        return Extracted(
            _title(reader),
            _declared_language(reader),
            _with_labels(pages, reader),
            outline_of(reader, self._limits),
        )

    def _read_pages(self, reader: PdfReader) -> list[ReadPage]:
        pages: list[ReadPage] = []
        characters = 0
        for number, page in enumerate(reader.pages, start=1):
            text = self._page_text(page)
            characters += len(text)
            if characters > self._limits.characters:
                raise TooMuchText(self._limits)
            has_text = bool(text.strip())
            pages.append(
                ReadPage(number, None, text, has_text, blank=not has_text and draws_nothing(page))
            )
        return pages

    def _page_text(self, page: Any) -> str:
        """The page's clean text; nothing where it is broken or its letters can't be known."""
        if _has_lost_its_content(page):
            self._broken_pages += 1
            return ""
        try:
            text = page.extract_text()
        except (LimitReachedError, DependencyError, MemoryError):
            raise
        except Exception:  # one broken page doesn't cost the learner the other ones
            self._broken_pages += 1
            return ""
        if len(text) > self._limits.characters:
            raise TooMuchText(self._limits)
        if is_unreadable(text):
            self._unreadable_pages += 1
            return ""
        return clean(text)

    def _check_text(self, pages: list[ReadPage]) -> None:
        if self._broken_pages and _is_cut_off(self._path):
            raise TruncatedPdf(self._limits)
        if any(page.has_text for page in pages):
            return
        if self._broken_pages:
            raise DamagedPdf(self._limits)
        if not self._limits.requires_text and not all(page.blank for page in pages):
            return
        if self._unreadable_pages:
            raise GlyphNamesNoText(self._limits)
        raise NoTextLayer(self._limits)


class _SwallowedLimits(logging.Handler):
    """Brings back a limit that pypdf hit inside a form on a page: there it only logs the error."""

    def emit(self, record: logging.LogRecord) -> None:
        values = record.args.values() if isinstance(record.args, dict) else ()
        for value in values:
            if isinstance(value, LimitReachedError):
                raise value


def prepare_pypdf() -> None:
    """Bound what a stream may unpack to, and keep pypdf's log from hiding that."""
    log = logging.getLogger("pypdf")
    log.handlers = [_SwallowedLimits()]
    log.propagate = False
    overwrite_configuration(
        disable_legacy_handling=True,
        jbig2dec_binary=None,
        zlib_maximum_output_length=_STREAM_BYTES,
        lzw_maximum_output_length=_STREAM_BYTES,
        run_length_maximum_output_length=_STREAM_BYTES,
        array_based_stream_maximum_output_length=_STREAM_BYTES,
    )


def _of_limit(error: LimitReachedError, path: Path) -> type[DocumentRejected]:
    """Which kind of limit it was, told by the pypdf module that raised it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    module = trace.tb_frame.f_globals.get("__name__") if trace is not None else None
    if module in {"pypdf.filters", "pypdf._codecs._codecs"}:
        return DecompressionBomb
    if module == "pypdf._utils" or _is_cut_off(path):  # a token that doesn't end
        return _of_damage(path)
    return TooComplex


def _of_damage(path: Path) -> type[DocumentRejected]:
    return TruncatedPdf if _is_cut_off(path) else DamagedPdf


def _is_cut_off(path: Path) -> bool:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _TAIL_BYTES))
        return b"%%EOF" not in file.read()


def _has_lost_its_content(page: Any) -> bool:
    content = page.raw_get("/Contents") if "/Contents" in page else None
    return isinstance(content, IndirectObject) and is_null_or_none(content.get_object())


def _with_labels(pages: list[ReadPage], reader: PdfReader) -> list[ReadPage]:
    labels = _printed_labels(reader)
    if labels is None:
        return pages
    return [
        replace(page, label=in_one_line(label, LABEL_CHARACTERS))
        for page, label in zip(pages, labels, strict=True)
    ]


def _printed_labels(reader: PdfReader) -> list[str] | None:
    if "/PageLabels" not in reader.root_object:
        return None
    try:
        return reader.page_labels
    except Exception:  # labels that can't be made (even for their size) don't spoil the text
        return None


def _title(reader: PdfReader) -> str | None:
    try:
        metadata = reader.metadata
        title = in_one_line(metadata.title, TITLE_CHARACTERS) if metadata is not None else None
        return title if title is None or title.casefold() not in _NO_TITLES else None
    except Exception:  # a broken information dictionary doesn't spoil the text
        return None


def _declared_language(reader: PdfReader) -> str | None:
    language = reader.root_object.get("/Lang")
    language = language.get_object() if isinstance(language, IndirectObject) else language
    return str(language) if isinstance(language, str) else None

"""Why a document can't be read: the one table of codes and of what the learner is told.

Code                    When
----------------------  ----------------------------------------------------------------
empty_file              no bytes
too_large               more bytes than the limit
not_a_pdf               no %PDF- in the first kilobyte
encrypted               needs a password, or a way of decryption that isn't public
truncated_pdf           unreadable and without the end that a whole PDF has
damaged_pdf             unreadable otherwise
page_tree_cycle         the page tree contains itself
no_pages                a readable document without a page
too_many_pages          more pages than the limit
too_much_text           more characters than the limit
no_text_layer           pages without any text: a scan
glyph_names_no_text     the text is glyph names or control characters
decompression_bomb      a stream that unpacks to more than a page can need
too_complex             more objects, operators, fonts or nesting than a page can need
reading_timed_out       not read in the time there is
reading_out_of_memory   not read in the memory there is
"""

from typing import ClassVar

from functions.documents.reading.limits import ReadingLimits
from shared.errors import LearningAppError


class DocumentRejected(LearningAppError):
    """This file will never be read: no retry helps. `code` is stable, `message` is for people."""

    explanation: ClassVar[str] = "This document can't be read."
    code = "document_rejected"

    def __init__(self, limits: ReadingLimits) -> None:
        super().__init__(self.explanation.format(limits=limits))


class EmptyFile(DocumentRejected):
    code = "empty_file"
    explanation = "The file is empty."


class TooLarge(DocumentRejected):
    code = "too_large"
    explanation = "The file is larger than {limits.file_megabytes} MB."


class NotAPdf(DocumentRejected):
    code = "not_a_pdf"
    explanation = "The file is not a PDF."


class Encrypted(DocumentRejected):
    code = "encrypted"
    explanation = "The PDF is protected by a password. Save it without one and upload it again."


class TruncatedPdf(DocumentRejected):
    code = "truncated_pdf"
    explanation = "The PDF is cut off: its end is missing. Upload the whole file again."


class DamagedPdf(DocumentRejected):
    code = "damaged_pdf"
    explanation = "The PDF is damaged and can't be read. Save it again and upload that."


class PageTreeCycle(DocumentRejected):
    code = "page_tree_cycle"
    explanation = "The PDF is damaged: its list of pages contains itself."


class NoPages(DocumentRejected):
    code = "no_pages"
    explanation = "The PDF has no pages."


class TooManyPages(DocumentRejected):
    code = "too_many_pages"
    explanation = "The PDF has more than {limits.pages} pages."


class TooMuchText(DocumentRejected):
    code = "too_much_text"
    explanation = "The PDF has more than {limits.characters:,} characters of text."


class NoTextLayer(DocumentRejected):
    code = "no_text_layer"
    explanation = "The pages hold no text, only pictures of it."


class GlyphNamesNoText(DocumentRejected):
    code = "glyph_names_no_text"
    explanation = "The PDF's fonts don't say which letters they draw, so its text can't be read."


class DecompressionBomb(DocumentRejected):
    code = "decompression_bomb"
    explanation = "The PDF unpacks to far more data than a document needs."


class TooComplex(DocumentRejected):
    code = "too_complex"
    explanation = "The PDF is built of more parts than can be read."


class ReadingTimedOut(DocumentRejected):
    code = "reading_timed_out"
    explanation = "The PDF could not be read within {limits.seconds:g} seconds."


class ReadingOutOfMemory(DocumentRejected):
    code = "reading_out_of_memory"
    explanation = "The PDF needs more memory to be read than there is."


_BY_CODE = {rejection.code: rejection for rejection in DocumentRejected.__subclasses__()}


def rejection_with(code: str, limits: ReadingLimits) -> DocumentRejected:
    """The rejection that has this code. Raises KeyError for one that isn't in the table."""
    return _BY_CODE[code](limits)


def rejection_codes() -> frozenset[str]:
    """Every code there is."""
    return frozenset(_BY_CODE)

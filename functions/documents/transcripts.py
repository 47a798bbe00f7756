"""What of a transcription is kept: checked by code, since a model's reply proves nothing."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from functions.documents.reading.text_quality import clean, is_unreadable

# A dense page of a textbook has 6,000; what is longer repeats itself.
PAGE_CHARACTERS = 30_000


@dataclass
class Transcripts:
    """The texts of pages by number, and why there is none of others."""

    texts: dict[int, str] = field(default_factory=dict)
    errors: dict[int, str] = field(default_factory=dict)

    def __contains__(self, number: int) -> bool:
        return number in self.texts or number in self.errors


def check_transcripts(sent: Collection[int], claimed: Iterable[tuple[int, str]]) -> Transcripts:
    """What a reply says about the pages that were `sent`, each once, without control characters.

    Other pages are ignored, and so is what a page is said to say a second time.
    """
    kept = Transcripts()
    for number, claimed_text in claimed:
        if number not in sent or number in kept:
            continue
        text = clean(claimed_text).strip()
        if len(text) > PAGE_CHARACTERS:
            kept.errors[number] = "reply_too_long"
        elif is_unreadable(claimed_text):
            kept.errors[number] = "reply_unreadable"
        else:
            kept.texts[number] = text
    return kept


def batches(pages: Mapping[int, bytes], most_pages: int, most_bytes: int) -> list[dict[int, bytes]]:
    """The pages in portions for one request each; a page of more than `most_bytes` goes alone."""
    portions: list[dict[int, bytes]] = []
    size = 0
    for number, content in pages.items():
        size += len(content)
        if not portions or len(portions[-1]) >= most_pages or size > most_bytes:
            portions.append({})
            size = len(content)
        portions[-1][number] = content
    return portions

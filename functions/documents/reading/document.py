"""What reading a PDF gives."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReadPage:
    """One page. `label` is the printed page number, None where the PDF has none of its own.

    A page that is `blank` draws nothing: it has no text, and no picture of any.
    """

    number: int
    label: str | None
    text: str
    has_text: bool
    blank: bool = False

    @property
    def characters(self) -> int:
        """How long the page's text is."""
        return len(self.text)


@dataclass(frozen=True, slots=True)
class OutlineEntry:
    """A bookmark: a title, the page it leads to, and how deep it stands, from 1."""

    title: str
    page: int
    level: int


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """A PDF's text by page. `language` is a BCP 47 code, None where the text doesn't tell."""

    sha256: str
    title: str | None
    language: str | None
    pages: tuple[ReadPage, ...]
    outline: tuple[OutlineEntry, ...] = ()

    @property
    def has_text(self) -> bool:
        """Whether any page has."""
        return any(page.has_text for page in self.pages)

    @property
    def page_count(self) -> int:
        """All pages, also those without text."""
        return len(self.pages)

    @property
    def character_count(self) -> int:
        """The length of all pages' text together."""
        return sum(page.characters for page in self.pages)

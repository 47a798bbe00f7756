"""PDFs with outlines, honest and hostile ones, made in code."""

from collections.abc import Callable, Sequence

from tests.factories.hostile_pdfs import TEXT, assemble, flate

FIRST_PAGE = 5


def outlined(pages: int, objects: Sequence[bytes], catalog: bytes = b"") -> bytes:
    """A PDF whose outline is the first of these objects; they come after the pages, which are the
    objects from FIRST_PAGE on, and `{n}` in them is the number of the nth of them, from 0."""
    kids = b" ".join(b"%d 0 R" % number for number in range(FIRST_PAGE, FIRST_PAGE + pages))
    page = (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R"
        b" /Resources << /Font << /F1 3 0 R >> >> >>"
    )
    return assemble(
        [
            b"<< /Type /Catalog /Pages 2 0 R /Outlines %d 0 R %s >>" % (_number(pages, 0), catalog),
            b"<< /Type /Pages /Count %d /Kids [%s] >>" % (pages, kids),
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            flate(TEXT),
            *[page] * pages,
            *objects,
        ]
    )


def _number(pages: int, index: int) -> int:
    return FIRST_PAGE + pages + index


def flat(pages: int, entries: Sequence[bytes], catalog: bytes = b"") -> bytes:
    """An outline of one level; an entry is the dictionary's content without links."""
    first = _number(pages, 1)
    items = [
        b"<< /Parent %d 0 R %s %s >>"
        % (
            first - 1,
            b"/Next %d 0 R" % (first + at + 1) if at + 1 < len(entries) else b"",
            entry,
        )
        for at, entry in enumerate(entries)
    ]
    root = b"<< /Type /Outlines /First %d 0 R /Last %d 0 R >>" % (first, first + len(items) - 1)
    return outlined(pages, [root, *items], catalog)


def entry(title: str, page: int) -> bytes:
    """A bookmark of the page of this number."""
    return b"/Title (%s) /Dest [%d 0 R /XYZ 0 700 0]" % (title.encode(), FIRST_PAGE + page - 1)


def two_levels() -> bytes:
    """Two chapters on pages 1 and 3, the first with a section on page 2."""
    root, one, section, two = (_number(3, index) for index in range(4))
    return outlined(
        3,
        [
            b"<< /First %d 0 R /Last %d 0 R >>" % (one, two),
            b"<< /Parent %d 0 R /Next %d 0 R /First %d 0 R /Last %d 0 R %s >>"
            % (root, two, section, section, entry("One", 1)),
            b"<< /Parent %d 0 R %s >>" % (one, entry("One, a", 2)),
            b"<< /Parent %d 0 R %s >>" % (root, entry("Two", 3)),
        ],
    )


def outline_that_loops() -> bytes:
    root, one, two = (_number(2, index) for index in range(3))
    return outlined(
        2,
        [
            b"<< /First %d 0 R >>" % one,
            b"<< /Next %d 0 R /First %d 0 R %s >>" % (two, root, entry("One", 1)),
            b"<< /Next %d 0 R /First %d 0 R %s >>" % (one, one, entry("Two", 2)),
        ],
    )


def outline_of_50000_entries() -> bytes:
    return flat(1, [entry("All the same", 1)] * 50_000)


def outline_5000_deep() -> bytes:
    numbers = [_number(1, index) for index in range(5_001)]
    nested = [b"<< /First %d 0 R %s >>" % (below, entry("Deeper", 1)) for below in numbers[2:]]
    return outlined(1, [b"<< /First %d 0 R >>" % numbers[1], *nested])


def outline_of_doubling_branches() -> bytes:
    """Each item's children are the items of the next level, and so are its neighbour's."""
    levels = 18
    items = [b"<< /First %d 0 R >>" % _number(1, 1)]
    for level in range(levels):
        left = _number(1, 1 + 2 * level)
        below = b"/First %d 0 R" % (left + 2) if level + 1 < levels else b""
        items.append(b"<< %s /Next %d 0 R %s >>" % (below, left + 1, entry("Left", 1)))
        items.append(b"<< %s %s >>" % (below, entry("Right", 1)))
    return outlined(1, items)


def outline_with_endless_names() -> bytes:
    """A tree of names whose leaves share one list of 50,000."""
    shared, kids = _number(1, 2), 5_000
    leaves = b" ".join(b"<< /Names %d 0 R >>" % shared for _ in range(kids))
    return outlined(
        1,
        [
            b"<< /First %d 0 R >>" % _number(1, 1),
            b"<< /Title (One) /Dest (n7) >>",
            b"[%s]" % b" ".join(b"(n%d) [5 0 R /Fit]" % at for at in range(50_000)),
        ],
        b"/Names << /Dests << /Kids [%s] >> >>" % leaves,
    )


def outline_that_is_a_number() -> bytes:
    return outlined(1, [b"7"])


def outline_that_is_not_there() -> bytes:
    return outlined(1, [])


HOSTILE_OUTLINES: dict[str, Callable[[], bytes]] = {
    made.__name__: made
    for made in (
        outline_that_loops,
        outline_of_50000_entries,
        outline_5000_deep,
        outline_of_doubling_branches,
        outline_with_endless_names,
        outline_that_is_a_number,
        outline_that_is_not_there,
    )
}

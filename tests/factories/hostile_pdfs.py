"""PDFs that are wrong on purpose, made in code: each is small, and hard on whoever reads it."""

import base64
import zlib
from collections.abc import Callable, Iterator, Sequence

TEXT = b"BT /F1 12 Tf 50 700 Td (Enzymes lower the activation energy.) Tj ET\n"
_FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"


def assemble(objects: Sequence[bytes], *, trailer: bytes = b"", header: bytes = b"") -> bytes:
    """A PDF of these objects, numbered from 1, the root, with a right cross-reference table."""
    out = bytearray(b"%PDF-1.7\n" + header)
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R %s >>\n" % (len(objects) + 1, trailer)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


def stream(data: bytes, entries: bytes = b"") -> bytes:
    """A stream object of these raw bytes."""
    return b"<< /Length %d %s >>\nstream\n" % (len(data), entries) + data + b"\nendstream"


def flate(data: bytes, entries: bytes = b"") -> bytes:
    """A stream object of these bytes, deflated."""
    return stream(zlib.compress(data, 9), b"/Filter /FlateDecode " + entries)


def deflated_zeros(size: int, byte: bytes = b"\x00") -> bytes:
    """`size` equal bytes, deflated: one packed megabyte again and again, without a checksum."""
    packer = zlib.compressobj(9, wbits=-15)
    megabyte = packer.compress(byte * 1_000_000) + packer.flush(zlib.Z_FULL_FLUSH)
    return b"\x78\xda" + megabyte * (size // 1_000_000) + packer.flush()


def one_page(
    content: bytes,
    *,
    catalog: bytes = b"",
    resources: bytes = b"",
    fonts: bytes = b"",
    more: Sequence[bytes] = (),
) -> bytes:
    """A PDF of one page that draws `content`, an object such as `stream` or `flate` makes.

    `more` are objects from number 6 on, the others further entries of those dictionaries.
    """
    return assemble(
        [
            b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalog,
            b"<< /Type /Pages /Count 1 /Kids [4 0 R] >>",
            _FONT,
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 5 0 R"
            b" /Resources << /Font << /F1 3 0 R %s >> %s >> >>" % (fonts, resources),
            content,
            *more,
        ]
    )


def many_pages(count: int, content: bytes = TEXT, *, catalog: bytes = b"") -> bytes:
    """A flat tree of `count` pages that all draw the same content."""
    kids = b" ".join(b"%d 0 R" % number for number in range(5, 5 + count))
    page = (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R"
        b" /Resources << /Font << /F1 3 0 R >> >> >>"
    )
    return assemble(
        [
            b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalog,
            b"<< /Type /Pages /Count %d /Kids [%s] >>" % (count, kids),
            _FONT,
            flate(content),
            *[page] * count,
        ]
    )


def page_tree(*nodes: bytes) -> bytes:
    """A PDF whose page tree is these objects, from number 2 on."""
    return assemble([b"<< /Type /Catalog /Pages 2 0 R >>", *nodes])


def cyclic_page_tree() -> bytes:
    """Its root is its own grandchild."""
    return page_tree(
        b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
        b"<< /Type /Pages /Count 1 /Kids [4 0 R] >>",
        b"<< /Type /Pages /Count 1 /Kids [2 0 R] >>",
    )


def page_tree_that_contains_itself() -> bytes:
    """Its root is its own child."""
    return page_tree(b"<< /Type /Pages /Count 1 /Kids [2 0 R] >>")


def page_tree_of_doubling_branches() -> bytes:
    """Forty levels that each name the next one twice: 2^40 ways and not one page."""
    levels = 40
    nodes = [
        b"<< /Type /Pages /Count 1 /Kids [%d 0 R %d 0 R] >>" % (number + 1, number + 1)
        for number in range(2, 2 + levels)
    ]
    return page_tree(*nodes, b"<< /Type /Pages /Count 0 /Kids [] >>")


def page_tree_5000_deep() -> bytes:
    """One page under five thousand nodes."""
    nodes = [
        b"<< /Type /Pages /Count 1 /Kids [%d 0 R] >>" % (number + 1) for number in range(2, 5002)
    ]
    return page_tree(*nodes, b"<< /Type /Page /MediaBox [0 0 600 800] >>")


def page_tree_without_pages() -> bytes:
    """A well-formed document of nothing."""
    return page_tree(b"<< /Type /Pages /Count 0 /Kids [] >>")


def pages_that_are_a_number() -> bytes:
    """The root of the page tree isn't a dictionary."""
    return page_tree(b"42")


def content_bomb() -> bytes:
    """A page whose content unpacks to two gigabytes."""
    return one_page(stream(deflated_zeros(2_000_000_000), b"/Filter /FlateDecode"))


def nested_content_bomb() -> bytes:
    """Deflated three times over: kilobytes that unpack to gigabytes."""
    packed = zlib.compress(zlib.compress(deflated_zeros(2_000_000_000), 9), 9)
    return one_page(stream(packed, b"/Filter [/FlateDecode /FlateDecode /FlateDecode]"))


def bomb_in_a_form() -> bytes:
    """The bomb is in a form that the page draws, where a reader may swallow the error."""
    form = stream(
        deflated_zeros(1_000_000_000, b" "),
        b"/Filter /FlateDecode /Type /XObject /Subtype /Form /BBox [0 0 9 9]"
        b" /Resources << /Font << /F1 3 0 R >> >>",
    )
    return one_page(stream(TEXT + b"/X1 Do\n"), resources=b"/XObject << /X1 6 0 R >>", more=[form])


def bomb_in_a_character_map() -> bytes:
    """The font's table of characters unpacks to a gigabyte."""
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 7 0 R >>"
    bomb = stream(deflated_zeros(1_000_000_000, b" "), b"/Filter /FlateDecode")
    content = TEXT.replace(b"/F1", b"/F2")
    return one_page(stream(content), fonts=b"/F2 6 0 R", more=[font, bomb])


def bomb_of_run_lengths() -> bytes:
    """Run-length pairs under deflate."""
    packed = zlib.compress(b"\x81 " * 2_000_000, 9)
    return one_page(stream(packed, b"/Filter [/FlateDecode /RunLengthDecode]"))


def bomb_of_lzw() -> bytes:
    """LZW codes under ASCII85: decoded by slow code."""
    packed = base64.a85encode(lzw_of_zeros(60_000)) + b"~>"
    return one_page(stream(packed, b"/Filter [/ASCII85Decode /LZWDecode]"))


def lzw_of_zeros(codes: int) -> bytes:
    """LZW of zeros: every code stands for one zero more than the one before, until a clear."""
    bits = [f"{256:09b}"]
    while len(bits) < codes:
        bits.append(f"{0:09b}")
        bits += [f"{code:0{_lzw_width(code)}b}" for code in range(258, 4094)]
        bits.append(f"{256:012b}")
    joined = "".join(bits)
    octets = -(-len(joined) // 8)
    return int(joined.ljust(octets * 8, "0"), 2).to_bytes(octets, "big")


def _lzw_width(code: int) -> int:
    return 9 if code < 511 else 10 if code < 1023 else 11 if code < 2047 else 12


def chain_of_filters() -> bytes:
    """A thousand filters on one stream."""
    return one_page(stream(TEXT, b"/Filter [%s]" % (b"/ASCIIHexDecode " * 1000)))


def chain_of_ascii85() -> bytes:
    """Twelve times encoded as ASCII85."""
    data = TEXT * 2_000
    for _ in range(12):
        data = base64.a85encode(data) + b"~>"
    return one_page(stream(data, b"/Filter [%s]" % (b"/ASCII85Decode " * 12)))


def many_content_streams() -> bytes:
    """A page whose content is a list of the same stream, thousands of times."""
    block = flate(b" " * 1_000_000)
    return one_page(b"[%s]" % (b"6 0 R " * 9_000), more=[block])


def objects_nested_100000_deep() -> bytes:
    """Arrays in arrays, in the catalog."""
    return one_page(stream(TEXT), catalog=b"/Names " + b"[" * 100_000 + b"]" * 100_000)


def dictionaries_nested_50000_deep() -> bytes:
    """Dictionaries in dictionaries, in the page's resources."""
    return one_page(stream(TEXT), resources=b"/Deep " + b"<< /A " * 50_000 + b"1" + b" >>" * 50_000)


def operands_nested_100000_deep() -> bytes:
    """Arrays in arrays, in what the page draws."""
    return one_page(stream(b"[" * 100_000 + b"]" * 100_000 + b" TJ\n" + TEXT))


def xref_that_loops() -> bytes:
    """The cross-reference table names itself as the one before."""
    whole = one_page(stream(TEXT))
    start = whole.rindex(b"xref\n0 ")
    return whole.replace(b"/Root 1 0 R", b"/Root 1 0 R /Prev %d" % start)


def xref_that_points_at_itself() -> bytes:
    """Every offset is that of the table."""
    whole = bytearray(one_page(stream(TEXT)))
    start = whole.rindex(b"xref\n0 ")
    for line in range(1, 6):
        place = start + len(b"xref\n0 6\n") + 20 * line
        whole[place : place + 10] = b"%010d" % start
    return bytes(whole)


def xref_of_a_billion_objects() -> bytes:
    """The table says that it has 10^9 entries."""
    return one_page(stream(TEXT)).replace(b"xref\n0 6\n", b"xref\n0 999999999\n")


def xref_stream_of_a_billion_objects() -> bytes:
    """A cross-reference stream that names 10^9 objects and holds zeros."""
    out = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
    table = stream(
        deflated_zeros(300_000_000),
        b"/Type /XRef /Size 999999999 /W [1 2 1] /Root 1 0 R /Filter /FlateDecode"
        b" /Index [0 999999999]",
    )
    return out + b"2 0 obj\n" + table + b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % len(out)


def object_stream_bomb() -> bytes:
    """The pages are in an object stream that unpacks to a gigabyte."""
    return _with_object_stream(
        stream(
            deflated_zeros(1_000_000_000, b" "),
            b"/Type /ObjStm /N 3 /First 20 /Filter /FlateDecode",
        )
    )


def object_stream_of_a_billion_objects() -> bytes:
    """An object stream that says it holds 10^9 objects."""
    return _with_object_stream(flate(b"2 0 " * 1000, b"/Type /ObjStm /N 999999999 /First 4000"))


def object_stream_in_itself() -> bytes:
    """An object stream that says it lies in itself."""
    body = b"2 0 3 0 "
    return _with_object_stream(flate(body, b"/Type /ObjStm /N 2 /First 8 /Extends 3 0 R"), own=True)


def _with_object_stream(objects: bytes, *, own: bool = False) -> bytes:
    out = bytearray(b"%PDF-1.7\n")
    catalog = len(out)
    out += b"1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
    container = len(out)
    out += b"3 0 obj\n" + objects + b"\nendobj\n"
    table = len(out)
    place = (2, 3, 1) if own else (1, container, 0)
    rows = [(0, 0, 0), (1, catalog, 0), (2, 3, 0), place, (1, table, 0)]
    data = b"".join(
        bytes([kind]) + offset.to_bytes(4, "big") + bytes([index]) for kind, offset, index in rows
    )
    out += b"4 0 obj\n" + flate(data, b"/Type /XRef /Size 5 /W [1 4 1] /Root 1 0 R") + b"\nendobj\n"
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % table)


def enormous_page_labels() -> bytes:
    """Five hundred pages whose printed number begins with the same five megabytes."""
    prefix = b"A" * 5_000_000
    return many_pages(500, catalog=b"/PageLabels << /Nums [0 << /S /D /P (%s) >>] >>" % prefix)


def page_labels_that_loop() -> bytes:
    """The tree of page labels is its own child."""
    tree = b"<< /Kids [6 0 R] /Limits [0 9] >>"
    return one_page(stream(TEXT), catalog=b"/PageLabels 6 0 R", more=[tree])


def page_of_100000_operators() -> bytes:
    """A busy page, but an honest one."""
    return one_page(flate(b"10 10 m 20 20 l S\n" * 33_333 + TEXT))


def page_of_10_million_operators() -> bytes:
    """More drawing than anyone looks at."""
    return one_page(flate(b"0 0 m\n" * 5_000_000 + TEXT))


def content_that_is_noise() -> bytes:
    """Bytes without meaning where operators should be."""
    noise = bytes((number * 7919 + number // 3) % 256 for number in range(200_000))
    return one_page(stream(noise + b"\n" + TEXT))


def content_that_does_not_inflate() -> bytes:
    """Says that it is deflated and isn't."""
    return one_page(stream(TEXT * 100, b"/Filter /FlateDecode"))


def content_that_is_missing() -> bytes:
    """Names an object that isn't there."""
    return one_page(stream(TEXT)).replace(b"/Contents 5 0 R", b"/Contents 9 0 R")


def content_of_unended_strings() -> bytes:
    """Thousands of strings that begin and never end."""
    return one_page(stream(b"BT /F1 12 Tf " + b"(" * 200_000))


def null_bytes_in_the_text() -> bytes:
    """A string of text with NUL and other control characters between its letters."""
    drawn = TEXT.replace(b"Enzymes", b"En\\000zy\\001\\002mes")
    return one_page(stream(drawn))


def storm_of_null_bytes() -> bytes:
    """A header, then a megabyte of nothing."""
    return b"%PDF-1.7\n" + b"\x00" * 1_000_000


def null_bytes_for_text() -> bytes:
    """Pages that draw control characters only."""
    return one_page(flate(b"BT /F1 12 Tf 50 700 Td (" + b"\\000\\001" * 50_000 + b") Tj ET"))


def objects_by_the_hundred_thousand() -> bytes:
    """Objects that no page needs."""
    return one_page(stream(TEXT), more=[b"1"] * 300_000)


def forms_that_call_each_other() -> bytes:
    """Twenty forms that each draw the next one ten times."""
    forms = []
    for number in range(6, 26):
        entries = (
            b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources"
            b" << /Font << /F1 3 0 R >> /XObject << /X1 %d 0 R >> >>" % (number + 1)
        )
        forms.append(stream(TEXT + b"/X1 Do\n" * 10, entries))
    last = stream(TEXT, b"/Type /XObject /Subtype /Form /Resources << /Font << /F1 3 0 R >> >>")
    return one_page(
        stream(TEXT + b"/X1 Do\n"), resources=b"/XObject << /X1 6 0 R >>", more=[*forms, last]
    )


def wide_character_map() -> bytes:
    """A font whose table maps ranges of millions of characters."""
    table = b"1 begincodespacerange <00000000> <ffffffff> endcodespacerange\n" + (
        b"100 beginbfrange\n" + b"<00000000> <00ffffff> <0041>\n" * 100 + b"endbfrange\n"
    )
    font = (
        b"<< /Type /Font /Subtype /Type0 /BaseFont /F /Encoding /Identity-H /ToUnicode 7 0 R"
        b" /DescendantFonts [<< /Type /Font /Subtype /CIDFontType2 /BaseFont /F >>] >>"
    )
    content = TEXT.replace(b"/F1", b"/F2")
    return one_page(stream(content), fonts=b"/F2 6 0 R", more=[font, flate(table)])


def much_text() -> bytes:
    """More than two million characters, honestly drawn."""
    lines = b"(" + b"Enzymes lower the activation energy. " * 3 + b") Tj 0 -12 Td\n"
    return many_pages(100, b"BT /F1 12 Tf 50 700 Td\n" + lines * 200 + b"ET")


def unknown_encryption() -> bytes:
    """Protected by a security handler that isn't public."""
    return assemble(
        [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Count 0 /Kids [] >>"],
        trailer=b"/Encrypt << /Filter /Adobe.APS /V 4 >> /ID [<00> <00>]",
    )


def cut_off_after_an_update() -> bytes:
    """The PDF's second part, where its page's content is, is missing but for noise."""
    whole = one_page(stream(TEXT)).replace(b"/Contents 5 0 R", b"/Contents 7 0 R")
    return whole + b"7 0 obj\n<< /Length 9000 >>\nstream\n" + b"BT " * 700


HOSTILE: dict[str, Callable[[], bytes]] = {
    made.__name__: made
    for made in (
        cyclic_page_tree,
        page_tree_that_contains_itself,
        page_tree_of_doubling_branches,
        page_tree_5000_deep,
        page_tree_without_pages,
        pages_that_are_a_number,
        content_bomb,
        nested_content_bomb,
        bomb_in_a_form,
        bomb_in_a_character_map,
        bomb_of_run_lengths,
        bomb_of_lzw,
        chain_of_filters,
        chain_of_ascii85,
        many_content_streams,
        objects_nested_100000_deep,
        dictionaries_nested_50000_deep,
        operands_nested_100000_deep,
        xref_that_loops,
        xref_that_points_at_itself,
        xref_of_a_billion_objects,
        xref_stream_of_a_billion_objects,
        object_stream_bomb,
        object_stream_of_a_billion_objects,
        object_stream_in_itself,
        enormous_page_labels,
        page_labels_that_loop,
        page_of_100000_operators,
        page_of_10_million_operators,
        content_that_is_noise,
        content_that_does_not_inflate,
        content_that_is_missing,
        content_of_unended_strings,
        null_bytes_in_the_text,
        storm_of_null_bytes,
        null_bytes_for_text,
        objects_by_the_hundred_thousand,
        forms_that_call_each_other,
        wide_character_map,
        much_text,
        unknown_encryption,
        cut_off_after_an_update,
    )
}


def truncations(whole: bytes, cuts: int) -> Iterator[bytes]:
    """The same PDF, cut off at `cuts` places spread over its length."""
    for number in range(1, cuts + 1):
        yield whole[: len(whole) * number // (cuts + 1)]

"""The specification's examples, tables and quotations, held against the code."""

import re
import runpy
import zlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import kmcodec
from kmcodec import format as kmq

SPEC = Path(__file__).parent.parent / "spec"
TEXT = (SPEC / "kmq.md").read_text(encoding="utf-8")
DECODER = SPEC / "reference_decoder.py"
reference = SimpleNamespace(**runpy.run_path(str(DECODER)))
EXAMPLES = re.findall(
    r"`(spec/vectors/\S+)`, (\d+) bytes:\n\n```hexdump\n(.*?)```\n\n(\|.*?)\n\n", TEXT, re.DOTALL
)


def section(number: str) -> str:
    """The text of a section, up to the next heading of any depth."""
    found = re.search(rf"^#+ {re.escape(number)} .*?(?=^#|\Z)", TEXT, re.DOTALL | re.MULTILINE)
    assert found, number
    return found[0]


def table(text: str) -> list[dict[str, str]]:
    """The first table of a text, each row by column."""
    found = re.search(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert found
    lines = [line.strip("|").split("|") for line in found[0].splitlines()]
    head, _, *rows = [[cell.strip() for cell in line] for line in lines]
    return [dict(zip(head, row, strict=True)) for row in rows]


def dumped(hexdump: str) -> bytes:
    """The bytes of a ``hexdump -C`` block, its offsets and characters verified."""
    data = bytearray()
    *lines, end = hexdump.splitlines()
    for line in lines:
        assert f"{len(data):08x}" == line[:8]
        row = bytes.fromhex(line[8:60])
        data += row
        assert "".join(chr(b) if 32 <= b < 127 else "." for b in row) == line[61:-1]
    assert f"{len(data):08x}" == end
    return bytes(data)


def test_examples_are_there() -> None:
    """No hexdump escapes the tests below."""
    assert len(EXAMPLES) >= 3
    assert len(EXAMPLES) == TEXT.count("```hexdump")


@pytest.mark.parametrize(("path", "size", "hexdump", "fields"), EXAMPLES)
def test_example_decodes(path: str, size: str, hexdump: str, fields: str) -> None:
    """A hexdump of section 10 is its vector, decodes alike in both decoders, and is explained."""
    data = dumped(hexdump)
    decoded = reference.decode(data)
    palette, indices = kmcodec.decode_indexed(data)

    assert int(size) == len(data)
    assert (SPEC.parent / path).read_bytes() == data
    assert decoded.indices == indices.tolist()
    assert decoded.metadata == dict(kmcodec.info(data).metadata)
    pixels = np.array([np.frombuffer(row, np.uint8) for row in decoded.pixels()])
    pixels = pixels.reshape(decoded.height, decoded.width, -1)
    assert (pixels - kmcodec.decode(data) == 0).all()
    assert len(decoded.palette) == len(palette)

    offset = 0
    for row in table(fields + "\n"):
        assert offset == int(row["offset"])
        raw = bytes.fromhex(row["bytes"].strip("`"))
        assert data[offset : offset + len(raw)] == raw
        offset += len(raw)
    assert len(data) == offset


def test_packing_example() -> None:
    """The bit example of section 6.2 adds up."""
    found = re.search(r"```bits\n(.*?)```", section("6.2"), re.DOTALL)
    assert found
    rows = {name: cells for name, *cells in map(str.split, found[1].splitlines())}
    bits = "".join(rows["bits"])

    assert [int(index) for index in rows["indices"]] == [int(b, 2) for b in rows["bits"][:5]]
    assert "".join(rows["bytes"]) == bits
    assert bytes.fromhex("".join(rows["hex"])) == int(bits, 2).to_bytes(2, "big")
    row = bytes.fromhex("".join(rows["hex"]))
    assert reference.unpack_row(row, 5, 3, 5) == [0, 1, 4, 2, 3]


def test_header_table() -> None:
    """The fields of section 3 are those of ``format.FIELDS``, and each has its heading."""
    rows = [
        (row["field"], int(row["offset"]), int(row["size"]), row["section"])
        for row in table(section("3"))
    ]

    assert [tuple(field) for field in kmq.FIELDS] == rows
    for field, _, _, number in rows:
        assert section(number).startswith(f"### {number} {field}\n")


def test_header_grid() -> None:
    """The grid of section 3 is the one in the docstring of ``format``."""
    grid = re.findall(r"^ +[+|].*$", section("3"), re.MULTILINE)
    assert kmq.__doc__

    assert [line.strip().lower() for line in grid] == [
        line.strip().lower() for line in re.findall(r"^ +[+|].*$", kmq.__doc__, re.MULTILINE)
    ]


def test_coding_table() -> None:
    """The codings of section 3.3 are those of ``format.Coding``."""
    rows = {row["coding"].upper(): int(row["value"]) for row in table(section("3.3"))}

    assert {coding.name: coding.value for coding in kmq.Coding} == rows


def test_mode_table() -> None:
    """The modes of section 3.4 are those of ``format.Mode`` and of the reference decoder."""
    for row, mode in zip(table(section("3.4")), kmq.Mode, strict=True):
        assert (str(mode.value), mode.name, mode.pillow) == tuple(row.values())[:3]
        assert (str(mode.channels), str(mode.max_colors)) == (row["bytes"], row["most colors"])
        assert ("alpha" in row["palette entry"]) == mode.has_alpha
        assert reference.MODES[mode.value] == (mode.name, mode.channels, mode.max_colors)


def test_flag_table() -> None:
    """The flags of section 3.5 are those of ``format.Flags``."""
    rows = {row["flag"]: 1 << int(row["bit"]) for row in table(section("3.5"))}

    assert {flag.name: flag.value for flag in kmq.Flags} == rows


def test_limit_table() -> None:
    """The limits of section 8.2 are the constants of ``format`` and the package's default."""
    values = {}
    for row in table(section("8.2")):
        power = re.fullmatch(r"2\^(\d+)(?: - (\d))?", row["value"])
        values[row["limit"]] = (
            2 ** int(power[1]) - int(power[2] or 0) if power else int(row["value"])
        )

    assert values == {
        "width, height": kmq.MAX_DIMENSION,
        "color_count": kmq.MAX_COLORS,
        "band_rows": kmq.MAX_BAND_ROWS,
        "bytes of a packed band": kmq.MAX_BAND_BYTES,
        "metadata sections": 255,
        "bytes of a metadata payload": kmq.MAX_METADATA_BYTES,
    }
    assert f"{reference.DEFAULT_MAX_PIXELS:,} pixels" in section("8.2")
    assert kmcodec.decode.__kwdefaults__["max_pixels"] == reference.DEFAULT_MAX_PIXELS


def test_identification() -> None:
    """Extension, media type, magic and version are the constants of ``format``."""
    assert f"`{kmq.EXTENSION}`, media type `{kmq.MIME_TYPE}`" in section("1")
    assert f"`{kmq.MAGIC.hex(' ')}`" in section("3.1")
    assert f"The value is {kmq.VERSION}." in section("3.2")
    assert TEXT.splitlines()[2].startswith(f"Version {kmq.VERSION} ")


def test_error_table() -> None:
    """The error classes of section 8.1 are those of the package and of the reference decoder."""
    for row in table(section("8.1")):
        error = getattr(kmcodec, row["class"])
        assert issubclass(error, kmcodec.KmqError)
        assert issubclass(getattr(reference, row["class"]), reference.KmqError)
        parent = getattr(reference, row["class"]).__mro__[1].__name__
        assert error.__mro__[1].__name__ == parent


def test_crc_check_value() -> None:
    """The check value of section 7.1 is that of zlib's and of the reference decoder's CRC-32."""
    found = re.search(r'"123456789", is `([0-9a-f]{8})`', section("7.1"))
    assert found
    value = int(found[1], 16)

    assert value == zlib.crc32(b"123456789")
    assert value == reference.crc32(b"123456789")
    assert value == reference.crc32(b"6789", reference.crc32(b"12345"))


def test_arithmetic_of_the_commentary() -> None:
    """128 x 128 pixels of 16 colors take the 65,920 bits and 8272 bytes that appendix C counts."""
    header = kmq.Header(kmq.Coding.PACKED, kmq.Mode.RGB, kmq.Flags(0), 128, 128, 16, 128)
    packed = header.palette_bytes + header.height * header.row_bytes

    assert 8 * packed == 65_920
    assert "65,920 bits" in TEXT
    assert f"{kmq.HEADER_BYTES} + 48 + 4 + (4 + 8192 + 4) = {packed + 32} bytes" in TEXT


def test_quotations_of_the_reference_decoder() -> None:
    """Each sentence that the reference decoder quotes stands in the specification."""

    def plain(text: str) -> str:
        return " ".join(re.sub(r"\||\n *#", " ", text.replace("`", "")).split())

    source = DECODER.read_text(encoding="utf-8").partition("8.1")[2]
    comments = re.findall(r"(?:^ *#.*\n)+", source, re.MULTILINE)
    quoted = [q for c in comments for q in re.findall(r'"([^"]+)"', plain(f"\n{c}"))]
    specification = plain(TEXT)

    parts = [part.rstrip(".:") for quotation in quoted for part in quotation.split(" ... ")]

    assert len(quoted) >= 20
    assert [part for part in parts if part not in specification] == []

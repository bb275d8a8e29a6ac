"""The specification's examples, tables and quotations, held against the code."""

import io
import re
import runpy
import zlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import yaml

import kmcodec
from kmcodec import format as kmq
from kmcodec.animation import Animation, Runs
from kmcodec.coding import modelled, sections
from kmcodec.coding.frame_table import read_frames

SPEC = Path(__file__).parent.parent / "spec"
TEXT = (SPEC / "kmq.md").read_text(encoding="utf-8")
DECODER = SPEC / "reference_decoder.py"
reference = SimpleNamespace(**runpy.run_path(str(DECODER)))
EXAMPLES = re.findall(
    r"`(spec/vectors/\S+)`, (\d+) bytes:\n\n```hexdump\n(.*?)```\n\n(\|.*?)\n\n", TEXT, re.DOTALL
)


def section(number: str) -> str:
    """Return the text of a section, up to the next heading of any depth."""
    found = re.search(rf"^#+ {re.escape(number)} .*?(?=^#|\Z)", TEXT, re.DOTALL | re.MULTILINE)
    assert found, number
    return found[0]


def table(text: str) -> list[dict[str, str]]:
    """Read the first table of a text, each row by column."""
    found = re.search(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert found
    lines = [line.strip("|").split("|") for line in found[0].splitlines()]
    head, _, *rows = [[cell.strip() for cell in line] for line in lines]
    return [dict(zip(head, row, strict=True)) for row in rows]


def dumped(hexdump: str) -> bytes:
    """Read the bytes of a ``hexdump -C`` block, and verify its offsets and characters."""
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
    assert len(EXAMPLES) >= 4
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


class Trace:
    """What the reference decoder decides while a test runs."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.decisions: list[tuple[str, int, int, int]] = []
        self.residuals: list[tuple[int, int]] = []
        decide = reference.RangeDecoder.decide
        residual = reference.Component.residual

        def traced_decision(decoder: Any, p: int, unit: int = 16) -> int:
            bit: int = decide(decoder, p, unit)
            self.decisions.append((decoder.field, p, unit, bit))
            return bit

        def traced_residual(component: Any, decoder: Any, before: int, below: int, top: int) -> int:
            number: int = residual(component, decoder, before, below, top)
            self.residuals.append((below, number))
            return number

        monkeypatch.setattr(reference.RangeDecoder, "decide", traced_decision)
        monkeypatch.setattr(reference.Component, "residual", traced_residual)


def test_decisions_of_the_modelled_example(monkeypatch: pytest.MonkeyPatch) -> None:
    """The residuals and decisions that section 10.4 lists are those of its file and payloads."""
    text = section("10.4")
    *_, samples, first, second, third = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    trace = Trace(monkeypatch)
    reference.decode((SPEC / "vectors" / "valid" / "three_colors_modelled.kmq").read_bytes())

    cells = [row[name] for row in table(samples) for name in "GRB"]
    terms = [re.fullmatch(r"(\d+) ([+-]) (\d+)", cell) for cell in cells]
    assert trace.residuals == [(int(t[1]), int(t[2] + t[3])) for t in terms if t]
    predicted, *_, ordered = (d for d in trace.decisions if d[0] == "palette_payload")
    assert (predicted[3], ordered[3]) == (1, 0)

    payloads = re.findall(r": `([0-9a-f ]+)`, (\d) x (\d) pixels of (\d+) colors", text)
    assert len(payloads) == 2
    for decisions in (first, second, third):
        if decisions != first:
            payload, width, rows, colors = payloads.pop(0)
            trace.decisions.clear()
            codes = reference.decode_modelled(
                bytes.fromhex(payload), int(rows), int(width), int(colors)
            )
            listed = re.findall(r"code (\d+)", decisions)
            assert [str(code) for row in codes.all_rows() for code in row] == listed
        units = [row["p"].partition(" of 2^-") for row in table(decisions)]
        assert [d[1:] for d in trace.decisions if d[0] == "payload"] == [
            (int(p), int(unit or 16), int(row["bit"][0]))
            for (p, _, unit), row in zip(units, table(decisions), strict=True)
        ]


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
    rows = {
        row["flag"]: sum(1 << int(bit) for bit in row["bits"].split(", "))
        for row in table(section("3.5"))
    }

    assert rows == dict(kmq.Flags.__members__)
    assert rows == {name: getattr(reference, name) for name in rows}


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
        "cells of a modelled band": kmq.MAX_MODELLED_CELLS,
        "bytes of a coded palette": kmq.MAX_PALETTE_LENGTH,
        "metadata sections": 255,
        "bytes of a metadata payload": kmq.MAX_METADATA_BYTES,
        "bytes of all metadata payloads": kmq.MAX_ALL_METADATA_BYTES,
        "frames": kmq.MAX_FRAME_COUNT,
        "numbers of the frames section": kmq.MAX_NUMBER,
    }
    assert f"{reference.DEFAULT_MAX_PIXELS:,} pixels" in section("8.2")
    assert kmcodec.decode.__kwdefaults__["max_pixels"] == reference.DEFAULT_MAX_PIXELS
    assert "2^20 frames and 2^40 pixels" in section("8.2")
    assert kmq.MAX_FRAMES == reference.DEFAULT_MAX_FRAMES == 2**20
    assert kmq.MAX_TOTAL_PIXELS == reference.DEFAULT_MAX_TOTAL_PIXELS == 2**40


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


def test_palette_payload_examples() -> None:
    """The payloads of section 5.3.1 are the palettes beside them, in both decoders."""
    channels = {"gray": 1, "RGB": 3, "RGBA": 4}
    rows = table(section("5.3.1"))
    assert len(rows) >= 5
    for row in rows:
        kind, _, text = row["palette, in the order of codes"].partition(": ")
        found = re.match(r"`([0-9a-f ]+)`", row["payload"])
        assert found
        payload = bytes.fromhex(found[1])
        if text.endswith("and so on to 255"):
            entries = [(gray,) for gray in range(256)]
        else:
            entries = [tuple(map(int, entry.split(", "))) for entry in text.split("; ")]
        order = None if row["order"] == "none" else list(map(int, row["order"].split(", ")))

        decoded = reference.decode_palette(payload, len(entries), channels[kind])
        assert decoded == (entries, order)
        palette, found_order = sections.decode_palette(
            payload, len(entries), channels[kind], may_have_order=True
        )
        assert order == (None if found_order is None else found_order.tolist())
        assert entries == [tuple(e) for e in palette[order or slice(None)].tolist()]
        if "`predicted` is 0" in row["payload"]:
            assert payload[0] & 0x80


def test_modelled_payload_examples() -> None:
    """The payloads of section 6.3.8 are the codes beside them, in both decoders."""
    *_, examples = re.findall(r"(?:^\|.*\n)+", section("6.3.8"), re.MULTILINE)
    rows = table(examples)
    assert len(rows) >= 8
    for row in rows:
        color_count, width = int(row["color_count"]), int(row["width"])
        codes = np.array(row["codes"].split(), int).reshape(-1, width)
        payload = bytes.fromhex(row["payload"].replace("empty", "").strip("`"))
        out = np.empty(codes.shape, kmq.index_dtype(color_count))
        modelled.decode_indices(payload, color_count, out)

        assert codes.tolist() == out.tolist()
        band = reference.decode_modelled(payload, len(codes), width, color_count)
        assert codes.tolist() == band.all_rows()
        first = reference.RangeDecoder(payload, "payload").decide(reference.PLAIN)
        assert (first == 1) == (row["model"] == "graphics")


def test_check_values() -> None:
    """The CRCs of section 6.3.8 are those of the reference decoder's functions."""
    logits = range(-1024, 1025)
    functions = {
        "p(i)": [reference.p(i) for i in logits],
        "e(i, 0)": [reference.e(i, 0) for i in logits],
        "e(i, 1)": [reference.e(i, 1) for i in logits],
        "r(count)": [reference.r(count) for count in range(16)],
    }
    rows = {row["values"].partition(" for")[0]: row for row in table(section("6.3.8"))}

    assert functions.keys() == rows.keys()
    for name, values in functions.items():
        data = b"".join((value % 2**16).to_bytes(2, "little") for value in values)
        assert (str(len(values)), f"`{zlib.crc32(data):08x}`") == (
            rows[name]["number"],
            rows[name]["CRC-32"],
        )


def test_multipliers() -> None:
    """The multipliers of section 6.3.1 are those of the reference decoder, in its order."""
    found = re.search(r"m of (.*?) are, in this order, .* of (0x\w+)\.", section("6.3.1"))
    assert found
    names = found[1].split(", ")
    powers = {name: pow(int(found[2], 16), i, 2**32) for i, name in enumerate(names, start=1)}

    assert list(reference.M) == names
    assert powers == reference.M


def test_photo_table() -> None:
    """The contexts of section 6.3.4 are those of the reference decoder."""
    rows = {row["class"]: row["contexts"] for row in table(section("6.3.4"))}

    assert {name: rows["C, D" if name in "CD" else name] for name in "ABCD"} == reference.PHOTO


def test_pairs() -> None:
    """The pairs of section 6.3.1 are those of the reference decoder."""
    rows = re.findall(r"^    (equal|other|which)  (.*)$", section("6.3.1"), re.MULTILINE)

    assert dict(rows) == {
        "equal": reference.EQUAL,
        "other": reference.OTHER,
        "which": reference.WHICH,
    }


def test_neighbor_drawing() -> None:
    """The neighbors of section 6.3.1 are where the reference decoder looks."""
    lines = re.findall(r"^ +(?:NNW|NWW|WWW) .*$", section("6.3.1"), re.MULTILINE)
    at = lines[-1].index("x")
    places = {}
    for y, line in enumerate(lines, start=1 - len(lines)):
        middle = len(line[:at].split())  # the names in the column of x stand above it
        places.update({name: (x - middle, y) for x, name in enumerate(line.split())})

    assert places.pop("x") == (0, 0)
    assert places == reference.NEIGHBORS


def test_kaitai_description() -> None:
    """The .ksy has the header, the values, the bits and the limits of the format."""
    described = yaml.safe_load((SPEC / "kmq.ksy").read_text())
    assert f".{described['meta']['file-extension']}" == kmq.EXTENSION
    assert described["meta"]["xref"]["mime"] == kmq.MIME_TYPE
    header, flags, section_ = (
        {field["id"]: field for field in described["types"][name]["seq"]}
        for name in ("header", "flags", "section")
    )
    sizes = {"u1": 1, "u2": 2, "u4": 4, "flags": 1}
    magic = header["magic"].pop("contents")
    assert bytes([magic[0]]) + magic[1].encode() == kmq.MAGIC
    assert [
        (name.removesuffix("_minus_1"), sizes[field["type"]] if "type" in field else len(kmq.MAGIC))
        for name, field in header.items()
    ] == [(field.name, field.size) for field in kmq.FIELDS]
    assert header["version"]["valid"] == kmq.VERSION
    for name in ("width", "height"):
        assert header[name]["valid"] == {"min": 1, "max": kmq.MAX_DIMENSION}
    for name, values in (("mode", kmq.Mode), ("coding", kmq.Coding)):
        assert described["enums"][name] == {v.value: v.name.lower() for v in values}
    values, start = {}, 0
    for name, field in flags.items():
        width = int(field["type"].removeprefix("b"))
        values[name.upper()] = ((1 << width) - 1) << start
        start += width
    assert values.pop("RESERVED") == 0xFF - sum(values.values())
    assert values == dict(kmq.Flags.__members__)
    assert section_["name_length"]["valid"]["max"] == kmq.MAX_NAME_BYTES
    assert section_["length"]["valid"]["max"] == kmq.MAX_METADATA_BYTES


def test_frames_section_example() -> None:
    """The bytes that section 6.5.1 lists are a section of these numbers, in both decoders."""
    *_, example = re.findall(r"(?:^\|.*\n)+", section("6.5.1"), re.MULTILINE)
    data = bytes.fromhex("".join(row["bytes"].strip("`") for row in table(example)))
    header = kmq.Header(kmq.Coding.PACKED, kmq.Mode.RGB, kmq.Flags.FRAMES, 6, 1, 200, 1)
    animation, lengths = read_frames(sections.SectionReader(io.BytesIO(data)), header)
    timing = reference.read_timing(reference.Reader(data), 1, lambda _: 6)

    assert animation == Animation(Runs.of([(1, 2), (2, 1)]), 10, 0, 3)
    assert lengths.tolist() == [[6], [0], [6]]
    assert timing == reference.Timing(0, 10, 3, [1, 1, 2], [6, 0, 6])


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
        return " ".join(re.sub(r"\||\n *#", " ", re.sub("`|[*]{2}", "", text)).split())

    source = DECODER.read_text(encoding="utf-8").partition("8.1")[2]
    comments = re.findall(r"(?:^ *#.*\n)+", source, re.MULTILINE)
    quoted = [q for c in comments for q in re.findall(r'"([^"]+)"', plain(f"\n{c}"))]
    specification = plain(TEXT)

    parts = [part.rstrip(".:") for quotation in quoted for part in quotation.split(" ... ")]

    assert len(quoted) >= 20
    assert [part for part in parts if part not in specification] == []

"""The header: every field, both ways."""

import dataclasses
import struct

import pytest

from kmcodec import FormatError, SignatureError, TruncatedError, UnsupportedError
from kmcodec import format as layout
from kmcodec.format import (
    FIELDS,
    HEADER_BYTES,
    MAGIC,
    MAX_MODELLED_CELLS,
    VERSION,
    Coding,
    Flags,
    Header,
    Mode,
    index_bits,
)
from kmcodec.libkmq import binding

HEADER = Header(Coding.PACKED, Mode.RGB, Flags(0), 0x12345, 0x678, 0x9AB, 0x5DE)
PACKED = bytes.fromhex("8b4b4d51 00000600 45230100 78060000 aa09 dd05")


def test_the_library_in_c_has_the_same_limits():
    """Each is stated once in either language."""
    assert binding.MAX_COLORS == layout.MAX_COLORS
    assert binding.MAX_CELLS == layout.MAX_MODELLED_CELLS
    assert (binding.ABOVE, binding.BORDER) == (layout.MODEL_ABOVE, layout.MODEL_BORDER)


def test_pack_and_unpack_are_inverse_on_one_literal():
    """The header's bytes are those of the specification, in both directions."""
    assert HEADER.pack() == PACKED
    assert Header.unpack(PACKED) == HEADER


def test_fields_cover_the_header_without_gaps():
    """Each byte of the header belongs to exactly one field."""
    ends = [0] + [field.offset + field.size for field in FIELDS]

    assert [field.offset for field in FIELDS] == ends[:-1]
    assert ends[-1] == HEADER_BYTES == len(PACKED)


@pytest.mark.parametrize("length", range(HEADER_BYTES))
def test_every_prefix_is_refused(length):
    """A header that ends early is truncated, or no .kmq file if nothing is left of it."""
    expected = TruncatedError if length else SignatureError

    with pytest.raises(expected):
        Header.unpack(PACKED[:length])


@pytest.mark.parametrize(
    ("field", "offset", "value", "error"),
    [
        ("magic", 0, b"\x8bKMP", SignatureError),
        ("magic", 0, b"\x89PNG", SignatureError),
        ("version", 4, b"\x01", UnsupportedError),
        ("coding", 5, b"\xff", UnsupportedError),
        ("mode", 6, b"\x08", UnsupportedError),
        ("coding", 5, b"\x02", UnsupportedError),
        ("flags", 7, b"\x04", UnsupportedError),
        ("flags", 7, b"\x08", UnsupportedError),
        ("flags", 7, b"\x81", UnsupportedError),
        ("width", 8, bytes(4), FormatError),
        ("width", 8, b"\x01\x00\x00\x40", FormatError),
        ("width", 8, b"\xff\xff\xff\xff", FormatError),
        ("height", 12, bytes(4), FormatError),
        ("height", 12, b"\x00\x00\x00\x80", FormatError),
        ("band_rows", 18, b"\x78\x06", FormatError),
    ],
)
def test_a_bad_field_is_named_with_its_offset(field, offset, value, error):
    """An error says which field is wrong and where it is."""
    data = PACKED[:offset] + value + PACKED[offset + len(value) :]

    with pytest.raises(error) as caught:
        Header.unpack(data)

    assert caught.value.field == field
    assert caught.value.offset == offset
    assert field in str(caught.value)


def refuse(header, field):
    """See that a header is refused where it is read, and in the same words where it is written."""
    fields = dataclasses.astuple(header)
    numbers = (*fields[:-2], header.color_count - 1, header.band_rows - 1)
    data = struct.pack("<4s4B2I2H", MAGIC, VERSION, *numbers)
    with pytest.raises(FormatError) as read:
        Header.unpack(data)
    with pytest.raises(ValueError, match="are") as written:
        header.pack()

    assert read.value.field == field
    assert str(read.value).startswith(str(written.value))


@pytest.mark.parametrize("mode", Mode)
def test_color_count_is_limited_by_the_mode(mode):
    """A mode holds as many colors as Pillow can hold in it, and no more."""
    most = dataclasses.replace(HEADER, mode=mode, color_count=mode.max_colors, width=1)

    assert Header.unpack(most.pack()) == most
    if mode.max_colors < 65536:
        refuse(dataclasses.replace(most, color_count=mode.max_colors + 1), "color_count")


def test_a_band_must_fit_its_length_field():
    """A band of 2^32 bytes or more is refused before anything is allocated for it."""
    header = dataclasses.replace(HEADER, width=1 << 30, color_count=65536, band_rows=1)

    assert Header.unpack(header.pack()).row_bytes == 1 << 31
    refuse(dataclasses.replace(header, band_rows=2), "band_rows")


def test_a_modelled_band_must_fit_memory():
    """A modelled band of more than 2^28 cells, border included, is refused; a packed one is not."""
    cells = dataclasses.replace(
        HEADER,
        coding=Coding.MODELLED,
        width=(1 << 14) - 16,
        height=1 << 16,
        band_rows=(1 << 14) - 3,
    )

    assert cells.band_cells == MAX_MODELLED_CELLS
    assert Header.unpack(cells.pack()) == cells
    for larger in ({"band_rows": cells.band_rows + 1}, {"width": cells.width + 1}):
        header = dataclasses.replace(cells, **larger)
        refuse(header, "band_rows")
        packed = dataclasses.replace(header, coding=Coding.PACKED)
        assert Header.unpack(packed.pack()) == packed


def test_frames_have_few_modelled_bands():
    """Each keeps its model: 8 are allowed, and one more for each half megapixel."""
    for height, most in ((9, 8), (2047, 8), (2048, 9), (3 << 11, 11), (1 << 13, 12)):
        header = dataclasses.replace(
            HEADER,
            coding=Coding.MODELLED,
            flags=Flags.FRAMES,
            width=(1 << 8) + (height == 3 << 11),
            height=height,
            band_rows=-(-height // most),
        )
        assert Header.unpack(header.pack()) == header
        more = dataclasses.replace(header, band_rows=-(-height // (most + 1)))
        assert more.band_count == most + 1
        refuse(more, "band_rows")
        for others in ({"flags": Flags(0)}, {"coding": Coding.PACKED}):
            allowed = dataclasses.replace(more, **others)
            assert Header.unpack(allowed.pack()) == allowed


@pytest.mark.parametrize("coding", Coding)
@pytest.mark.parametrize("flags", range(256))
def test_flags_go_together_and_others_are_refused(coding, flags):
    """Both codings go with any flags there are, and with no other bits, nor with half a flag."""
    header = dataclasses.replace(HEADER, coding=coding, flags=Flags(flags))
    data = header.pack()

    if flags in {0, 1, 2, 3, 12, 13, 14, 15}:
        assert Header.unpack(data) == header
    else:
        with pytest.raises(UnsupportedError, match="flags"):
            Header.unpack(data)


@pytest.mark.parametrize(
    ("colors", "bits"),
    [(1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (16, 4), (17, 5), (256, 8), (257, 9), (65536, 16)],
)
def test_index_bits_is_the_ceiling_of_the_binary_logarithm(colors, bits):
    """An index takes as many bits as its color count needs, none for one color."""
    assert bits == index_bits(colors)


@pytest.mark.parametrize(("height", "rows", "count"), [(1, 1, 1), (8, 8, 1), (9, 8, 2), (9, 1, 9)])
def test_bands_cover_all_rows_once(height, rows, count):
    """Bands are runs of band_rows rows; the last may be shorter."""
    header = dataclasses.replace(HEADER, height=height, band_rows=rows)
    spans = [header.rows_of_band(band) for band in range(header.band_count)]

    assert count == len(spans)
    assert list(range(height)) == [row for top, bottom in spans for row in range(top, bottom)]

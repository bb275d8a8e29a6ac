"""Sections and checksums: everything is found where it should be, and nothing else is accepted."""

import struct
from dataclasses import replace
from io import BytesIO
from zlib import crc32

import numpy as np
import pytest

from kmcodec import ChecksumError, FormatError, LimitError, TruncatedError
from kmcodec.coding.container import find_bands, join_file, read_band, read_head
from kmcodec.coding.sections import encode_palette
from kmcodec.format import Coding, Flags, Header, Mode

PALETTE = np.arange(12, dtype=np.uint8).reshape(4, 3)
HEADER = Header(Coding.PACKED, Mode.RGB, Flags.METADATA, 8, 5, 4, 2)
METADATA = {"zebra": b"stripes", "comment": b"hello", "a0_": b""}
PAYLOADS = [bytes([1, 2, 3, 4]), bytes([5, 6, 7, 8]), bytes([9, 10])]


def whole_file(header=HEADER, metadata=METADATA, palette=PALETTE, payloads=PAYLOADS):
    """Make a small file with metadata and three bands, the last of one row."""
    return b"".join(join_file(header, metadata, np.asarray(palette, np.uint8).tobytes(), payloads))


def coded_section(payload):
    """Make a section of a coded palette, whose payload is shorter than 128 bytes."""
    return bytes([len(payload)]) + payload


def read_all(data):
    """Everything a decoder reads of a file."""
    stream = BytesIO(data)
    head = read_head(stream, None)
    return head, [read_band(stream, band) for band in find_bands(stream, head)]


def test_what_is_joined_is_read_again():
    """Header, metadata, palette and bands come back as they were."""
    head, payloads = read_all(whole_file())

    assert head.header == HEADER
    assert head.metadata == METADATA
    assert sorted(METADATA) == list(head.metadata)
    assert (head.palette == PALETTE).all()
    assert payloads == PAYLOADS


def test_sections_cover_the_head_without_gaps():
    """Each byte of the head belongs to one section."""
    head, _ = read_all(whole_file())
    ends = [0] + [section.offset + section.size for section in head.sections]

    assert [section.offset for section in head.sections] == ends[:-1]
    assert ends[-1] == head.size
    names = [section.name for section in head.sections]
    assert names == [
        "header",
        "section_count",
        "metadata a0_",
        "metadata comment",
        "metadata zebra",
        "palette",
        "checksum",
    ]


def test_a_checksum_covers_all_before_it_but_checksums():
    """The last checksum is the CRC-32 of the file without its checksums."""
    data = whole_file()
    head, _ = read_all(data)
    covered = data[: head.size - 4]
    for band in find_bands(BytesIO(data), head):
        covered += data[band.offset - 4 : band.offset + band.length]

    assert data[-4:] == struct.pack("<I", crc32(covered))


def test_one_band_without_metadata_costs_32_bytes():
    """Header, length and checksums of a simple file are 32 bytes together."""
    header = Header(Coding.PACKED, Mode.RGB, Flags(0), 8, 5, 4, 5)
    data = whole_file(header, {}, PALETTE, [bytes(10)])

    assert len(data) == 32 + 12 + 10


def test_every_truncation_is_refused():
    """A file that ends early is named truncated, at each length."""
    data = whole_file()
    for length in range(4, len(data)):
        with pytest.raises(TruncatedError):
            read_all(data[:length])


def test_every_flipped_bit_is_refused():
    """No single flipped bit goes unnoticed, checksums and lengths included."""
    data = whole_file()
    for bit in range(8 * len(data)):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(OSError, match=r"field|offset"):
            read_all(bytes(damaged))


def test_trailing_bytes_are_refused():
    """Nothing may follow the last band."""
    with pytest.raises(FormatError, match="1 bytes follow"):
        read_all(whole_file() + b"\0")


def test_swapped_bands_are_refused():
    """Two bands of equal length cannot change places."""
    data = whole_file()
    start = read_all(data)[0].size
    swapped = data[:start] + data[start + 12 : start + 24] + data[start : start + 12]
    swapped += data[start + 24 :]

    assert len(data) == len(swapped)
    with pytest.raises(ChecksumError):
        read_all(swapped)


def test_a_band_of_another_file_is_refused():
    """A band that is whole in its own file does not fit into one with another palette."""
    data, other = whole_file(), whole_file(palette=PALETTE + 1)
    start = read_all(data)[0].size

    with pytest.raises(ChecksumError):
        read_all(data[:start] + other[start:])


def test_whole_bands_are_found_in_truncated_data():
    """On request, data that ends early gives the bands before its end."""
    data = whole_file()
    head, _ = read_all(data)
    for missing, whole in [(1, 2), (10, 2), (11, 1), (len(data) - head.size, 0)]:
        stream = BytesIO(data[: len(data) - missing])
        bands = find_bands(stream, head, whole_only=True)

        assert whole == len(bands)
        assert PAYLOADS[:whole] == [read_band(stream, band) for band in bands]


def test_the_limit_is_checked_before_the_palette_is_read():
    """A picture above max_pixels is refused from its header alone."""
    with pytest.raises(LimitError, match="8 x 5"):
        read_head(BytesIO(whole_file()[:20]), 39)
    assert read_head(BytesIO(whole_file()), 40).header == HEADER


@pytest.mark.parametrize(
    ("metadata", "field"),
    [
        (b"\x00", "section_count"),
        (b"\x01\x00\x00\x00\x00\x00", "name_length"),
        (b"\x01\x21" + b"a" * 33 + bytes(4), "name_length"),
        (b"\x01\x01A\x00\x00\x00\x00", "name"),
        (b"\x01\x01\xff\x00\x00\x00\x00", "name"),
        (b"\x02\x01b\x00\x00\x00\x00\x01a\x00\x00\x00\x00", "name"),
        (b"\x02\x01a\x00\x00\x00\x00\x01a\x00\x00\x00\x00", "name"),
        (b"\x01\x01a\x01\x00\x00\x01", "length"),
        (b"\x01\x01a\xff\xff\xff\xff", "length"),
    ],
)
def test_malformed_metadata_is_refused(metadata, field):
    """Counts, names, their order and lengths are checked, under a correct checksum too."""
    head = HEADER.pack() + metadata + PALETTE.tobytes()
    data = head + struct.pack("<I", crc32(head))

    with pytest.raises(FormatError) as caught:
        read_head(BytesIO(data), None)

    assert caught.value.field == field


def test_metadata_length_beyond_the_data_is_truncated():
    """A length is not believed further than the data goes."""
    with pytest.raises(TruncatedError):
        read_head(BytesIO(HEADER.pack() + b"\x01\x01a\x00\x00\x00\x01" + bytes(100)), None)


@pytest.mark.parametrize("palette", [[1], [254], [255, 0], [0, 0], [255, 255]])
def test_a_bilevel_palette_is_black_and_white(palette):
    """Mode 1 has 0, 255, or both in that order."""
    header = Header(Coding.PACKED, Mode.BILEVEL, Flags(0), 8, 1, len(palette), 1)
    data = whole_file(header, {}, palette, [b"\0"])

    with pytest.raises(FormatError, match="bilevel"):
        read_head(BytesIO(data), None)


MODELLED = replace(HEADER, coding=Coding.MODELLED)


def test_a_modelled_band_may_be_shorter_than_packed():
    """Bands of any length up to that of their rows packed are found; none is read for that."""
    for lengths in ([0, 1, 2], [4, 4, 2], [3, 0, 0]):
        payloads = [bytes(range(length)) for length in lengths]
        head, found = read_all(whole_file(MODELLED, payloads=payloads))

        assert head.header == MODELLED
        assert payloads == found


@pytest.mark.parametrize(("band", "length"), [(0, 5), (1, 5), (2, 3), (0, 1 << 31)])
def test_a_modelled_band_longer_than_packed_is_refused(band, length):
    """A longer band is refused by its length, whether or not the bytes are there."""
    payloads = [*PAYLOADS]
    payloads[band] = bytes(min(length, 100))
    data = bytearray(whole_file(MODELLED, payloads=payloads))
    start = read_head(BytesIO(data), None).size + sum(len(p) + 8 for p in PAYLOADS[:band])
    data[start : start + 4] = struct.pack("<I", length)

    with pytest.raises(FormatError) as caught:
        find_bands(BytesIO(data), read_head(BytesIO(data), None))

    assert (caught.value.field, caught.value.offset) == ("length", start)


def test_a_modelled_band_of_one_color_is_empty():
    """Where packed indices have no bits, modelled ones have none either."""
    header = Header(Coding.MODELLED, Mode.RGB, Flags(0), 8, 5, 1, 5)

    assert read_all(whole_file(header, {}, PALETTE[:1], [b""]))[1] == [b""]
    with pytest.raises(FormatError, match="length"):
        read_all(whole_file(header, {}, PALETTE[:1], [b"\0"]))


def coded_file(section, coding=Coding.MODELLED, mode=Mode.RGB):
    """Make a file of one row with four colors and this palette section."""
    header = Header(coding, mode, Flags.CODED_PALETTE, 8, 1, 4, 1)
    return b"".join(join_file(header, {}, section, [bytes(2)]))


def test_a_coded_palette_is_read_again():
    """Palette and order of a coded palette come back; without an order there is none."""
    order = np.array([2, 0, 3, 1], np.uint16)
    for wanted in (None, order):
        section = coded_section(encode_palette(PALETTE, wanted))
        head, _ = read_all(coded_file(section))

        assert (head.palette == PALETTE).all()
        assert (head.order is None) if wanted is None else (head.order == order).all()
        names = [section.name for section in head.sections]
        assert names == ["header", "palette_length", "palette_payload", "checksum"]


def test_a_coded_palette_beside_packed_indices_has_no_order():
    """Packed indices are palette indices: an order beside them is refused, a palette is not."""
    plain = coded_section(encode_palette(PALETTE, None))
    ordered = coded_section(encode_palette(PALETTE, np.array([2, 0, 3, 1], np.uint16)))

    assert read_all(coded_file(plain, Coding.PACKED))[0].order is None
    with pytest.raises(FormatError, match="has an order") as caught:
        read_all(coded_file(ordered, Coding.PACKED))
    assert (caught.value.field, caught.value.offset) == ("palette_payload", 21)


@pytest.mark.parametrize("groups", ["8000", "ff8000", "808080", "ffffff", "80808001"])
def test_a_palette_length_has_one_form(groups):
    """A length that is longer than it need be, or than three bytes, is refused."""
    with pytest.raises(FormatError) as caught:
        read_all(coded_file(bytes.fromhex(groups) + bytes(100)))

    assert (caught.value.field, caught.value.offset) == ("palette_length", 20)


def test_a_palette_length_beyond_the_data_is_truncated():
    """A length is not believed further than the data goes."""
    with pytest.raises(TruncatedError) as caught:
        read_head(BytesIO(coded_file(b"\xff\xff\x7f")), None)

    assert caught.value.field == "palette_payload"


def test_a_coded_palette_is_checked_like_a_plain_one():
    """What the mode cannot have is refused in either form."""
    header = Header(Coding.MODELLED, Mode.BILEVEL, Flags.CODED_PALETTE, 8, 1, 2, 1)
    section = coded_section(encode_palette(np.array([[0], [254]], np.uint8), None))

    with pytest.raises(FormatError, match="bilevel"):
        read_head(BytesIO(b"".join(join_file(header, {}, section, [b"\0"]))), None)

"""Packed coding: bits exactly as bitarray lays them out."""

import numpy as np
import pytest
from arrays import arrays
from bitarray import bitarray
from bitarray.util import int2ba
from hypothesis import given
from hypothesis import strategies as st

from kmcodec import FormatError
from kmcodec.coding.packed import check_indices, decode_indices, decode_pixels, encode_indices
from kmcodec.format import index_bits, index_dtype
from kmcodec.libkmq import binding

COLOR_COUNTS = [1, 2, 3, 5, 16, 17, 33, 100, 255, 256, 257, 1000, 2048, 4000, 9999, 20000, 65536]


def pack_with_bitarray(indices, color_count):
    """Write each index as a bit string, each row filled up to bytes: the textbook form."""
    bits = index_bits(color_count)
    packed = bytearray()
    for row in indices:
        line = bitarray(endian="big")
        for index in row:
            line += int2ba(int(index), bits) if bits else bitarray()
        packed += line.tobytes()
    return packed


def random_indices(color_count, shape, seed=0):
    """Make indices of which at least one is the largest, where there is room for it."""
    indices = np.random.default_rng(seed).integers(0, color_count, shape)
    indices.flat[-1] = color_count - 1
    return indices.astype(index_dtype(color_count))


@pytest.mark.parametrize("color_count", COLOR_COUNTS)
def test_bits_are_those_of_the_textbook_form(color_count):
    """Indices are packed most significant bit first, rows padded with zeros to bytes."""
    for width in (1, 2, 7, 8, 9, 12, 16, 23, 24, 31, 64):
        indices = random_indices(color_count, (5, width))
        packed = encode_indices(indices, color_count)
        unpacked = np.full_like(indices, 1)
        decode_indices(bytes(packed), color_count, unpacked)

        assert pack_with_bitarray(indices, color_count) == packed, width
        assert (indices == unpacked).all(), width


@pytest.mark.parametrize("color_count", COLOR_COUNTS)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_pixels_are_the_palette_at_the_indices(color_count, channels):
    """Unpacking to pixels equals unpacking to indices and looking each up."""
    palette = np.random.default_rng(1).integers(0, 256, (color_count, channels)).astype(np.uint8)
    for width in (1, 8, 11, 12, 13, 20, 37):
        indices = random_indices(color_count, (3, width))
        pixels = np.zeros((3, width, channels), np.uint8)
        decode_pixels(bytes(encode_indices(indices, color_count)), palette, pixels)

        assert (palette[indices] == pixels).all(), width


@given(arrays(range(65536), 10, 40, dtype=np.uint16), st.integers(1, 65536))
def test_round_trip(drawn, color_count):
    """What is packed is unpacked, at any width, height and color count."""
    indices = (drawn % np.uint32(color_count)).astype(index_dtype(color_count))
    packed = encode_indices(indices, color_count)
    unpacked = np.empty_like(indices)
    decode_indices(bytes(packed), color_count, unpacked)

    height, width = indices.shape
    assert len(packed) == height * ((width * index_bits(color_count) + 7) // 8)
    assert (indices == unpacked).all()


def test_the_origin_takes_65920_bits():
    """128 x 128 pixels of 16 colors: palette plus indices are exactly 65,920 bits."""
    packed = encode_indices(random_indices(16, (128, 128)), 16)

    assert 16 * 24 + 8 * len(packed) == 65_920


@pytest.mark.parametrize("color_count", [3, 5, 17, 200, 257, 40000])
@pytest.mark.parametrize("column", [0, 9, 20])
def test_an_index_beyond_the_palette_is_refused(color_count, column):
    """An index that has no color is found wherever it is, and named with its place."""
    indices = random_indices(color_count, (4, 21))
    indices[2, column] = color_count
    payload = bytes(encode_indices(indices, 1 << index_bits(color_count)))
    palette = np.zeros((color_count, 3), np.uint8)

    place = f"index {color_count} at row 2, column {column} "
    with pytest.raises(FormatError, match=place):
        decode_indices(payload, color_count, indices.copy())
    with pytest.raises(FormatError, match=place):
        decode_pixels(payload, palette, np.zeros((4, 21, 3), np.uint8))
    with pytest.raises(FormatError, match=place):
        check_indices(payload, color_count, 4, 21, 0)


@pytest.mark.parametrize("color_count", [2, 4, 8, 16, 30, 500])
def test_padding_that_is_not_zero_is_refused(color_count):
    """Each padding bit of each row must be zero."""
    width = 3 if color_count != 4 else 5
    padding = -width * index_bits(color_count) % 8
    payload = encode_indices(np.zeros((4, width), index_dtype(color_count)), color_count)
    row_bytes = len(payload) // 4

    assert padding
    for row in range(4):
        for bit in range(padding):
            damaged = payload.copy()
            damaged[(row + 1) * row_bytes - 1] = 1 << bit
            with pytest.raises(FormatError, match=f"padding of row {row} "):
                check_indices(bytes(damaged), color_count, 4, width, 0)


@pytest.mark.parametrize(
    ("rows", "width", "colors", "size"),
    [(2, 9, 17, 11), (2, 9, 17, 13), (0, 9, 17, 0), (2, 0, 17, 0), (2, 9, 0, 0), (2, 9, 65537, 38)],
)
def test_sizes_that_do_not_fit_do_not_come_to_c(rows, width, colors, size):
    """The binding refuses a buffer that C would read or write beyond."""
    with pytest.raises(ValueError, match="sizes do not fit"):
        binding.check_indices(bytes(size), rows, width, colors)
    indices = np.zeros((rows, width), np.uint8 if colors <= 256 else np.uint16)
    with pytest.raises(ValueError, match="sizes do not fit"):
        binding.unpack_indices(bytes(size), colors, indices)
    with pytest.raises(ValueError, match="sizes do not fit"):
        binding.pack_indices(indices, colors, bytearray(size))


def test_indices_of_another_type_do_not_come_to_c():
    """Bytes are indices up to 256 colors, and no others."""
    for colors, kind in ((256, np.uint16), (257, np.uint8)):
        packed = bytearray(binding.row_bytes(8, colors))
        with pytest.raises(ValueError, match="sizes do not fit"):
            binding.pack_indices(np.zeros((1, 8), kind), colors, packed)

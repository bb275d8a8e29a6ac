"""Damaged and hostile data: a KmqError or the right picture, nothing else."""

import io
import tracemalloc
from contextlib import suppress
from struct import pack, unpack_from
from zlib import crc32

import numpy as np
import pytest
from helpers import picture
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import kmcodec
from kmcodec.container import read_head

METADATA = {"comment": "a comment", "dpi": (72, 72), "xmp": b"<x/>", "icc_profile": b"icc"}
FILES = {
    "plain": kmcodec.encode(picture(64, 64, 16)),
    "bands and metadata": kmcodec.encode(picture(64, 64, 16), band_rows=24, **METADATA),
    "palette image": kmcodec.encode(Image.fromarray(picture(64, 64, 16)).quantize(16)),
    "odd width": kmcodec.encode(picture(13, 9, 19), band_rows=4),
}
EVERY_FILE = pytest.mark.parametrize("data", FILES.values(), ids=FILES.keys())


def open_and_load(data):
    """Decode through Pillow."""
    return Image.open(io.BytesIO(data)).load()


DECODERS = [kmcodec.decode, kmcodec.decode_indexed, lambda data: kmcodec.info(data, check=True)]


@EVERY_FILE
def test_every_truncation_is_refused(data):
    """No prefix of a file decodes, by any way in."""
    for length in range(len(data)):
        for decode in DECODERS:
            with pytest.raises(kmcodec.KmqError):
                decode(data[:length])
        with pytest.raises(OSError, match=r"cannot identify|ends within"):
            open_and_load(data[:length])


@EVERY_FILE
def test_every_flipped_bit_is_refused(data):
    """No single flipped bit of a file goes unnoticed."""
    for bit in range(8 * len(data)):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(kmcodec.KmqError):
            kmcodec.decode(bytes(damaged))


@EVERY_FILE
def test_every_flipped_byte_is_refused_through_pillow(data):
    """No damaged byte of a file goes unnoticed through Image.open."""
    for position in range(len(data)):
        damaged = bytearray(data)
        damaged[position] ^= 0xFF
        with pytest.raises(OSError, match=r"cannot identify|field|offset"):
            open_and_load(bytes(damaged))


@EVERY_FILE
@pytest.mark.parametrize("extra", [b"\0", b"\xff" * 7, b"\x8bKMQ"])
def test_trailing_data_is_refused(data, extra):
    """Nothing may follow the file, by any way in."""
    for decode in [*DECODERS, open_and_load]:
        with pytest.raises(kmcodec.FormatError, match="follow the last band"):
            decode(data + extra)


def repair_checksums(data):
    """Make all checksums of damaged data right, as far as its lengths can be followed."""
    out = bytearray(data)
    try:
        head = read_head(io.BytesIO(data), None)
        position = head.size - 4
    except kmcodec.ChecksumError as error:
        position = error.offset
    except kmcodec.KmqError:
        return data
    checksum = crc32(out[:position])
    while position + 8 < len(out):
        out[position : position + 4] = pack("<I", checksum)
        start = position + 4
        position = start + 4 + unpack_from("<I", out, start)[0]
        checksum = crc32(out[start:position], checksum)
    if position + 4 <= len(out):
        out[position : position + 4] = pack("<I", checksum)
    return bytes(out)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@settings(max_examples=500, deadline=None)
@given(st.data())
def test_damage_with_repaired_checksums_is_a_picture_or_an_error(data):
    """Behind right checksums, any bytes are a valid picture or a KmqError, never another fault."""
    damaged = bytearray(data.draw(st.sampled_from(list(FILES.values()))))
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    repaired = repair_checksums(bytes(damaged))
    for decode in [*DECODERS, open_and_load]:
        with suppress(kmcodec.KmqError, Image.UnidentifiedImageError, Image.DecompressionBombError):
            decode(repaired)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 20))
def test_noise_is_an_error(noise, kept):
    """Random bytes behind any part of a header are a KmqError."""
    data = FILES["plain"][:kept] + noise
    with pytest.raises(kmcodec.KmqError):
        kmcodec.decode(data)


@pytest.mark.parametrize("colors", [2, 65536])
def test_a_promise_of_pixels_costs_no_memory(colors):
    """A header that promises a hundred megapixels is refused without memory for them."""
    palette = np.zeros((colors, 3), np.uint8)
    small = kmcodec.encode_indexed(palette, np.zeros((1, 1), np.uint8))
    side = (9000).to_bytes(4, "little")
    hostile = small[:8] + side + side + small[16:18] + b"\x27\x23" + small[20:]
    repaired = repair_checksums(hostile)

    tracemalloc.start()
    for decode in [*DECODERS, open_and_load]:
        with pytest.raises(kmcodec.KmqError):
            decode(repaired)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * len(hostile) + 200_000


class Trickle(io.BytesIO):
    """A stream that gives at most a few bytes a read, as raw files and sockets may."""

    def read(self, size=-1):
        return super().read(min(size, 5) if size > 0 else size)


def test_short_reads_give_the_same_picture():
    """A stream that returns less than it is asked for decodes as well."""
    data = FILES["bands and metadata"]
    image = Image.open(Trickle(data))

    assert (np.asarray(image) == kmcodec.decode(data)).all()

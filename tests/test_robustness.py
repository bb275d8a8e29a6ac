"""Damaged and hostile data: a KmqError or the right picture, nothing else."""

import io
import tracemalloc
from contextlib import suppress
from struct import pack, unpack_from
from zlib import crc32

import numpy as np
import pytest
from helpers import drawing, gradient, picture
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import kmcodec
from kmcodec.coding.container import read_head
from kmcodec.format import Coding, Flags

METADATA = {"comment": "a comment", "dpi": (72, 72), "xmp": b"<x/>", "icc_profile": b"icc"}


def with_scattered_palette():
    """Make a P file whose codes have another order than its palette, which the file tells."""
    pixels = gradient(48, 40)
    _, levels = np.unique(pixels[..., 1], return_inverse=True)
    palette = np.unique(pixels.reshape(-1, 3), axis=0)
    scattered = np.random.default_rng(0).permutation(len(palette))
    places = np.argsort(scattered)
    return kmcodec.encode_indexed(palette[scattered], places[levels.reshape(40, 48)])


PACKED_FILES = {
    "plain": kmcodec.encode(picture(24, 24, 16), coding="packed"),
    "bands and metadata": kmcodec.encode(
        picture(24, 24, 16), coding="packed", band_rows=9, **METADATA
    ),
    "palette image": kmcodec.encode(
        Image.fromarray(picture(24, 24, 16)).quantize(16), coding="packed"
    ),
    "odd width": kmcodec.encode(picture(13, 9, 19), coding="packed", band_rows=4),
}
MODELLED_FILES = {
    "modelled": kmcodec.encode(gradient(48, 40)),
    "modelled drawing of three bands": kmcodec.encode(drawing(28, 24), band_rows=9),
    "modelled with an order": with_scattered_palette(),
    "modelled with metadata": kmcodec.encode(gradient(30, 24), **METADATA),
    "modelled with alpha": kmcodec.encode(np.dstack((gradient(24, 20), gradient(24, 20)[..., 1]))),
}
FILES = {**PACKED_FILES, **MODELLED_FILES}
EVERY_FILE = pytest.mark.parametrize("data", FILES.values(), ids=FILES.keys())


def test_the_files_are_what_they_are_called():
    """The files below have the codings, bands and orders that their names promise."""
    heads = {name: read_head(io.BytesIO(data), None) for name, data in FILES.items()}

    assert {heads[name].header.coding for name in PACKED_FILES} == {Coding.PACKED}
    assert {heads[name].header.coding for name in MODELLED_FILES} == {Coding.MODELLED}
    assert heads["modelled"].header.flags == Flags.CODED_PALETTE
    assert heads["modelled drawing of three bands"].header.band_count == 3
    assert heads["modelled with an order"].order is not None
    assert max(len(FILES[name]) for name in MODELLED_FILES) < 600


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
    """No single flipped bit of a file goes unnoticed, by any way in."""
    for bit in range(8 * len(data)):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        for decode in DECODERS:
            with pytest.raises(kmcodec.KmqError):
                decode(bytes(damaged))


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


def is_accepted(decode, data):
    """Whether data decodes; any fault but a KmqError is an error of the test."""
    try:
        decode(data)
    except kmcodec.KmqError:
        return False
    return True


@pytest.mark.parametrize("data", MODELLED_FILES.values(), ids=MODELLED_FILES.keys())
def test_damage_with_repaired_checksums_is_judged_alike(data):
    """Behind right checksums, all ways in accept or refuse a flipped bit together.

    One bit in three is tried, in turn each of a byte's.
    """
    size = sum(s.size for s in kmcodec.info(data).sections[:1])
    verdicts = set()
    for bit in range(8 * size, 8 * len(data), 3):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        repaired = repair_checksums(bytes(damaged))
        ways = [is_accepted(decode, repaired) for decode in [*DECODERS, open_and_load]]
        assert len(set(ways)) == 1
        verdicts.add(ways[0])

    assert verdicts == {False, True}


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 20))
def test_noise_is_an_error(noise, kept):
    """Random bytes behind any part of a header are a KmqError."""
    data = FILES["plain"][:kept] + noise
    with pytest.raises(kmcodec.KmqError):
        kmcodec.decode(data)


@pytest.mark.parametrize("colors", [2, 65536])
@pytest.mark.parametrize("coding", Coding)
def test_a_promise_of_pixels_costs_no_memory(colors, coding):
    """A header that promises a hundred megapixels is refused without memory for them."""
    palette = np.zeros((colors, 3), np.uint8)
    small = kmcodec.encode_indexed(palette, np.zeros((1, 1), np.uint8), coding="packed")
    side = (9000).to_bytes(4, "little")
    hostile = small[:5] + bytes([coding]) + small[6:8] + side + side + small[16:18]
    hostile += b"\x27\x11" + small[20:]  # 4392 rows a band
    repaired = repair_checksums(hostile)
    open_and_load(small)  # what Pillow imports at its first use is not counted

    tracemalloc.start()
    for decode in [*DECODERS, open_and_load]:
        with pytest.raises(kmcodec.KmqError):
            decode(repaired)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * len(hostile) + 200_000


def test_a_long_coded_palette_costs_as_much_as_a_plain_one():
    """A few bytes may be a palette of 65536 colors: that much memory, and no more, is theirs."""
    palette = np.zeros((65536, 3), np.uint8)
    data = kmcodec.encode_indexed(palette, np.zeros((1, 1), np.uint8))
    open_and_load(data)
    tracemalloc.start()
    assert kmcodec.decode(data).shape == (1, 1, 3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert len(data) < 500
    assert peak < 20 * palette.nbytes


def kmq_mode(data):
    """Return the mode that has the channels of what ``decode`` returns."""
    return {3: "RGB", 4: "RGBA"}[kmcodec.decode(data).shape[2]]


class Trickle(io.BytesIO):
    """A stream that gives at most a few bytes a read, as raw files and sockets may."""

    def read(self, size=-1):
        return super().read(min(size, 5) if size > 0 else size)


@EVERY_FILE
def test_short_reads_give_the_same_picture(data):
    """A stream that returns less than it is asked for decodes as well."""
    image = Image.open(Trickle(data))

    assert (np.asarray(image.convert(kmq_mode(data))) == kmcodec.decode(data)).all()
    assert (kmcodec.decode(Trickle(data)) == kmcodec.decode(data)).all()

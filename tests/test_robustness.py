"""Damaged and hostile data: a KmqError or the right picture, nothing else."""

import io
import tracemalloc
from contextlib import suppress
from dataclasses import replace
from functools import partial
from struct import pack, unpack_from
from zlib import crc32

import numpy as np
import pytest
from helpers import animation_file, drawing, gradient, moving_codes, picture
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import kmcodec
from kmcodec.animation import Animation, Runs
from kmcodec.coding.container import find_bands, join_frames, read_head
from kmcodec.coding.sections import pack_length
from kmcodec.format import Coding, Flags, Header, Mode

METADATA = {"comment": "hi", "dpi": (72, 72), "xmp": b"<x/>"}


def with_scattered_palette():
    """Make a P file whose codes have another order than its palette, which the file tells."""
    pixels = gradient(48, 40)
    _, levels = np.unique(pixels[..., 1], return_inverse=True)
    palette = np.unique(pixels.reshape(-1, 3), axis=0)
    scattered = np.random.default_rng(0).permutation(len(palette))
    places = np.argsort(scattered)
    return kmcodec.encode_indexed(palette[scattered], places[levels.reshape(40, 48)])


PACKED_FILES = {
    "plain": kmcodec.encode(picture(9, 9, 9), coding="packed"),
    "bands and metadata": kmcodec.encode(
        picture(9, 9, 9), coding="packed", band_rows=4, **METADATA
    ),
    "palette image": kmcodec.encode(Image.fromarray(picture(9, 9, 9)).quantize(9), coding="packed"),
    "odd width": kmcodec.encode(picture(13, 5, 17), coding="packed", band_rows=2),
    "many tiny bands": kmcodec.encode(picture(2, 14, 5), coding="packed", band_rows=1),
}
MODELLED_FILES = {
    "modelled": kmcodec.encode(gradient(48, 40)),
    "modelled drawing of three bands": kmcodec.encode(drawing(28, 24), band_rows=9),
    "modelled with an order": with_scattered_palette(),
    "modelled with metadata": kmcodec.encode(gradient(30, 24), **METADATA),
    "modelled with alpha": kmcodec.encode(np.dstack((gradient(24, 20), gradient(24, 20)[..., 1]))),
}
HEADER = Header(Coding.PACKED, Mode.RGB, Flags(0), 7, 5, 5, 5)


def animation(header, key_interval):
    """Make an animation of five frames."""
    return animation_file(header, moving_codes(header, 5), key_interval)


def scrolling(picture):
    """Make frames of a picture that scrolls up, stands still, and changes in a corner."""
    frames = [np.roll(picture, -number, axis=0) for number in (0, 1, 3)]
    frames += [frames[-1], frames[-1].copy()]
    frames[-1][-5:, -9:] = picture[:5, :9]
    return frames


ANIMATIONS = {
    "frames": animation(HEADER, 4),
    "frames of three bands": animation(replace(HEADER, band_rows=2), 7),
    "frames of tiny bands": animation(replace(HEADER, width=2, height=6, band_rows=1), 3),
    "key frames": animation(replace(HEADER, mode=Mode.L, color_count=5), 1),
    "frames of one color": animation(replace(HEADER, color_count=1), 7),
    "frames with metadata": kmcodec.encode_frames(
        [picture(7, 5, 4, seed=seed) for seed in range(3)], coding="packed", **METADATA
    ),
    "modelled frames": kmcodec.encode_frames(scrolling(drawing(28, 20))),
    "modelled frames of two bands": kmcodec.encode_frames(
        scrolling(gradient(18, 14)), key_interval=2, band_rows=8
    ),
}
FILES = {**PACKED_FILES, **MODELLED_FILES, **ANIMATIONS}
EVERY_FILE = pytest.mark.parametrize("data", FILES.values(), ids=FILES.keys())
EVERY_PICTURE = pytest.mark.parametrize(
    "data",
    [data for name, data in FILES.items() if name not in ANIMATIONS],
    ids=[name for name in FILES if name not in ANIMATIONS],
)


def test_the_files_are_what_they_are_called():
    """The files below have the codings, bands and orders that their names promise."""
    heads = {name: read_head(io.BytesIO(data), None) for name, data in FILES.items()}

    assert {heads[name].header.coding for name in PACKED_FILES} == {Coding.PACKED}
    assert {heads[name].header.coding for name in MODELLED_FILES} == {Coding.MODELLED}
    assert heads["modelled"].header.flags == Flags.CODED_PALETTE
    assert heads["modelled drawing of three bands"].header.band_count == 3
    assert heads["modelled with an order"].order is not None
    assert max(len(FILES[name]) for name in MODELLED_FILES) < 600
    modelled = [heads[name].header.coding == Coding.MODELLED for name in ANIMATIONS]
    assert modelled == [name.startswith("modelled") for name in ANIMATIONS]


def open_and_load(data):
    """Decode through Pillow."""
    return Image.open(io.BytesIO(data)).load()


def check(data):
    """Verify all of a file."""
    return kmcodec.info(data, check=True)


DECODERS = [kmcodec.decode, kmcodec.decode_indexed, check]


def is_accepted(decode, data):
    """Whether data decodes; any fault but a KmqError is an error of the test."""
    try:
        decode(data)
    except kmcodec.KmqError:
        return False
    return True


@EVERY_FILE
def test_every_truncation_is_refused(data):
    """No prefix of a file decodes, by any way in."""
    for length in range(len(data)):
        assert not any(is_accepted(decode, data[:length]) for decode in DECODERS)
        with pytest.raises(OSError, match=r"cannot identify|ends within"):
            open_and_load(data[:length])


@EVERY_FILE
def test_every_flipped_bit_is_refused(data):
    """No single flipped bit of a file goes unnoticed, by any way in that reads all of it."""
    decoders = [check] if data in ANIMATIONS.values() else DECODERS
    for bit in range(8 * len(data)):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        assert not any(is_accepted(decode, bytes(damaged)) for decode in decoders)


@EVERY_FILE
def test_no_flipped_bit_makes_an_animation_of_a_picture(data):
    """The flags alone refuse it, and the reverse, whatever the bands would pass for."""
    for bit in (4, 8):
        damaged = data[:7] + bytes([data[7] ^ bit]) + data[8:]
        for decode in DECODERS:
            with pytest.raises(kmcodec.UnsupportedError, match="flags"):
                decode(damaged)


def sizes_of_heads(data, bits, monkeypatch):
    """Return how long heads are that fit the data with one of the bits flipped.

    No checksum of a head is compared: what is refused is refused for certain, not by chance.
    """
    monkeypatch.setattr("kmcodec.coding.sections.compare_checksum", lambda *_: None)
    for bit in bits:
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        stream = io.BytesIO(damaged)
        with suppress(kmcodec.KmqError):
            head = read_head(stream, None)
            find_bands(stream, head)
            yield head.size


@pytest.mark.parametrize("data", PACKED_FILES.values(), ids=PACKED_FILES.keys())
def test_no_flipped_bit_moves_the_checksum_of_a_packed_picture(data, monkeypatch):
    """A flip that moves the first checksum makes sizes that do not fit (spec, appendix C)."""
    size = read_head(io.BytesIO(data), None).size

    assert set(sizes_of_heads(data, range(8 * size), monkeypatch)) == {size}


@pytest.mark.parametrize("count", [7, 70], ids=["a length of one byte", "of two"])
@pytest.mark.parametrize("coding", Coding)
def test_no_flipped_bit_of_frames_moves_the_checksum(count, coding, monkeypatch):
    """Of the frames section, only bit 7 of a byte of its length could (spec, appendix C)."""
    header = replace(HEADER, coding=coding, height=2, band_rows=1)
    data = animation_file(header, moving_codes(header, count), 3)
    head = read_head(io.BytesIO(data), None)
    length, payload = head.sections[-3:-1]
    bits = [bit for bit in range(8 * length.offset, 8 * payload.offset) if bit % 8 < 7]
    bits += range(8 * payload.offset, 8 * (payload.offset + payload.size))

    assert set(sizes_of_heads(data, bits, monkeypatch)) == {head.size}


@EVERY_PICTURE
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
    if out[7] & Flags.FRAMES and position + 4 <= len(out):
        return bytes(repair_frames(out, position, checksum))
    while position + 8 < len(out):
        out[position : position + 4] = pack("<I", checksum)
        start = position + 4
        position = start + 4 + unpack_from("<I", out, start)[0]
        checksum = crc32(out[start:position], checksum)
    if position + 4 <= len(out):
        out[position : position + 4] = pack("<I", checksum)
    return bytes(out)


def repair_frames(out, position, checksum):
    """Make the checksum of a head right, and those of the bands that its lengths tell."""
    out[position : position + 4] = pack("<I", checksum)
    position += 4
    for length in read_head(io.BytesIO(out), None).lengths.ravel().tolist():
        end = position + length
        if length and end + 4 <= len(out):
            checksum = crc32(out[position:end], checksum)
            out[end : end + 4] = pack("<I", checksum)
            position = end + 4
    return out


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(list(FILES.values())),
    st.lists(st.tuples(st.integers(0, 9999), st.integers(0, 255)), min_size=1, max_size=4),
)
def test_damage_with_repaired_checksums_is_a_picture_or_an_error(data, damage):
    """Behind right checksums, any bytes are a valid picture or a KmqError, never another fault."""
    damaged = bytearray(data)
    for place, value in damage:
        damaged[place % len(data)] = value
    repaired = repair_checksums(bytes(damaged))
    most = 1 << 20  # larger pictures take seconds
    ways = (kmcodec.decode, kmcodec.decode_indexed, partial(kmcodec.info, check=True))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Image, "MAX_IMAGE_PIXELS", most)
        for decode in [*(partial(way, max_pixels=most) for way in ways), open_and_load]:
            with suppress(
                kmcodec.KmqError, Image.UnidentifiedImageError, Image.DecompressionBombError
            ):
                decode(repaired)


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


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(data, id=name, marks=pytest.mark.slow if "modelled" in name else ())
        for name, data in ANIMATIONS.items()
    ],
)
def test_every_wrong_byte_of_an_animation_behind_right_checksums(data):
    """Any byte in the place of another makes an animation, a still picture or a KmqError."""
    verdicts = set()
    for place in range(7, len(data)):
        for value in (0, 1, 127, 128, 255, data[place] ^ 1, data[place] ^ 128):
            damaged = bytearray(data)
            damaged[place] = value
            verdicts.add(is_accepted(check, repair_checksums(bytes(damaged))))

    assert verdicts == {False, True}


def test_a_promise_of_frames_costs_no_memory():
    """A section that promises frames, or bands, that are not there is refused as it is read."""
    data = animation(replace(HEADER, color_count=2), 7)
    open_and_load(data)  # what Pillow imports at its first use is not counted
    start = next(s.offset for s in kmcodec.info(data).sections if s.name == "frames_length")
    numbers = b"".join(map(pack_length, [1 << 24, 0, 1, 1, 0, 1 << 24]))
    many = data[:start] + pack_length(len(numbers)) + numbers + bytes(100)
    tall = data[:12] + pack("<I", 1 << 24) + data[16:18] + b"\0\0" + data[20:]
    tracemalloc.start()
    for hostile in (many, tall):
        for decode in [*DECODERS, open_and_load]:
            with pytest.raises(kmcodec.FormatError, match="lengths of bands, not"):
                decode(repair_checksums(hostile))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200_000


def test_bands_of_frames_cost_little_memory():
    """Few bytes tell of many bands, each of which would keep a model: more than 8 are refused."""
    data = animation(replace(HEADER, coding=Coding.MODELLED, height=2**15, band_rows=2**12), 7)
    check(data)
    many = bytearray(data)
    many[18:20] = pack("<H", 2**12 - 2)
    tracemalloc.start()
    for decode in [*DECODERS, open_and_load]:
        with pytest.raises(kmcodec.FormatError, match="9 modelled bands of frames are more than 8"):
            decode(bytes(many))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200_000


@pytest.mark.parametrize("ticks", [[0], [0, 1]], ids=["one run", "a run a frame"])
def test_frames_without_bytes_cost_little_memory(ticks):
    """Frames that a byte or three tell of take a small multiple of these, not of their pixels."""
    count = 1 << 15
    numbers = np.resize(ticks, count) if len(ticks) > 1 else ticks
    runs = Runs.of((number, count // len(numbers)) for number in numbers)
    header = Header(Coding.PACKED, Mode.L, Flags(0), 1, 1, 1, 1)
    lengths = np.zeros((count, 1), np.uint32)
    payloads = [b""] * count
    timing = Animation(runs, 1, 0, count)
    data = b"".join(join_frames(header, {}, b"\0", timing, lengths, payloads))
    tracemalloc.start()
    assert len(check(data).frame_bytes) == count
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * count + 8 * len(data) + 500_000


@settings(max_examples=150, deadline=None)
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

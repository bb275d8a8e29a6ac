"""Frames coded one after the other, and decoded in any order."""

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from helpers import animation_file, moving_codes

from kmcodec.coding.container import find_bands, find_frames, read_head
from kmcodec.coding.frames import FrameDecoder, FrameEncoder, check_parts
from kmcodec.errors import ChecksumError, FormatError, TruncatedError
from kmcodec.format import Coding, Flags, Header, Mode, index_dtype

HEADER = Header(Coding.PACKED, Mode.RGB, Flags(0), 13, 10, 5, 4)


def open_file(data, whole_only=False):
    """Return stream, head and frames."""
    stream = BytesIO(data)
    head = read_head(stream, None)
    return stream, head, find_frames(stream, head, whole_only=whole_only)


def decoder_of(data, **options):
    """Return a decoder of a file."""
    return FrameDecoder(*open_file(data), **options)


FRAMES = moving_codes(HEADER, 12)
DATA = animation_file(HEADER, FRAMES, 5)


def test_frames_come_back_in_order():
    """Each frame that was coded is decoded."""
    decoder = decoder_of(DATA)
    for number, frame in enumerate(FRAMES):
        decoder.seek(number)

        assert decoder.frame == number
        assert decoder.codes.tolist() == frame.tolist()


def test_frames_that_are_as_the_one_before_need_not_be_given():
    """The payloads are the same, also of key frames."""
    known, told = FrameEncoder(HEADER, 3), FrameEncoder(HEADER, 3)
    for number in range(9):
        codes = FRAMES[number // 4]
        payloads = known.encode(codes)

        assert told.encode(None if number % 4 else codes) == payloads


def test_frames_come_back_in_any_order():
    """Seeking back and forth gives each frame as it is, from whatever frame is held."""
    decoder = decoder_of(DATA)
    for number in np.random.default_rng(0).integers(0, len(FRAMES), 60).tolist():
        decoder.seek(number)

        assert decoder.frame == number
        assert decoder.codes.tolist() == FRAMES[number].tolist()


def test_threads_change_nothing():
    """Bytes and codes are the same with any number of threads."""
    header = replace(HEADER, width=200, height=100, band_rows=30)
    frames = moving_codes(header, 6)
    data = animation_file(header, frames, 4)
    encoders = [FrameEncoder(header, 4, threads=threads) for threads in (1, 3)]
    decoders = [decoder_of(data, threads=threads) for threads in (1, 3)]
    for number, frame in enumerate(frames):
        first, second = (encoder.encode(frame) for encoder in encoders)

        assert first == second
        for decoder in decoders:
            decoder.seek(number)
            assert (decoder.codes == frame).all()


def test_an_unchanged_band_has_no_bytes():
    """Only bands that changed are there, but for key frames, which have all."""
    _, head, frames = open_file(DATA)

    assert head.lengths.astype(bool).tolist() == [
        [number % 5 == 0 or number % 4 == band for band in range(3)] for number in range(12)
    ]
    assert [frames.is_empty(number) for number in range(12)] == [n in (3, 7, 11) for n in range(12)]


def test_what_a_step_changed_is_told():
    """The rows of the bands that have bytes are those that may have changed."""
    decoder = decoder_of(DATA)
    changed = []
    for number in range(9):
        decoder.seek(number)
        changed.append(decoder.changed)

    assert changed == [(0, 10), (4, 8), (8, 10), (0, 0), (0, 4), (0, 10), (8, 10), (0, 0), (0, 4)]
    decoder.seek(8)
    assert decoder.changed == (0, 0)
    decoder.seek(6)
    assert decoder.changed == (0, 10)
    decoder.seek(9)
    assert decoder.changed == (0, 8)


class Counting(BytesIO):
    """A stream that counts what is read."""

    reads = 0

    def read(self, size=-1):
        self.reads += 1
        return super().read(size)


def test_an_unchanged_frame_is_not_read():
    """Nothing is read, and nothing decoded, of a frame that has no bytes."""
    frames = [FRAMES[0]] * 5000
    stream = Counting(animation_file(HEADER, frames, 5000))
    head = read_head(stream, None)
    decoder = FrameDecoder(stream, head, find_frames(stream, head))
    decoder.seek(0)
    before = stream.reads
    for number in range(1, 5000):
        decoder.seek(number)

    assert stream.reads == before
    assert decoder.codes.tolist() == FRAMES[0].tolist()


def test_seeking_decodes_from_what_is_nearest():
    """The frame held serves for those after it, a key frame for all others."""
    stream = Counting(DATA)
    head = read_head(stream, None)
    decoder = FrameDecoder(stream, head, find_frames(stream, head))

    def reads_of(frame):
        before = stream.reads
        decoder.seek(frame)
        return stream.reads - before

    whole, one = reads_of(0), reads_of(1)
    assert one * 3 == whole
    assert reads_of(4) == 2 * one
    assert reads_of(6) == whole + one
    assert reads_of(11) == whole
    assert reads_of(1) == whole + one


def test_a_frame_that_is_not_there_is_no_frame():
    """Numbers beyond the frames, and negative ones, are refused."""
    decoder = decoder_of(DATA)
    for number in (-1, 12):
        with pytest.raises(IndexError):
            decoder.seek(number)


def damage(frame, band=0):
    """Return the file with a wrong first byte in a band of a frame."""
    data = bytearray(DATA)
    data[open_file(DATA)[2][frame][band].offset] ^= 64
    return bytes(data)


@pytest.mark.parametrize("threads", [1, 3])
def test_a_damaged_frame_is_named(threads):
    """Frames before the damage are delivered, that which has it is named, and others go on."""
    decoder = decoder_of(damage(4), threads=threads)
    decoder.seek(3)
    for number in (4, 4):
        with pytest.raises(ChecksumError, match=r"^frame 4 of 12: checksum of the band at row 0 "):
            decoder.seek(number)
        assert decoder.frame == -1
    decoder.seek(5)
    assert (decoder.codes == FRAMES[5]).all()
    decoder.seek(2)
    assert (decoder.codes == FRAMES[2]).all()


def test_frames_that_need_a_damaged_one_are_refused():
    """Nothing is decoded from a plane that is half of one frame and half of another."""
    decoder = decoder_of(damage(1, 1))
    for number in (1, 2, 3, 4):
        with pytest.raises(ChecksumError, match=r"^frame 1 of 12: "):
            decoder.seek(number)
    decoder.seek(0)
    for number in (2, 3):
        with pytest.raises(ChecksumError, match=r"^frame 1 of 12: "):
            decoder.seek(number)


@pytest.mark.parametrize("frame", [0, 2])
def test_a_wrong_index_is_named_with_its_frame(frame):
    """Behind right checksums, an index beyond the palette is found where it is."""
    more = replace(HEADER, color_count=8)  # of as many bits
    frames = moving_codes(HEADER, 4)
    frames[frame][9, 12] = 7
    data = bytearray(animation_file(more, frames, 4))
    _, head, found = open_file(bytes(data))
    wrong = replace(head, header=replace(head.header, color_count=5))
    decoder = FrameDecoder(BytesIO(data), wrong, found)
    with pytest.raises(FormatError, match=rf"^frame {frame} of 4: index 7 at row 1, column 12"):
        decoder.seek(frame)
    assert decoder.frame == -1


def test_all_frames_are_checked():
    """Verifying a file finds damage in any frame, and tells its progress."""
    told = []
    check_parts(*open_file(DATA), progress=lambda *stage: told.append(stage))
    assert told == [("decoding", done, 12) for done in range(13)]
    for frame, band in zip(*np.nonzero(open_file(DATA)[1].lengths), strict=True):
        with pytest.raises(ChecksumError, match=rf"^frame {frame} of 12: "):
            check_parts(*open_file(damage(frame, band)))


def test_the_first_frame_opens_as_a_picture():
    """The bands of the first frame are found as those of a still picture."""
    stream, head, frames = open_file(DATA)

    assert list(find_bands(stream, head)) == list(frames[0])
    assert [band[2:4] for band in frames[0]] == [(0, 4), (4, 8), (8, 10)]


def test_a_file_that_ends_early_is_refused():
    """The frame within which the data ends is named."""
    _, _, frames = open_file(DATA)
    for frame in (0, 1, 4, 10):
        for end in (frames.offsets[frame], frames.offsets[frame + 1] - 1):
            with pytest.raises(TruncatedError, match=f"ends within frame {frame} of 12"):
                open_file(DATA[:end])


def test_whole_frames_are_found_in_truncated_data():
    """On request, data that ends early gives the frames before its end, empty ones included."""
    _, head, frames = open_file(DATA)
    for missing, whole in ((1, 10), (0, 12), (len(DATA) - frames.offsets[1], 1)):
        stream, head, found = open_file(DATA[: len(DATA) - missing], whole_only=True)
        decoder = FrameDecoder(stream, head, found)

        assert len(found) == whole
        decoder.seek(whole - 1)
        assert (decoder.codes == FRAMES[whole - 1]).all()
    stream = BytesIO(DATA[: frames.offsets[0]])
    assert len(find_frames(stream, head, whole_only=True)) == 0
    assert len(find_bands(stream, head, whole_only=True)) == 0
    stream = BytesIO(DATA[: frames[0][1].offset])
    assert len(find_bands(stream, head, whole_only=True)) == 1


def test_trailing_bytes_are_refused():
    """Nothing may follow the last frame, though some are wanted only."""
    for whole_only in (False, True):
        with pytest.raises(FormatError, match="1 bytes follow"):
            open_file(DATA + b"\0", whole_only)


def test_one_color_takes_no_bytes():
    """Frames of one color are lengths of 0, and decode to it."""
    header = replace(HEADER, color_count=1)
    frames = [np.zeros((10, 13), np.uint8)] * 7
    data = animation_file(header, frames, 5)
    decoder = decoder_of(data)
    for number in (0, 6, 3):
        decoder.seek(number)

        assert not decoder.codes.any()
    assert open_file(data)[1].size == len(data)


@pytest.mark.parametrize("colors", [2, 256, 257, 65536])
def test_codes_are_of_the_type_of_their_number(colors):
    """Up to 256 colors codes are bytes, above they are uint16."""
    header = replace(HEADER, color_count=colors)
    frames = moving_codes(header, 6)
    decoder = decoder_of(animation_file(header, frames, 5))
    for number, frame in enumerate(frames):
        decoder.seek(number)

        assert decoder.codes.dtype == frame.dtype == index_dtype(colors)
        assert (decoder.codes == frame).all()


@pytest.mark.parametrize("key_interval", [1, 2, 12])
def test_key_frames_have_all_their_bands(key_interval):
    """A key frame is whole, though nothing changed."""
    data = animation_file(HEADER, [FRAMES[0]] * 12, key_interval)
    lengths = open_file(data)[1].lengths

    assert lengths.any(1).tolist() == [number % key_interval == 0 for number in range(12)]

"""Frames coded one after the other, and decoded in any order."""

from dataclasses import replace
from fractions import Fraction
from io import BytesIO

import numpy as np
import pytest

from kmcodec.animation import Animation
from kmcodec.coding.container import find_bands, find_frames, join_frames, read_head
from kmcodec.coding.frames import FrameDecoder, FrameEncoder, check_parts
from kmcodec.errors import ChecksumError, FormatError, KmqError, TruncatedError
from kmcodec.format import Coding, Flags, Header, Mode, index_dtype

HEADER = Header(Coding.PACKED, Mode.RGB, Flags(0), 13, 10, 5, 4)


def moving(count=12, header=HEADER, seed=0):
    """Make codes of frames, of which each differs in one band from that before, or in none."""
    rng = np.random.default_rng(seed)
    shape = header.height, header.width
    frames = [rng.integers(0, header.color_count, shape).astype(index_dtype(header.color_count))]
    for number in range(1, count):
        frame = frames[-1].copy()
        top = number % 4 * header.band_rows  # beyond the last band, where nothing changes
        frame[top : top + 1] = (frame[top : top + 1] + 1) % header.color_count
        frames.append(frame)
    return frames


def file_of(frames, header=HEADER, key_interval=5, durations=None):
    """Make a file of the codes of frames."""
    encoder = FrameEncoder(header, key_interval)
    payloads = [payload for frame in frames for payload in encoder.encode(frame)]
    palette = np.arange(3 * header.color_count, dtype=np.uint8)
    durations = durations or [Fraction(40)] * len(frames)
    animation = Animation.of(durations, 0, key_interval)
    lengths = [len(payload) for payload in payloads]
    return b"".join(join_frames(header, {}, palette.tobytes(), animation, lengths, payloads))


def open_file(data, whole_only=False):
    """Return stream, head and frames."""
    stream = BytesIO(data)
    head = read_head(stream, None)
    return stream, head, find_frames(stream, head, whole_only=whole_only)


def decoder_of(data, **options):
    """Return a decoder of a file."""
    return FrameDecoder(*open_file(data), **options)


FRAMES = moving()
DATA = file_of(FRAMES)


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


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_change_nothing(threads):
    """Bytes and codes are the same with any number of threads."""
    encoder = FrameEncoder(HEADER, 5, threads=threads)
    alone = FrameEncoder(HEADER, 5, threads=1)
    decoder = decoder_of(DATA, threads=threads)
    for number, frame in enumerate(FRAMES):
        decoder.seek(number)

        assert encoder.encode(frame) == alone.encode(frame)
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
    stream = Counting(file_of(frames, key_interval=5000))
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


def test_a_wrong_index_is_named_with_its_frame():
    """Behind right checksums, an index beyond the palette is found where it is."""
    header = replace(HEADER, color_count=8)
    frames = moving(4, header)
    frames[2][9, 12] = 7
    data = file_of([frame.clip(0, 7) for frame in frames], header)
    fewer = bytearray(file_of([frame.clip(0, 4) for frame in frames]))
    payload = open_file(bytes(data))[2][2][2]
    place = open_file(bytes(fewer))[2][2][2]
    fewer[place.offset : place.offset + place.length] = data[
        payload.offset : payload.offset + payload.length
    ]
    stream, head, found = open_file(bytes(fewer))
    decoder = FrameDecoder(stream, head, found)
    with pytest.raises(ChecksumError, match=r"^frame 2 of 4: "):
        decoder.seek(2)


def test_all_frames_are_checked():
    """Verifying a file finds damage in any frame, and tells its progress."""
    told = []
    check_parts(*open_file(DATA), progress=lambda *stage: told.append(stage))
    assert told == [("decoding", done, 12) for done in range(13)]
    for frame, band in ((0, 2), (11, 0), (10, 1), (8, 0)):
        band = band if open_file(DATA)[1].lengths[frame, band] else 0
        if not open_file(DATA)[1].lengths[frame, band]:
            continue
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
    data = file_of(frames, header)
    decoder = decoder_of(data)
    for number in (0, 6, 3):
        decoder.seek(number)

        assert not decoder.codes.any()
    assert open_file(data)[1].size == len(data)


def test_many_colors_are_indices_of_two_bytes():
    """Above 256 colors, codes are uint16."""
    header = replace(HEADER, color_count=70)
    wide = replace(HEADER, mode=Mode.RGB, color_count=300)
    for one in (header, wide):
        frames = moving(6, one, 1)
        encoder = FrameEncoder(one, 3)
        assert len(encoder.encode(frames[0])) == 3
    assert moving(2, wide)[0].dtype == np.uint16


@pytest.mark.parametrize("key_interval", [1, 2, 12])
def test_key_frames_have_all_their_bands(key_interval):
    """A key frame is whole, though nothing changed."""
    data = file_of([FRAMES[0]] * 12, key_interval=key_interval)
    lengths = open_file(data)[1].lengths

    assert lengths.any(1).tolist() == [number % key_interval == 0 for number in range(12)]


def test_every_truncation_and_flipped_bit_is_refused():
    """No damage to a small animation goes unnoticed."""
    header = replace(HEADER, height=4, band_rows=2, width=5)
    data = file_of(moving(5, header), header, 3)

    def decode_all(data):
        check_parts(*open_file(data))

    decode_all(data)
    for length in range(len(data)):
        with pytest.raises(KmqError):
            decode_all(data[:length])
    for bit in range(8 * len(data)):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(KmqError):
            decode_all(bytes(damaged)) if damaged[7] & Flags.FRAMES else read_still(damaged)


def read_still(data):
    """Read a file whose flag of frames is gone."""
    stream = BytesIO(data)
    head = read_head(stream, None)
    check_parts(stream, head, find_bands(stream, head))

"""The frames section: every number, its range, and its place."""

from io import BytesIO

import numpy as np
import pytest

from kmcodec.animation import Animation, Runs
from kmcodec.coding.frame_table import read_frames, write_frames
from kmcodec.coding.sections import SectionReader
from kmcodec.errors import FormatError, TruncatedError
from kmcodec.format import Coding, Flags, Header, Mode

HEADER = Header(Coding.PACKED, Mode.RGB, Flags.FRAMES, 8, 5, 4, 2)  # bands of 4, 4 and 2 bytes
MODELLED = Header(Coding.MODELLED, Mode.RGB, Flags.FRAMES, 8, 5, 4, 2)
ANIMATION = Animation(Runs.of([(3, 2), (0, 1), (300, 1)]), 100, 5, 2)
LENGTHS = [[4, 4, 2], [0, 4, 0], [4, 4, 2], [0, 0, 0]]


def section_of(numbers):
    """Make a section of plain numbers."""
    payload = b"".join(map(varint, numbers))
    return varint(len(payload)) + payload


def varint(number):
    """Pack a number by the text of the specification."""
    if number < 128:
        return bytes([number])
    return bytes([number % 128 + 128]) + varint(number // 128)


def numbers_of(animation=ANIMATION, lengths=LENGTHS):
    """Return all numbers of a section."""
    a = animation
    head = [a.frame_count, a.loop, a.ticks_per_second, a.key_interval]
    return head + [n for run in a.runs for n in run] + [n for frame in lengths for n in frame]


def read(section, header=HEADER):
    """Read a section that is at offset 0."""
    return read_frames(SectionReader(BytesIO(section)), header)


def test_the_section_is_its_numbers_in_order():
    """The bytes are those of the specification, and come back."""
    section = write_frames(ANIMATION, LENGTHS)
    animation, lengths = read(section)

    assert section == section_of(numbers_of())
    assert animation == ANIMATION
    assert lengths.tolist() == LENGTHS


def test_lengths_may_be_given_as_one_run_of_numbers():
    """What collects lengths one by one need not know of frames and bands."""
    flat = np.array(LENGTHS, np.uint32).ravel()

    assert write_frames(ANIMATION, flat) == write_frames(ANIMATION, LENGTHS)


def test_a_long_animation_of_all_sizes_of_numbers_comes_back():
    """Numbers of one to five bytes are read across the pieces in which they are handled."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(0, 1 << rng.integers(1, 33, (60000, 3)), dtype=np.uint32)
    runs = Runs.of(zip(range(60000), [1] * 60000, strict=True))
    animation = Animation(runs, 2**32 - 1, 2**32 - 1, 60000)
    section = write_frames(animation, lengths)
    found, lengths_found = read(section, MODELLED)

    assert section == section_of(numbers_of(animation, lengths.tolist()))
    assert found == animation
    assert (lengths_found == lengths).all()


def test_the_numbers_of_an_invalid_animation_are_not_written():
    """What could not be read is refused before anything is written."""
    with pytest.raises(ValueError, match="frame_count 1"):
        write_frames(Animation(Runs.of([(1, 1)]), 10, 0, 1), [[4, 4, 2]])


def changed(place, *values):
    """Return the numbers of a section with others in the place of one."""
    numbers = numbers_of()
    numbers[place : place + 1] = values
    return numbers


@pytest.mark.parametrize(
    ("numbers", "field", "place"),
    [
        (changed(0, 0), "frame_count", 0),
        (changed(0, 1), "frame_count", 0),
        (changed(0, 2**24 + 1), "frame_count", 0),
        (changed(0, 3), "length", 17),
        (changed(0, 5), "run", 11),
        (changed(0, 2**24), "run", 13),
        (changed(2, 0), "ticks_per_second", 2),
        (changed(3, 0), "key_interval", 3),
        (changed(3, 5), "key_interval", 3),
        (changed(5, 0), "run", 5),
        (changed(7, 0), "run", 7),
        (changed(6, 3), "ticks", 6),
        (changed(9, 2), "run", 9),
        (changed(10, 3), "length", 10),
        (changed(10, 0), "length", 10),
        (changed(12, 4), "length", 12),
        (changed(14, 1), "length", 14),
        (changed(14, 5), "length", 14),
        (changed(16, 0), "length", 16),
        (changed(21), "length", 21),
        (changed(21, 0, 0), "length", 22),
        ([], "frame_count", 0),
        ([4], "loop_count", 1),
        (numbers_of()[:2], "ticks_per_second", 2),
        (numbers_of()[:3], "key_interval", 3),
        (numbers_of()[:4], "ticks", 4),
        (numbers_of()[:5], "run", 5),
        (numbers_of()[:10], "length", 10),
    ],
)
def test_a_number_that_breaks_a_rule_is_named_with_its_offset(numbers, field, place):
    """Each rule of the section is checked, and an error tells where the fault is."""
    with pytest.raises(FormatError) as caught:
        read(section_of(numbers))

    start = len(varint(len(b"".join(map(varint, numbers)))))
    assert caught.value.field == field
    assert caught.value.offset == start + len(b"".join(map(varint, numbers[:place])))


@pytest.mark.parametrize("payload", ["8000", "04 ff8000", "04 8080808010", "04 808080808001", "80"])
def test_a_number_has_one_form(payload):
    """A number that is longer than it need be, beyond 32 bits or cut off is refused."""
    data = bytes.fromhex(payload)
    with pytest.raises(FormatError) as caught:
        read(varint(len(data)) + data)

    assert caught.value.field == "frames_payload"
    assert caught.value.offset == 1 + payload.startswith("04")


@pytest.mark.parametrize("size", range(1, 200, 7))
def test_a_last_number_that_is_cut_off_is_refused(size):
    """The payload ends with the last byte of a number, however many come before it."""
    data = varint(4) * size + b"\x80"
    with pytest.raises(FormatError) as caught:
        read(varint(len(data)) + data)

    assert (caught.value.field, caught.value.offset) == (
        "frames_payload",
        len(varint(size + 1)) + size,
    )


@pytest.mark.parametrize("length", ["8000", "8080808010", "808080808001"])
def test_the_length_of_the_section_has_one_form(length):
    """The length is a number like those behind it."""
    with pytest.raises(FormatError) as caught:
        read(bytes.fromhex(length) + bytes(100))

    assert (caught.value.field, caught.value.offset) == ("frames_length", 0)


def test_a_length_beyond_the_data_is_truncated():
    """A length is not believed further than the data goes."""
    section = write_frames(ANIMATION, LENGTHS)
    for size in range(len(section)):
        with pytest.raises(TruncatedError):
            read(section[:size])


def test_a_modelled_band_may_have_any_length():
    """What a model makes of a frame may be longer than packed, or empty, also in a key frame."""
    lengths = [[0, 2**32 - 1, 7]] * 4

    assert read(write_frames(ANIMATION, lengths), MODELLED)[1].tolist() == lengths


@pytest.mark.parametrize("coding", Coding)
def test_with_one_color_all_payloads_are_empty(coding):
    """Where an index has no bits, no band has bytes."""
    header = Header(coding, Mode.RGB, Flags.FRAMES, 8, 5, 1, 2)
    empty = [[0, 0, 0]] * 4

    assert read(write_frames(ANIMATION, empty), header)[1].tolist() == empty
    with pytest.raises(FormatError, match="band 1 of frame 2 of 4 is 1 bytes"):
        read(write_frames(ANIMATION, [*empty[:2], [0, 1, 0], empty[3]]), header)

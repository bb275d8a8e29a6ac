"""Test that APNG files are seen as their specification says, and browsers do."""

import io
from fractions import Fraction

import numpy as np
import pytest
from gifs import NOTHING, apng, apng_frame, png_chunk
from PIL import Image

from kmcodec.conversion import reading
from kmcodec.conversion.apng_reader import ApngReader
from kmcodec.errors import LimitError

R, G, B = (200, 0, 0, 255), (0, 100, 0, 255), (0, 0, 50, 255)
N = NOTHING
HALF = (0, 0, 50, 128)


def read(data):
    """Return the reader of a file."""
    return ApngReader(io.BytesIO(data))


def shown(data, wanted=None):
    """Return the RGBA pixels of frames of one row."""
    reader = read(data)
    pictures = list(reader.pictures(wanted or range(reader.count)))
    return [list(map(tuple, np.asarray(p.convert("RGBA"))[0].tolist())) for p in pictures]


@pytest.mark.parametrize(("disposal", "after"), [(0, [R, B, R]), (1, [R, N, B]), (2, [R, R, B])])
def test_disposal(disposal, after):
    """The area of a frame stays, is cleared, or is as it was before it."""
    after = after[:2] + [B]
    frames = [
        apng_frame([[R, R, R]]),
        apng_frame([[B]], left=1, disposal=disposal),
        apng_frame([[B]], left=2),
    ]

    assert shown(apng((3, 1), frames)) == [[R, R, R], [R, B, R], after]


def test_restoring_the_first_frame_clears_it():
    """As the specification says."""
    frames = [apng_frame([[R, R]], disposal=2), apng_frame([[G]])]

    assert shown(apng((2, 1), frames))[1] == [G, N]


def test_blending():
    """A frame replaces what is there, or is laid over it as Porter and Duff do; Pillow mixes it."""
    for blend, after in ((0, [HALF, N]), (1, [(99, 0, 25, 255), R])):
        frames = [apng_frame([[R, R]]), apng_frame([[HALF, N]], blend=blend)]
        assert np.abs(np.subtract(shown(apng((2, 1), frames))[1], after)).max() <= 1


def test_blending_on_nothing():
    """It leaves partial alpha as it is, to the bit."""
    frames = [apng_frame([[N, N]]), apng_frame([[HALF, B]], blend=1)]

    assert shown(apng((2, 1), frames))[1] == [HALF, B]


def test_opaque_pixels_are_exact():
    """Blending changes no opaque pixel, and none under a transparent one."""
    colors = [(n, 255 - n, n // 2, 255) for n in range(256)]
    frames = [apng_frame([colors]), apng_frame([[N, *colors[:-1]]], blend=1)]

    assert shown(apng((256, 1), frames))[1] == [colors[0], *colors[:-1]]


def test_a_default_image_that_is_no_frame():
    """It is left out."""
    data = apng((2, 1), [apng_frame([[R, G]]), apng_frame([[G, G]])], default=[[B, B]])

    assert shown(data) == [[R, G], [G, G]]


@pytest.mark.parametrize(
    "fraction", [(1, 30), (1001, 30000), (7, 65535), (65535, 1), (0, 5), (1, 3)]
)
def test_durations_are_exact(fraction):
    """They are fractions of a second, which milliseconds do not hold."""
    reader = read(apng((1, 1), [apng_frame([[R]], fraction=fraction)] * 2))

    assert reader.duration(0) == 1000 * Fraction(*fraction)


def test_a_denominator_of_0_means_hundredths():
    """As the specification says."""
    assert read(apng((1, 1), [apng_frame([[R]], fraction=(3, 0))])).duration(0) == 30


def test_loops():
    """The control tells how often all is shown."""
    assert read(apng((1, 1), [apng_frame([[R]])], plays=7)).loop == 7


@pytest.mark.parametrize("wanted", [range(1, 2), range(0, 3, 2), range(2, 3)])
def test_some_frames(wanted):
    """They look as they do among all."""
    frames = [apng_frame([[R, R]]), apng_frame([[B]], disposal=2), apng_frame([[G]], left=1)]
    data = apng((2, 1), frames)

    assert shown(data, wanted) == [shown(data)[number] for number in wanted]


def test_palettes():
    """All frames have that of the file, and its alpha."""
    palette = png_chunk(b"PLTE", bytes([*R[:3], *G[:3], *B[:3]])) + png_chunk(
        b"tRNS", bytes([255, 0])
    )
    frames = [apng_frame([[[0], [2]]]), apng_frame([[[1], [0]]])]

    assert shown(apng((2, 1), frames, kind=3, palette=palette)) == [[R, B], [(*G[:3], 0), R]]


def test_modes():
    """A picture is as small as it can be: RGB if nothing shines through."""
    frames = [apng_frame([[R, R]]), apng_frame([[N]])]

    assert [p.mode for p in read(apng((2, 1), frames)).pictures(range(2))] == ["RGB", "RGBA"]


def test_as_pillow_shows_it():
    """Where nothing is open it is what Pillow shows, of which the file is here."""
    rng = np.random.default_rng(5)
    pictures = [Image.fromarray(rng.integers(0, 256, (20, 30, 3), np.uint8)) for _ in range(4)]
    buffer = io.BytesIO()
    pictures[0].save(buffer, "PNG", save_all=True, append_images=pictures[1:])

    for picture, shown in zip(pictures, ApngReader(buffer).pictures(range(4)), strict=True):
        assert np.array_equal(picture, shown)


def test_truncated_and_damaged_files():
    """Every truncation is an error, and so is every flipped bit that a chunk's checksum covers."""
    data = apng((2, 1), [apng_frame([[R, R]]), apng_frame([[B]])])
    for size in range(8, len(data)):
        with pytest.raises(OSError, match="truncated"):
            read(data[:size])
    for place in range(12, len(data) - 12, 3):
        damaged = bytearray(data)
        damaged[place] ^= 1
        with pytest.raises(OSError, match=r"damaged|truncated"):
            read(bytes(damaged))


@pytest.mark.parametrize(
    ("frame", "fault"),
    [
        (apng_frame([[R]], left=2), "outside its canvas"),
        (apng_frame([[R]], left=4294967295), "outside its canvas"),
        (apng_frame([[R], [R]]), "outside its canvas"),
        (apng_frame([[R]], disposal=3), "of no known kind"),
        (apng_frame([[R]], blend=2), "of no known kind"),
        ((b"short", [[R]]), "too short"),
    ],
)
def test_bad_controls(frame, fault):
    """A frame is where it can be seen, and of a kind that is known."""
    with pytest.raises(OSError, match=fault):
        read(apng((2, 1), [apng_frame([[R, R]]), frame]))


@pytest.mark.parametrize("told", [1, 3])
def test_a_wrong_number_of_frames(told):
    """The control tells of as many as there are."""
    with pytest.raises(OSError, match=f"tells of {told} frames and has 2"):
        read(apng((2, 1), [apng_frame([[R, R]])] * 2, told=told))


def test_parts_that_are_missing():
    """Parts are numbered, so that none is lost unnoticed."""
    data = apng((2, 1), [apng_frame([[R, R]])] * 2)
    start = data.index(b"fdAT") - 4
    size = int.from_bytes(data[start : start + 4]) + 12
    with pytest.raises(OSError, match="part 2 of it is not in its place"):
        read(data[:start] + data[start + size :])


def test_limits(monkeypatch):
    """Frames that are too many, or too large together, are refused before one is decoded."""
    data = apng((2, 1), [apng_frame([[R, R]])] * 5)
    monkeypatch.setattr(reading, "MAX_FRAMES", 4)
    with pytest.raises(LimitError, match="more than 4 frames"):
        read(data)
    monkeypatch.setattr(reading, "MAX_FRAMES", 5)
    monkeypatch.setattr(reading, "MAX_TOTAL_PIXELS", 9)
    with pytest.raises(LimitError, match="5 frames of more than 9 pixels"):
        read(data)

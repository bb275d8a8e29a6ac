"""Test that frames become GIF files that show what they do."""

import io
from fractions import Fraction

import numpy as np
import pytest
from helpers import picture
from PIL import Image

from kmcodec.conversion.gif_reader import GifReader
from kmcodec.conversion.gif_writer import to_hundredths, write_gif
from kmcodec.conversion.modes import ExportError

COUNT = 9


def palette_of(colors, channels):
    """Make a palette, of RGBA with some transparent entries and no partial alpha."""
    palette = picture(colors, 1, colors, channels)[0].copy()
    if channels == 4:
        palette[:, 3] = np.where(np.arange(colors) % 3 == 1, 0, 255)
    return palette


def frames_of(colors, most=None):
    """Make frames of noise: the first again, changed in a part, and all anew."""
    rng = np.random.default_rng(colors)
    frames = [rng.integers(0, most or colors, (9, 14)).astype(np.uint16)]
    for number in range(1, COUNT):
        frame = frames[-1].copy()
        if number % 3 == 0:
            frame[:] = rng.integers(0, most or colors, frame.shape)
        elif number % 3 == 1:
            frame[2:6, number : number + 4] = rng.integers(0, most or colors, (4, 4))
        frames.append(frame)
    return frames


def write(palette, frames, durations=None, plays=0, comment=b""):
    """Write a file and return it with its reader."""
    durations = durations or [Fraction(100)] * len(frames)
    data = b"".join(write_gif(palette, frames, durations, plays, comment))
    return data, GifReader(io.BytesIO(data))


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("colors", [1, 2, 3, 128, 129, 255, 256, 257, 900])
def test_frames_come_back(colors, channels):
    """All pixels of all frames are seen, with colors for all or each frame's own."""
    palette = palette_of(colors, channels)
    frames = frames_of(colors, min(colors, 200))
    _, reader = write(palette, frames)
    expected = np.full((colors, 4), 255, np.uint8)
    expected[:, :channels] = palette
    expected[expected[:, 3] == 0] = 0

    assert reader.count == COUNT
    for frame, shown in zip(frames, reader.pictures(range(COUNT)), strict=True):
        np.testing.assert_array_equal(np.asarray(shown.convert("RGBA")), expected[frame])


@pytest.mark.parametrize("colors", [20, 900])
def test_pillow_shows_the_same(colors):
    """Another reader agrees."""
    palette, frames = palette_of(colors, 3), frames_of(colors, min(colors, 200))
    data, _ = write(palette, frames)
    with Image.open(io.BytesIO(data)) as image:
        assert image.n_frames == COUNT
        for number, frame in enumerate(frames):
            image.seek(number)
            np.testing.assert_array_equal(np.asarray(image.convert("RGB")), palette[frame])


def test_all_colors_of_a_frame():
    """256 new ones leave no entry for pixels that are not drawn; these are drawn as well then."""
    palette = palette_of(400, 3)
    frames = [np.arange(256).reshape(16, 16), np.arange(144, 400).reshape(16, 16)]
    _, reader = write(palette, frames)
    for frame, shown in zip(frames, reader.pictures(range(2)), strict=True):
        np.testing.assert_array_equal(np.asarray(shown), palette[frame])


def test_a_frame_of_too_many_colors():
    """It is named."""
    frames = [np.zeros((20, 20), np.uint16), np.arange(400, dtype=np.uint16).reshape(20, 20)]
    with pytest.raises(ExportError, match=r"256 colors a frame, and frame 1 has more; .* -k 256"):
        write(palette_of(400, 3), frames)
    with pytest.raises(ExportError, match="frame 0 has more"):
        write(palette_of(400, 3), frames[1:])


def test_only_changes_are_written():
    """A frame without a change takes a pixel, and one of a small change little more."""
    palette = palette_of(64, 3)
    noise = np.random.default_rng(0).integers(0, 64, (100, 100)).astype(np.uint16)
    changed = noise.copy()
    changed[50, 50] ^= 1
    one, two, three = (len(write(palette, [noise, *rest])[0]) for rest in ([], [noise], [changed]))

    assert two - one < 40
    assert three - one < 40


def test_durations_add_up():
    """Each is rounded so that all frames end as near as they can to where they should."""
    third = Fraction(100, 3)
    assert list(to_hundredths([third] * 6)) == [3, 4, 3, 3, 4, 3]
    assert sum(to_hundredths([Fraction(1001, 30)] * 3000)) == 10010
    assert list(to_hundredths([Fraction(0), Fraction(5), Fraction(95)])) == [2, 2, 6]


def test_durations_without_room():
    """The longest is eleven minutes."""
    assert list(to_hundredths([Fraction(655350)])) == [65535]
    with pytest.raises(ExportError, match=r"at most 655.35 s, not 700.0 as frame 1"):
        list(to_hundredths([Fraction(0), Fraction(700_000)]))


@pytest.mark.parametrize("plays", [0, 1, 2, 65536])
def test_loops(plays):
    """How often all is shown comes back; what is shown once needs no extension."""
    data, reader = write(palette_of(4, 3), frames_of(4), plays=plays)

    assert reader.loop == plays
    assert (b"NETSCAPE" in data) == (plays != 1)


@pytest.mark.parametrize("comment", [b"", b"short", bytes(range(256)) * 4])
def test_comments(comment):
    """One of any length is kept."""
    data, _ = write(palette_of(4, 3), frames_of(4), comment=comment)
    with Image.open(io.BytesIO(data)) as image:
        assert image.info.get("comment", b"") == comment

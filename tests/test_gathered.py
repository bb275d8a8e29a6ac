"""What of frames is kept until their palette is chosen."""

from itertools import pairwise

import numpy as np
import pytest
from helpers import noise
from PIL import Image

from kmcodec.format import Mode
from kmcodec.images.pixels import read_image, to_channels
from kmcodec.quantizer import gathered
from kmcodec.quantizer.gathered import GatheredFrames
from kmcodec.quantizer.histogram import Histogram


def gather(images):
    """Gather frames."""
    frames = GatheredFrames()
    for image in images:
        frames.add(read_image(image))
    return frames


def replay(frames):
    """Return the values of all frames, by what changes in each."""
    planes = []
    plane = np.zeros_like(frames.last)
    for change in frames:
        if change is not None:
            change.put(plane, change.values)
        planes.append(plane.copy())
    return planes


def moving(channels=3, count=20, shape=(9, 14), levels=4, seed=5):
    """Make frames that differ in part, in all, or not at all."""
    rng = np.random.default_rng(seed)
    frame = rng.integers(0, levels, (*shape, channels)).astype(np.uint8)
    for number in range(count):
        share = (0, 0.02, 0.3, 1)[number % 4]
        changed = rng.random((*shape, 1)) < share
        frame = np.where(changed, rng.integers(0, levels, frame.shape).astype(np.uint8), frame)
        yield frame if channels > 1 else frame[..., 0]


def paletted(frame, palette, **info):
    """Make an image of mode P."""
    image = Image.fromarray(frame)
    image.putpalette(palette)
    image.info = info
    return image


PALETTE = [10, 20, 30, 40, 50, 60, 70, 80, 90, 10, 20, 30]


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_frames_come_back(channels):
    """All pixels do, and the last frame and the numbers of changes are known."""
    images = list(moving(channels))
    frames = gather(images)
    expected = [image.reshape(*image.shape[:2], channels) for image in images]

    assert [plane.tolist() for plane in replay(frames)] == [part.tolist() for part in expected]
    assert frames.last.tolist() == expected[-1].tolist()
    assert len(frames) == len(images)
    differing = [(a != b).any(axis=2).sum() for a, b in pairwise(expected)]
    assert list(frames.changed) == [9 * 14, *differing]
    assert frames.form.mode == [Mode.L, Mode.LA, Mode.RGB, Mode.RGBA][channels - 1]


@pytest.mark.parametrize("pending", [1, 100, 1 << 14])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_colors_are_those_of_all_pixels_of_all_frames(channels, pending, monkeypatch):
    """Though only changes are counted, and whenever these are summed up."""
    monkeypatch.setattr(gathered, "_PENDING", pending)
    images = list(moving(channels, levels=9))
    expected = Histogram.of(np.concatenate(images).reshape(-1, 14, channels))

    found = gather(images).histogram()
    assert found.colors.tolist() == expected.colors.tolist()
    assert found.counts.tolist() == expected.counts.tolist()


def test_an_array_may_be_used_again():
    """A generator that draws all frames on one canvas is understood."""

    def draw():
        canvas = np.zeros((4, 4, 3), np.uint8)
        for number in range(4):
            canvas[number] = 50 + number
            yield canvas

    frames = gather(draw())

    assert list(frames.changed) == [16, 4, 4, 4]
    assert [int(plane.max()) for plane in replay(frames)] == [50, 51, 52, 53]


def test_a_shared_palette_is_kept():
    """Frames of mode P are indices, as long as their palettes are equal."""
    images = [paletted(frame, PALETTE) for frame in moving(1)]
    frames = gather(images)

    assert frames.form.mode == Mode.P
    assert frames.form.palette.ravel().tolist() == PALETTE
    assert replay(frames)[7][..., 0].tolist() == np.asarray(images[7]).tolist()


OTHER = PALETTE[::-1]
INDICES = list(moving(1, count=2))
MIXED = {
    "two palettes": ([paletted(INDICES[0], PALETTE), paletted(INDICES[1], OTHER)], Mode.RGB),
    "alpha in one": (
        [paletted(INDICES[0], PALETTE), paletted(INDICES[1], PALETTE, transparency=1)],
        Mode.RGBA,
    ),
    "P and RGB": ([paletted(INDICES[0], PALETTE), *moving(3, count=3)], Mode.RGB),
    "P and RGBA": ([paletted(INDICES[0], PALETTE), *moving(4, count=3)], Mode.RGBA),
    "L, RGB and L": ([*moving(1), *moving(3), *moving(1)], Mode.RGB),
    "L and LA": ([*moving(1), *moving(2)], Mode.RGBA),
    "RGB, P, LA": ([*moving(3), paletted(INDICES[0], PALETTE), *moving(2)], Mode.RGBA),
    "1 and L": ([INDICES[0] > 1, *moving(1)], Mode.RGB),
}


@pytest.mark.parametrize("name", MIXED)
def test_frames_of_several_kinds_are_of_one(name):
    """They are RGB, or RGBA if one has alpha, and look as before."""
    images, mode = MIXED[name]
    frames = gather(images)

    assert frames.form.mode == mode
    assert frames.form.palette is None
    for image, plane in zip(images, replay(frames), strict=True):
        picture = image if isinstance(image, Image.Image) else Image.fromarray(image)
        shown = np.asarray(picture.convert("RGBA"))
        assert to_channels(plane, 4).tolist() == shown.tolist()
    together = np.concatenate(replay(frames))
    assert frames.histogram().counts.tolist() == Histogram.of(together).counts.tolist()


def test_a_frame_that_looks_the_same_in_another_mode_changes_nothing():
    """An image of mode P, then the same as RGB, as Pillow reads frames of GIF."""
    first = paletted(INDICES[0], PALETTE)

    assert list(gather([first, first.convert("RGB")]).changed) == [9 * 14, 0]


def test_black_and_white_stay_it():
    """Frames that are all black, all white or both have one form."""
    both = np.eye(4, dtype=bool)
    frames = gather([both & False, both, both | True])

    assert frames.form.mode == Mode.BILEVEL
    assert [plane.ravel().tolist() for plane in replay(frames)] == [
        [0] * 16,
        both.ravel().tolist(),
        [1] * 16,
    ]


def test_sizes_must_be_equal():
    """The frame that differs is named, with both sizes."""
    with pytest.raises(ValueError, match="frame 2 is of 4 x 5 pixels, the first of 5 x 4"):
        gather([noise((4, 5, 3)), noise((4, 5, 3)), noise((5, 4, 3))])

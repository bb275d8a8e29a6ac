"""How long frames are shown, how often, and from which they are decoded."""

import math
from fractions import Fraction
from itertools import repeat

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from kmcodec.frame_options import FrameOptions, Timing, choose_key_interval
from kmcodec.options import EncodeOptions

PIXELS = np.zeros((2, 2), np.uint8)


def durations(images, **options):
    """Return the durations of frames."""
    timing = Timing(**options)
    for image in images:
        timing.take(image)
    timing.finish()
    animation = timing.animation([4] * len(images), 4)
    return [animation.duration(number) for number in range(len(images))]


def image_of(**info):
    """Make a Pillow image with such an info."""
    image = Image.new("L", (2, 2))
    image.info = info
    return image


def test_the_names_are_those_of_pictures_and_three_more():
    """Whatever applies to pictures has the same name for frames."""
    more = FrameOptions.__annotations__.keys() - EncodeOptions.__annotations__.keys()

    assert more == {"duration", "loop", "key_interval"}


@pytest.mark.parametrize(
    ("given", "milliseconds"),
    [
        (40, 40),
        (0, 0),
        (Fraction(1001, 30), Fraction(1001, 30)),
        (33.333, Fraction("33.333")),
        (33.3333, Fraction(100, 3)),
        (float(Fraction(1001, 30)), Fraction(1001, 30)),
        (16.666666666666668, Fraction(50, 3)),
        (0.001, Fraction(1, 1000)),
        (np.uint8(40), 40),
        (np.int64(40), 40),
        (np.float32(0.5), Fraction(1, 2)),
        (TiffImagePlugin.IFDRational(100, 3), Fraction(100, 3)),
        (2**32 - 1, 2**32 - 1),
    ],
)
def test_durations_are_exact_or_as_they_were_meant(given, milliseconds):
    """Integers and fractions stay as they are, floats are simple fractions; alone or in a list."""
    assert durations([PIXELS] * 3, duration=given) == [milliseconds] * 3
    assert durations([PIXELS] * 3, duration=[1, given, 1]) == [1, milliseconds, 1]


@pytest.mark.parametrize("values", [[10, 20, 30], (10, 20, 30), np.array([10, 20, 30])])
def test_durations_are_taken_from_any_iterable(values):
    """Lists, arrays and generators have one a frame."""
    assert durations([PIXELS] * 3, duration=values) == [10, 20, 30]
    assert durations([PIXELS] * 3, duration=(value for value in values)) == [10, 20, 30]


def test_images_have_durations_of_their_own():
    """Those in ``info`` count unless others are given; of what has none, it is 100 ms."""
    images = [image_of(duration=40), image_of(duration=33.5), image_of(), PIXELS]

    assert durations(images) == [40, Fraction("33.5"), 100, 100]
    assert durations(images, duration=7) == [7] * 4


@pytest.mark.parametrize("value", [-1, -0.5, math.nan, math.inf, 10**400, 2**32, Fraction(-1, 3)])
def test_durations_out_of_range_are_refused(value):
    """The message names the frame, if there is a value for each."""
    with pytest.raises(ValueError, match=r"duration is .*, must be from 0 to 4294967295"):
        durations([PIXELS] * 3, duration=value)
    with pytest.raises(ValueError, match=r"duration of frame 2 is .*, must be from 0"):
        durations([PIXELS] * 3, duration=[1, 1, value])
    with pytest.raises(ValueError, match=r"duration of frame 1 is .*, must be from 0"):
        durations([PIXELS, image_of(duration=value)])


@pytest.mark.parametrize("value", ["40", True, 1j, b"40"])
def test_durations_are_numbers(value):
    """Anything else is refused, alone or in a list."""
    with pytest.raises(TypeError, match=r"duration is .*, must be a number"):
        durations([PIXELS] * 3, duration=value)
    with pytest.raises(TypeError, match=r"duration of frame 1 is .*, must be a number"):
        durations([PIXELS] * 3, duration=[1, value, 1])


def test_there_are_as_many_durations_as_frames():
    """Too few and too many are refused, and the frame is named."""
    with pytest.raises(ValueError, match="duration has 2 values, so frame 2 has none"):
        durations([PIXELS] * 3, duration=[1, 2])
    for longer in ([1, 2, 3, 4], repeat(5)):
        with pytest.raises(ValueError, match="duration has more than 3 values, but frame 3 is"):
            durations([PIXELS] * 3, duration=longer)


@pytest.mark.parametrize(
    ("first", "given", "loop"),
    [({}, None, 0), ({"loop": 3}, None, 3), ({"loop": 3}, 0, 0), ({}, 2**32 - 1, 2**32 - 1)],
)
def test_loops_are_those_of_the_first_image(first, given, loop):
    """Unless others are given."""
    timing = Timing(loop=given)
    for image in (image_of(**first), image_of(loop=7)):
        timing.take(image)

    assert timing.animation([4, 4], 4).loop == loop


def test_numbers_out_of_range_are_refused():
    """``loop`` and ``key_interval`` are integers in their ranges."""
    for options in ({"loop": -1}, {"loop": 2**32}, {"key_interval": 0}):
        with pytest.raises(ValueError, match=next(iter(options))):
            Timing(**options)
    for options in ({"loop": 1.5}, {"loop": "1"}, {"key_interval": 2.0}, {"key_interval": True}):
        with pytest.raises(TypeError, match=next(iter(options))):
            Timing(**options)


def test_key_intervals_that_are_given_are_kept():
    """Beyond the last frame, there is one key frame."""
    for given, kept in ((1, 1), (2, 2), (3, 3), (10**9, 3)):
        timing = Timing(key_interval=given)
        for _ in range(3):
            timing.take(PIXELS)

        assert timing.animation([4] * 3, 4).key_interval == kept


MEGAPIXEL = 1 << 20


@pytest.mark.parametrize(
    ("changed", "pixels", "interval"),
    [
        ([4], 4, 1),
        ([4] * 1000, 4, 1000),
        ([MEGAPIXEL] * 100, MEGAPIXEL, 3),
        ([MEGAPIXEL] + [0] * 5000, MEGAPIXEL, 3073),
        ([1 << 25] * 10, 1 << 25, 1),
        ([MEGAPIXEL] + [0] * 700 + [MEGAPIXEL] * 20 + [0] * 700, MEGAPIXEL, 3),
    ],
)
def test_key_frames_are_as_seldom_as_seeking_allows(changed, pixels, interval):
    """No frame takes more than 2^22 pixels from a key frame, a still one 1/1024 of them."""
    assert choose_key_interval(changed, pixels) == interval

    costs = [number + pixels // 1024 for number in changed]
    longest = max(pixels + sum(costs[n + 1 : n + interval]) for n in range(len(costs)))
    assert interval == 1 or longest <= 1 << 22

"""List and check the options that frames have beside those of pictures: how they are timed."""

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from numbers import Rational, Real
from typing import Any, Final

import numpy as np
from PIL import Image

from .animation import Animation
from .checks import check_integer
from .format import MAX_NUMBER
from .options import EncodeOptions

Duration = float | Fraction
"""A time in milliseconds."""

_DEFAULT_DURATION: Final = 100
_MOST_PARTS: Final = 1000
"""The most parts of a millisecond in which a float is told: thirds are exact, and microseconds."""
_SEEK_PIXELS: Final = 1 << 22
"""About the changed pixels that one thread decodes in a second or two."""
_FRAME_SHARE: Final = 1024
"""A frame costs as much as so small a part of its pixels, even if few of them change."""


class FrameOptions(EncodeOptions, total=False):
    """The options of ``encode_frames`` and ``save_frames``, where ``importance`` does not apply.

    Attributes:
        duration: how long each frame is shown, in milliseconds: a number, or as many as there are
            frames; floats are the nearest fractions of up to 1000 parts. None for what each Pillow
            image has as ``info["duration"]``, or else 100.
        loop: how often all frames are shown, 0 for ever; None for what the first image has as
            ``info["loop"]``, or else 0.
        key_interval: frames from one key frame to the next, at least 1: a frame is decoded from
            the key frame before it. None for as many as take a second or two to decode.
    """

    duration: Duration | Iterable[Duration] | None
    loop: int | None
    key_interval: int | None


class Timing:
    """How frames are timed, which each is asked for in turn."""

    def __init__(
        self,
        duration: Duration | Iterable[Duration] | None = None,
        loop: int | None = None,
        key_interval: int | None = None,
    ) -> None:
        """Check what ``FrameOptions`` describes.

        Raises:
            TypeError, ValueError: a value is of the wrong type or out of range.
        """
        self._given: Iterator[Duration] | None = None
        self._same: Fraction | None = None
        if isinstance(duration, Iterable) and not isinstance(duration, (str, bytes)):
            self._given = iter(duration)
        elif duration is not None:
            self._same = _read_duration("duration", duration)
        self._loop = None if loop is None else check_integer("loop", loop, 0, MAX_NUMBER)
        if key_interval is not None:
            key_interval = check_integer("key_interval", key_interval, 1)
        self._key_interval = key_interval
        self._durations: list[Fraction] = []

    def take(self, image: Any) -> None:
        """Take the time of the next frame, a Pillow image or an array.

        Raises:
            TypeError, ValueError: it has none, or one that cannot be used.
        """
        frame = len(self._durations)
        info = image.info if isinstance(image, Image.Image) else {}
        if self._loop is None:
            self._loop = check_integer("loop", info.get("loop", 0), 0, MAX_NUMBER)
        if self._same is not None:
            self._durations.append(self._same)
            return
        duration = info.get("duration") if self._given is None else next(self._given, None)
        if duration is None and self._given is not None:
            raise ValueError(f"duration has {frame} values, so frame {frame} has none")
        duration = _DEFAULT_DURATION if duration is None else duration
        self._durations.append(_read_duration(f"duration of frame {frame}", duration))

    def finish(self) -> None:
        """Take it that there are no more frames.

        Raises:
            ValueError: there are more durations.
        """
        if self._given is not None and next(self._given, None) is not None:
            count = len(self._durations)
            raise ValueError(f"duration has more than {count} values, but frame {count} is missing")

    def animation(self, changed: Sequence[int], pixels: int) -> Animation:
        """Return the timing of all frames that were taken.

        Args:
            changed: the number of pixels that change in each frame.
            pixels: those of the canvas.
        """
        interval = self._key_interval or choose_key_interval(changed, pixels)
        return Animation.of(self._durations, self._loop or 0, interval)


def _read_duration(name: str, value: Any) -> Fraction:
    """Return a time of the caller's in milliseconds.

    Raises:
        TypeError, ValueError: it is none, or out of range; the name is told.
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} is {value!r}, must be a number of milliseconds")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not 0 <= number <= MAX_NUMBER:
        raise ValueError(f"{name} is {value}, must be from 0 to {MAX_NUMBER} milliseconds")
    if isinstance(value, Rational):
        return Fraction(int(value.numerator), int(value.denominator))
    return Fraction(number).limit_denominator(_MOST_PARTS)


def choose_key_interval(changed: Sequence[int], pixels: int) -> int:
    """Return the most frames from one key frame to the next that are decoded in a second or two.

    That is estimated by counts, so that the same frames give the same bytes.

    Args:
        changed: the number of pixels that change in each frame.
        pixels: those of the canvas, all of which a key frame decodes.
    """
    count = len(changed)
    costs = np.asarray(changed, np.int64) + -(-pixels // _FRAME_SHARE)
    sums = np.concatenate(([0], np.cumsum(costs)))
    after_key = sums[1:]

    def takes_longer(interval: int) -> bool:
        ends = np.minimum(np.arange(interval, count + interval), count)
        return bool(pixels + int((sums[ends] - after_key).max()) > _SEEK_PIXELS)

    return 1 + bisect_left(range(2, count + 1), True, key=takes_longer)

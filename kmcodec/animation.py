"""Tell how the frames of a moving picture follow one another, as section 6.5.1 of the spec does.

Durations are ticks, of which a second has as many as the file says. So those of any source are
kept exactly: hundredths of GIF, milliseconds of WebP, fractions of APNG and of films.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import accumulate, groupby
from math import lcm
from typing import Final

from .format import MAX_FRAME_COUNT, MAX_NUMBER

_UNITS: Final = (1_000_000, 1000)
"""Ticks a second to which durations are rounded that no file can hold exactly."""


@dataclass(frozen=True)
class Animation:
    """The number of frames, how long each is shown, how often all are, and which are key frames.

    Attributes:
        runs: ticks, and the number of successive frames of that duration.
        ticks_per_second: 1..2^32-1.
        loop: how often all frames are shown, 0 for ever.
        key_interval: a frame is a key frame if its number is a multiple of this.
    """

    runs: tuple[tuple[int, int], ...]
    ticks_per_second: int
    loop: int
    key_interval: int

    @classmethod
    def of(cls, durations: Sequence[Fraction], loop: int, key_interval: int) -> "Animation":
        """Make one of durations in milliseconds, exactly if it can be held so.

        Otherwise all are rounded to microseconds; to milliseconds if there are too many of these.

        Raises:
            ValueError: as ``check``.
        """
        seconds = {duration: Fraction(duration) / 1000 for duration in set(durations)}
        exact = lcm(*(second.denominator for second in seconds.values()))
        for unit in (exact, *_UNITS):
            ticks = {duration: round(second * unit) for duration, second in seconds.items()}
            if unit <= MAX_NUMBER and max(ticks.values(), default=0) <= MAX_NUMBER:
                break
        common = lcm(*(Fraction(number, unit).denominator for number in ticks.values()))
        runs = groupby(ticks[duration] * common // unit for duration in durations)
        lengths = tuple((number, sum(1 for _ in run)) for number, run in runs)
        animation = cls(lengths, common, loop, min(key_interval, len(durations)))
        animation.check()
        return animation

    def check(self) -> None:
        """Refuse to write what reading would refuse.

        Raises:
            ValueError: a number is out of its range.
        """
        fault = self.find_fault()
        if fault:
            raise ValueError(fault[1])

    def find_fault(self) -> tuple[str, str, int] | None:
        """Return the first field that breaks a rule, how, and its place among those of the section.

        None if none does.
        """
        count = self.frame_count
        for place, (field, value, low, high) in enumerate(
            (
                ("frame_count", count, 2, MAX_FRAME_COUNT),
                ("loop_count", self.loop, 0, MAX_NUMBER),
                ("ticks_per_second", self.ticks_per_second, 1, MAX_NUMBER),
                ("key_interval", self.key_interval, 1, count),
            )
        ):
            if not low <= value <= high:
                return field, f"{field} {value} is not in {low}..{high}", place
        before = None
        for place, (ticks, frames) in enumerate(self.runs):
            if not 0 <= ticks <= MAX_NUMBER:
                return (
                    "ticks",
                    f"duration of {ticks} ticks is not in 0..{MAX_NUMBER}",
                    4 + 2 * place,
                )
            if ticks == before:
                return "ticks", f"run {place} has the duration of the one before", 4 + 2 * place
            if frames < 1:
                return "run", f"run {place} has {frames} frames", 5 + 2 * place
            before = ticks
        return None

    @cached_property
    def _ends(self) -> list[int]:
        """The number of the frame after each run."""
        return list(accumulate(frames for _, frames in self.runs))

    @property
    def frame_count(self) -> int:
        """The number of frames."""
        return self._ends[-1] if self.runs else 0

    @property
    def total(self) -> Fraction:
        """The time, in milliseconds, in which all frames are shown once."""
        ticks = sum(ticks * frames for ticks, frames in self.runs)
        return Fraction(1000 * ticks, self.ticks_per_second)

    def duration(self, frame: int) -> Fraction:
        """Return how many milliseconds a frame is shown, which may be 0."""
        ticks, _ = self.runs[bisect_right(self._ends, frame)]
        return Fraction(1000 * ticks, self.ticks_per_second)

    def is_key(self, frame: int) -> bool:
        """Return whether a frame can be decoded without any other."""
        return frame % self.key_interval == 0

    def key_before(self, frame: int) -> int:
        """Return the nearest key frame that is not after a frame."""
        return frame - frame % self.key_interval

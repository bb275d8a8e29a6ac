"""Tell how the frames of a moving picture follow one another, as section 6.5.1 of the spec does.

Durations are ticks, of which a second has as many as the file says. So those of any source are
kept exactly: hundredths of GIF, milliseconds of WebP, fractions of APNG and of films.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import accumulate, chain, groupby
from math import lcm
from typing import Final, overload

from .format import MAX_FRAME_COUNT, MAX_NUMBER

_UNITS: Final = (1_000_000, 1000)
"""Ticks a second to which durations are rounded that no file can hold exactly."""


class Runs(Sequence[tuple[int, int]]):
    """Pairs of ticks, and the number of successive frames of that duration.

    They take eight bytes each, as a file of few bytes may have millions.
    """

    def __init__(self, numbers: "array[int]") -> None:
        """``numbers`` are of type "I": ticks and frames of the first, of the next, and so on."""
        self._numbers = numbers

    @classmethod
    def of(cls, pairs: Iterable[tuple[int, int]]) -> "Runs":
        """Make them from pairs of numbers, each in 0..2^32-1."""
        return cls(array("I", chain.from_iterable(pairs)))

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._numbers) // 2

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Yield each in order."""
        numbers = iter(self._numbers)
        return zip(numbers, numbers, strict=True)

    @overload
    def __getitem__(self, place: int) -> tuple[int, int]: ...
    @overload
    def __getitem__(self, place: slice) -> "Runs": ...
    def __getitem__(self, place: int | slice) -> "tuple[int, int] | Runs":
        """Return one of them, or several."""
        if isinstance(place, slice):
            return Runs.of(self[number] for number in range(len(self))[place])
        place = range(len(self))[place]
        return self._numbers[2 * place], self._numbers[2 * place + 1]

    def __eq__(self, other: object) -> bool:
        """Return whether all pairs are the same."""
        return self._numbers == other._numbers if isinstance(other, Runs) else NotImplemented

    def __hash__(self) -> int:
        """Return a hash that equal ones share."""
        return hash(self._numbers.tobytes())

    def __repr__(self) -> str:
        """Return an expression that makes them."""
        return f"Runs.of({list(self)})"


@dataclass(frozen=True)
class Animation:
    """The number of frames, how long each is shown, how often all are, and which are key frames.

    Attributes:
        runs: how many ticks frames are shown.
        ticks_per_second: 1..2^32-1.
        loop: how often all frames are shown, 0 for ever.
        key_interval: a frame is a key frame if its number is a multiple of this.
    """

    runs: Runs
    ticks_per_second: int
    loop: int
    key_interval: int

    @classmethod
    def of(cls, durations: Sequence[Fraction], loop: int, key_interval: int) -> "Animation":
        """Make one of durations in milliseconds, exactly if it can be held so.

        Otherwise all are rounded to microseconds; to milliseconds if there are too many of these.

        Raises:
            ValueError: a duration is not in 0..2^32-1 milliseconds; or as ``check``.
        """
        seconds = {duration: Fraction(duration) / 1000 for duration in set(durations)}
        for frame, duration in enumerate(durations):
            if not 0 <= duration <= MAX_NUMBER:
                wanted = f"must be 0 to {MAX_NUMBER}"
                raise ValueError(f"duration of frame {frame} is {float(duration)} ms, {wanted}")
        unit = lcm(*(second.denominator for second in seconds.values()))
        for rounded in _UNITS:
            if unit <= MAX_NUMBER and max(seconds.values(), default=0) * unit <= MAX_NUMBER:
                break
            unit = rounded
            seconds = {duration: Fraction(round(s * unit), unit) for duration, s in seconds.items()}
        unit = lcm(*(second.denominator for second in seconds.values()))
        ticks = {duration: int(second * unit) for duration, second in seconds.items()}
        runs = groupby(ticks[duration] for duration in durations)
        pairs = Runs.of((number, sum(1 for _ in run)) for number, run in runs)
        animation = cls(pairs, unit, loop, min(key_interval, len(durations)))
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
            if ticks == before:
                return "ticks", f"run {place} has the duration of the one before", 4 + 2 * place
            if not frames:
                return "run", f"run {place} has 0 frames", 5 + 2 * place
            before = ticks
        return None

    @cached_property
    def _ends(self) -> "array[int]":
        """The number of the frame after each run."""
        return array("Q", accumulate(frames for _, frames in self.runs))

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

"""Gather frames: what changes from each to the next in a spool, and all their colors.

All is done for what has changed alone, so that the rest of a frame costs a comparison. Counts of
colors are those of all pixels of all frames nevertheless: one that is shown from frame a to before
frame b counts b - a times, which is (n - a) - (n - b) if there are n frames in all.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from math import gcd, prod
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..format import Indices, Mode
from ..images.pixels import Indexed, Pixels, to_channels
from ..spool import Change, FrameSpool
from .histogram import Histogram, number_colors, sum_by_color
from .indexing import color_mode, drop_unused

_PENDING: Final = 1 << 14
"""Colors of changes that may wait, so that all colors are not merged after every frame."""

_BILEVEL: Final = np.array([[0], [255]], np.uint8)


@dataclass(frozen=True, eq=False)
class Form:
    """What values of pixels are: indices into a palette, as bytes, or colors in a mode's channels.

    Attributes:
        mode: the mode of all pictures in this form.
        palette: that of all, (K, channels); None for colors.
    """

    mode: Mode
    palette: NDArray[np.uint8] | None = None

    @classmethod
    def of(cls, picture: Pixels | Indexed) -> "tuple[Form, NDArray[np.uint8]]":
        """Return the form of a picture, and its values: (height, width, channels)."""
        if isinstance(picture, Pixels):
            return cls(picture.mode), picture.pixels
        palette, indices = picture.palette, np.ascontiguousarray(picture.indices)
        if picture.mode.max_colors == 2:  # has but the colors that it uses
            indices, palette = (palette > 0).view(np.uint8)[:, 0][indices], _BILEVEL
        values = indices.view(np.uint8).reshape(*indices.shape, indices.itemsize)
        return cls(picture.mode, palette), values

    def picture(self, values: NDArray[np.uint8]) -> Pixels | Indexed:
        """Return what values of this form were made of; the inverse of ``of``."""
        if self.palette is None:
            return Pixels(self.mode, values)
        indices = self.indices(values)
        if self.mode.max_colors == 2:
            return Indexed(self.mode, *drop_unused(self.palette, indices))
        return Indexed(self.mode, self.palette, indices)

    def join(self, other: "Form") -> "Form":
        """Return the form that holds values of both: this one, if it does."""
        if self.mode == other.mode and _are_equal(self.palette, other.palette):
            return self
        mode = color_mode(has_alpha=self.mode.has_alpha or other.mode.has_alpha)
        return self if self.palette is None and self.mode == mode else Form(mode)

    def indices(self, values: NDArray[np.uint8]) -> Indices:
        """Return values (..., bytes) as indices: (...)."""
        dtype = np.uint8 if values.shape[-1] == 1 else np.uint16
        indices: Indices = np.ascontiguousarray(values).view(dtype)[..., 0]  # type: ignore[assignment]
        return indices

    def colors(self, values: NDArray[np.uint8], mode: Mode) -> NDArray[np.uint8]:
        """Return the colors of values, in a mode's channels."""
        colors = values if self.palette is None else self.palette[self.indices(values)]
        return to_channels(colors, mode.channels)


class _Tally:
    """The distinct values of all frames, and their counts, by what changes in each frame."""

    def __init__(self) -> None:
        self._values: NDArray[np.uint8] = np.empty((0, 0), np.uint8)
        self._counts = self._moments = np.empty(0, np.int64)  # and these times their frames
        self._waiting: list[tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]] = []
        self._waiting_values = 0

    def change(self, frame: int, before: NDArray[np.uint8], after: NDArray[np.uint8]) -> None:
        """Replace some values, (n, channels), from a frame on; (0, channels) for none."""
        values, places = number_colors(np.concatenate((after, before)))
        counts = np.bincount(places[: len(after)], minlength=len(values))
        counts -= np.bincount(places[len(after) :], minlength=len(values))
        self._waiting.append((values, counts, frame * counts))
        self._waiting_values += len(values)
        if self._waiting_values > max(_PENDING, len(self._values)):
            self._merge()

    def recolor(self, form: Form, mode: Mode) -> None:
        """Turn values of a form into colors of a mode."""
        self._merge()
        self._waiting = [(form.colors(self._values, mode), self._counts, self._moments)]
        self._values = self._values[:0]

    def histogram(self, frames: int) -> Histogram:
        """Return the values and their counts, if there are so many frames."""
        self._merge()
        return Histogram(self._values, frames * self._counts - self._moments)

    def _merge(self) -> None:
        if not self._waiting:
            return
        if len(self._values):
            self._waiting.append((self._values, self._counts, self._moments))
        values, *sums = map(np.concatenate, zip(*self._waiting, strict=True))
        self._values, (self._counts, self._moments) = sum_by_color(values, *sums)
        self._waiting, self._waiting_values = [], 0


class GatheredFrames:
    """Frames of one size, gathered one after the other.

    Attributes:
        form: that of the values of all frames: their own if they share one, else RGB or RGBA.
        last: (height, width, channels) the values of the last frame.
        changed: the number of pixels in which each frame differs from the one before.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self.changed = array("Q")
        self._forms: list[tuple[int, Form]] = []  # and the first frame that is spooled in it
        self._tally = _Tally()

    @property
    def form(self) -> Form:
        """The form of the values of all frames."""
        return self._forms[-1][1]

    @property
    def pixels(self) -> int:
        """The number of pixels of a frame."""
        return prod(self.last.shape[:2])

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.changed)

    def add(self, picture: Pixels | Indexed) -> None:
        """Add a frame.

        Raises:
            OSError: there is no room for the spool.
            ValueError: it is of another size than the first.
        """
        form, values = Form.of(picture)
        if not self._forms:
            self._begin(form, values)
            return
        if values.shape[:2] != self.last.shape[:2]:
            sizes = [f"{part.shape[1]} x {part.shape[0]}" for part in (values, self.last)]
            raise ValueError(f"frame {len(self)} is of {sizes[0]} pixels, the first of {sizes[1]}")
        joined = self.form.join(form)
        if joined is not self.form:
            self.recolor(joined.mode)
        if self.form.palette is None:
            values = form.colors(values, self.form.mode)
        self._add_change(values)

    def _begin(self, form: Form, values: NDArray[np.uint8]) -> None:
        self._forms.append((0, form))
        self._spool = FrameSpool(*values.shape[:2])
        self.last = values.copy()  # as the caller may use the array again
        flat = values.reshape(-1, values.shape[2])
        rows = np.arange(len(values))
        self._spool.append(Change(rows, np.ones(values.shape[:2], bool), flat))
        self._tally.change(0, flat[:0], flat)
        self.changed.append(len(flat))

    def _add_change(self, values: NDArray[np.uint8]) -> None:
        rows = _differing_rows(self.last, values)
        if not len(rows):
            self._spool.append(None)
            self.changed.append(0)
            return
        before, after = self.last[rows], values[rows]
        differ = before != after
        mask = reduce(np.bitwise_or, (differ[..., c] for c in range(values.shape[2])))
        change = Change(rows, mask, _pick(after, mask))
        self._tally.change(len(self), _pick(before, mask), change.values)
        self._spool.append(change)
        self.changed.append(len(change.values))
        self.last[rows] = after

    def recolor(self, mode: Mode) -> None:
        """Turn the values of all frames into colors of a mode."""
        self.last = self.form.colors(self.last, mode)
        self._tally.recolor(self.form, mode)
        self._forms.append((len(self), Form(mode)))

    def histogram(self) -> Histogram:
        """Return the distinct values, with the number of pixels of all frames of each."""
        return self._tally.histogram(len(self))

    def __iter__(self) -> Iterator[Change | None]:
        """Yield what changes in each frame, in values of the form of all; None for nothing."""
        starts = [start for start, _ in self._forms]
        for frame, change in enumerate(self._spool):
            form = self._forms[bisect_right(starts, frame) - 1][1]
            if change is not None and form is not self.form:
                change = change._replace(values=form.colors(change.values, self.form.mode))
            yield change


def _are_equal(palette: NDArray[np.uint8] | None, other: NDArray[np.uint8] | None) -> bool:
    if palette is None or other is None:
        return palette is other
    return np.array_equal(palette, other)


def _differing_rows(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Return the rows in which two (height, width, channels) differ."""
    row_bytes = prod(before.shape[1:])
    word = np.dtype(f"u{gcd(row_bytes, 8)}")  # as the longest are compared the fastest
    flat = [
        np.ascontiguousarray(values).reshape(len(values), row_bytes).view(word)
        for values in (before, after)
    ]
    return np.flatnonzero((flat[0] != flat[1]).any(axis=1))


def _pick(values: NDArray[np.uint8], mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return those of (height, width, channels) values that a mask tells: (n, channels).

    Each is taken as a whole, as NumPy would take its channels one by one.
    """
    channels = values.shape[2]
    picked = np.ascontiguousarray(values).view(f"V{channels}")[..., 0][mask]
    return picked.view(np.uint8).reshape(-1, channels)

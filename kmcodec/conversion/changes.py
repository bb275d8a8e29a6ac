"""Find the part of a frame that must be written."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Box(NamedTuple):
    """A part of a picture, at least one pixel."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """The part as an index of an array of the picture."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


def find_box(wanted: NDArray[np.bool_]) -> Box:
    """Return the smallest part that has all that is wanted; the first pixel if nothing is."""
    rows, columns = (np.flatnonzero(wanted.any(axis)) for axis in (1, 0))
    if not len(rows):
        return Box(0, 0, 1, 1)
    return Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)

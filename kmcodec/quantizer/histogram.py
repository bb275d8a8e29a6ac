"""Find the distinct colors of pixels, and count them.

Everything that chooses or applies a palette works on distinct colors: a photograph has several
times fewer of them than pixels, a drawing thousands of times fewer. Colors are found by a trie
with one level a channel (see ``_loops/histogram.py``), which is exact, linear in the pixels,
sorted as a by-product, and small where the picture has few colors.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from ._loops import histogram as loops
from .space import opaque_channels

Entry = TypeVar("Entry", bound=np.unsignedinteger[Any])


@dataclass(frozen=True)
class Histogram:
    """The distinct colors of pixels, with the number of pixels of each.

    Attributes:
        colors: (n, c) uint8, c in 1..4, distinct, in ascending lexicographic order.
        counts: (n,) int64, each at least 1.
    """

    colors: NDArray[np.uint8]
    counts: NDArray[np.int64]

    @cached_property
    def hidden(self) -> NDArray[np.intp]:
        """The places of the colors under alpha 0, that of most pixels first."""
        if opaque_channels(self.colors) == self.colors.shape[1]:
            return np.empty(0, np.intp)
        places = np.flatnonzero(self.colors[:, -1] == 0)
        return places[np.argsort(-self.counts[places], kind="stable")]

    @property
    def seen_colors(self) -> NDArray[np.uint8]:
        """The colors, of the hidden ones only the first."""
        return np.delete(self.colors, self.hidden[1:], axis=0)

    @classmethod
    def of(cls, pixels: NDArray[np.uint8]) -> "Histogram":
        """Make the histogram of (height, width, c) uint8 pixels, c in 1..4.

        Raises:
            TypeError: pixels are not uint8.
            ValueError: pixels have another shape, or more than 2**32 - 1 of them.
        """
        return index_colors(pixels)[0]

    def merge(self, *others: Self) -> "Histogram":
        """Merge the histograms of several images, which must have as many channels.

        Raises:
            ValueError: the numbers of channels differ.
        """
        parts = (self, *others)
        colors = np.concatenate([part.colors for part in parts])
        counts = np.concatenate([part.counts for part in parts])
        distinct, (merged,) = sum_by_color(colors, counts)
        return Histogram(distinct, merged)


def index_colors(pixels: NDArray[np.uint8]) -> tuple[Histogram, NDArray[np.uint32]]:
    """Make the histogram of pixels, and find where in it each pixel's color stands.

    Args:
        pixels: (height, width, c) uint8, c in 1..4.

    Returns:
        The histogram, and (height, width) uint32 positions: ``colors[positions]`` are the pixels.

    Raises:
        TypeError: pixels are not uint8.
        ValueError: pixels have another shape, or more than 2**32 - 1 of them.
    """
    check_pixels(pixels)
    colors, positions = number_colors(pixels.reshape(-1, pixels.shape[2]))
    counts = np.zeros(len(colors), np.int64)
    loops.tally(positions, counts)
    return Histogram(colors, counts), positions.reshape(pixels.shape[:2])


def look_up(table: NDArray[Entry], positions: NDArray[np.uint32]) -> NDArray[Entry]:
    """Return ``table[positions]`` without a copy of the positions as native integers.

    Args:
        table: (n,) uint8, uint16 or uint32, one entry for each distinct color.
        positions: (height, width) uint32, below n, as :func:`index_colors` gives them.

    Returns:
        (height, width), of the table's dtype.
    """
    out = np.empty(positions.shape, table.dtype)
    loops.look_up(np.ascontiguousarray(table), positions.reshape(-1), out.reshape(-1))
    return out


def sum_by_color(
    colors: NDArray[np.uint8], *numbers: NDArray[np.int64]
) -> tuple[NDArray[np.uint8], list[NDArray[np.int64]]]:
    """Return distinct colors in ascending order, and the sums of numbers (n,) of each color."""
    distinct, positions = number_colors(colors)
    sums = [np.zeros(len(distinct), np.int64) for _ in numbers]
    for total, part in zip(sums, numbers, strict=True):
        np.add.at(total, positions, part)
    return distinct, sums


def check_pixels(pixels: NDArray[np.uint8]) -> None:
    """Raise TypeError or ValueError unless pixels are (height, width, 1..4) uint8."""
    if pixels.dtype != np.uint8:
        raise TypeError(f"pixels must be uint8, not {pixels.dtype}")
    if pixels.ndim != 3 or not 1 <= pixels.shape[2] <= 4:
        raise ValueError(f"pixels must be (height, width, 1..4), not {pixels.shape}")
    if pixels.shape[0] * pixels.shape[1] >= 2**32:
        raise ValueError(f"{pixels.shape[0]} x {pixels.shape[1]} pixels are too many to number")


def number_colors(
    pixels: NDArray[np.uint8],
) -> tuple[NDArray[np.uint8], NDArray[np.uint32]]:
    """Return distinct colors in ascending order, and the place of each of (n, c) pixels in them."""
    pixels = np.ascontiguousarray(pixels)
    nodes = np.zeros(len(pixels), np.uint32)
    colors = np.empty((min(len(pixels), 1), 0), np.uint8)
    for channel in range(pixels.shape[1]):
        bitmap = np.zeros(4 * len(colors), np.uint64)
        before = np.empty(len(bitmap), np.uint32)
        loops.mark_children(pixels, channel, nodes, bitmap)
        children = np.empty(loops.count_before(bitmap, before), np.uint32)
        loops.list_children(bitmap, children)
        loops.enter_children(pixels, channel, bitmap, before, nodes)
        colors = np.column_stack((colors[children >> 8], (children & 255).astype(np.uint8)))
    return np.ascontiguousarray(colors), nodes

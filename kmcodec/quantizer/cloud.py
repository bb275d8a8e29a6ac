"""Represent the distinct colors of pictures as points of a space, and map them to palettes."""

import math
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..format import Indices, index_dtype
from .histogram import Histogram
from .points import PointSet, four_channels
from .space import SPACES, Space

Channel = TypeVar("Channel", np.uint8, np.uint16)


class Cloud:
    """The distinct colors of a histogram as points of a space.

    Attributes:
        histogram: the n colors with their counts.
        space: the space of the points.
        points: at most n: colors that do not differ in the space share a point.
        places: (n,) the point of each color.
    """

    def __init__(
        self, histogram: Histogram, space: Space, weights: NDArray[np.int64] | None = None
    ) -> None:
        """Give each color its count, or another weight, of at least 1."""
        self.histogram = histogram
        self.space = space
        weights = histogram.counts if weights is None else weights
        self.points, self.places = PointSet.of(space.to_points(histogram.colors), weights)

    @property
    def has_levels(self) -> bool:
        """Whether points are the stored levels in units of 16, so that no colors share one."""
        return self.space is SPACES["rgb"] and self.histogram.colors.shape[1] in (1, 3)

    def map_nearest(self, palette: NDArray[np.uint8]) -> Indices:
        """Find the entry nearest to each color: one equal to it first, else the lowest on a tie.

        Args:
            palette: (k, c) uint8.

        Returns:
            (n,) uint8 if k <= 256, else uint16.
        """
        nearest: Indices = np.empty(len(self.places), index_dtype(len(palette)))
        nearest[:] = self.assign(palette)[self.places]
        if not self.has_levels:
            prefer_equal(self.histogram.colors, palette, nearest)
        return nearest

    def squared_error(self, palette: NDArray[np.uint8], nearest: Indices) -> int:
        """Sum the squared differences of levels over pixels and channels.

        Args:
            palette: (k, c) uint8.
            nearest: (n,) the entry of each color.
        """
        delta = self.histogram.colors.astype(np.int64) - palette[nearest]
        return int(np.sum(self.histogram.counts * np.sum(delta * delta, axis=1)))

    def psnr(self, palette: NDArray[np.uint8]) -> float:
        """Return the PSNR in dB of all pixels mapped to their nearest entries."""
        samples = int(self.histogram.counts.sum()) * self.histogram.colors.shape[1]
        return psnr_of(self.squared_error(palette, self.map_nearest(palette)), samples)

    def assign(self, palette: NDArray[np.uint8]) -> NDArray[np.int32]:
        """Find the palette entry nearest to each point, the lowest on a tie."""
        return self.points.assign(self.space.to_points(palette).astype(np.float64))

    def color_at(self, place: int) -> NDArray[np.uint8]:
        """Return the first color at a place among the points: (1, c)."""
        first = int(np.argmax(self.places == place))
        return self.histogram.colors[first : first + 1]


def psnr_of(squared_error: int, samples: int) -> float:
    """Return the PSNR in dB of a sum of squared differences of 8-bit samples; infinite for 0."""
    return 10 * math.log10(255**2 * samples / squared_error) if squared_error else math.inf


def prefer_equal(
    colors: NDArray[np.uint8], palette: NDArray[np.uint8], nearest: Indices | NDArray[np.int32]
) -> None:
    """Give each color that is in the palette the first entry equal to it (changes ``nearest``)."""
    entries, firsts = np.unique(row_keys(palette), return_index=True)
    keys = row_keys(colors)
    found = np.minimum(np.searchsorted(entries, keys), len(entries) - 1)
    equal = entries[found] == keys
    nearest[equal] = firsts[found[equal]]


def without(colors: NDArray[Channel], others: NDArray[Channel]) -> NDArray[Channel]:
    """Return the rows of (n, c) colors or points that are not among (m, c) others."""
    return colors[~np.isin(row_keys(colors), row_keys(others))] if len(others) else colors


def row_keys(colors: NDArray[Channel]) -> NDArray[np.unsignedinteger[Any]]:
    """Return one number for each of (n, c) colors or points: (n,)."""
    padded = four_channels(colors)
    return padded.view(f"u{4 * padded.itemsize}")[:, 0]

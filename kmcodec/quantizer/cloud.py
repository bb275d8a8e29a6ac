"""Represent the distinct colors of pictures as points of a space, and map them to palettes."""

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..format import Indices, index_dtype
from .ends import Ends
from .histogram import Histogram
from .loss import Loss, color_loss
from .points import PointSet, four_channels
from .space import Space, opaque_channels

Channel = TypeVar("Channel", np.uint8, np.uint16)


class Cloud:
    """The distinct colors of a histogram as points of a space.

    Attributes:
        histogram: the n colors with their counts.
        space: the space of the points.
        points: at most n: colors that do not differ in the space share a point.
        places: (n,) the point of each color.
        ends: the points by their kinds: of alpha 0, of alpha 255, or free.
    """

    def __init__(
        self, histogram: Histogram, space: Space, weights: NDArray[np.int64] | None = None
    ) -> None:
        """Give each color its count, or another weight, of at least 1."""
        self.histogram = histogram
        self.space = space
        weights = histogram.counts if weights is None else weights
        points = space.to_points(histogram.colors)
        self.points, self.places = PointSet.of(points, weights)
        self.ends = Ends(self.points, space.find_ends(points.shape[1]))

    @property
    def has_levels(self) -> bool:
        """Whether points are the stored levels in units of 16, so that no colors share one."""
        colors = self.histogram.colors
        return self.space.is_rgb and opaque_channels(colors) == colors.shape[1]

    @property
    def seen_colors(self) -> NDArray[np.uint8]:
        """The colors, all that are hidden as one, unless they count."""
        return self.histogram.colors if self.space.straight else self.histogram.seen_colors

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

    def loss(self, palette: NDArray[np.uint8], nearest: Indices) -> Loss:
        """Return what is lost if each color is shown by an entry.

        Args:
            palette: (k, c) uint8.
            nearest: (n,) the entry of each color.
        """
        colors, counts = self.histogram.colors, self.histogram.counts
        return color_loss(colors, counts, palette[nearest], straight=self.space.straight)

    def psnr(self, palette: NDArray[np.uint8]) -> float:
        """Return the PSNR in dB of all pixels mapped to their nearest entries."""
        return self.loss(palette, self.map_nearest(palette)).psnr

    def assign(self, palette: NDArray[np.uint8]) -> NDArray[np.int32]:
        """Find the palette entry nearest to each point, the lowest on a tie.

        What is opaque gets opaque entries only, and what is transparent transparent ones, if the
        palette has any.
        """
        return self.ends.assign(self.space.to_points(palette).astype(np.float64))

    def to_colors(self, centroids: NDArray[np.float64]) -> NDArray[np.uint8]:
        """Return the colors nearest to (k, c) centroids, of alpha 0 that of most hidden pixels."""
        colors = self.space.to_colors(centroids)
        hidden = self.histogram.hidden[:1]
        if len(hidden) and not self.space.straight:
            colors[colors[:, -1] == 0] = self.histogram.colors[hidden]
        return colors

    def color_at(self, place: int) -> NDArray[np.uint8]:
        """Return the first color at a place among the points: (1, c)."""
        first = int(np.argmax(self.places == place))
        return self.histogram.colors[first : first + 1]


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

"""Hold weighted points in Z-order, and find the nearest of some centroids for each.

K-Means does not see colors but points: integers of 12 bits a channel, in a space whose squared
distances are what is to be kept small (``space.py``). Centroids are kept on a grid of 1/4096 of
such a unit. Differences then take 24 bits, squares 48 and sums of four 50, so that squared
distances are exact in float64, whatever the order of evaluation and on every machine.

Z-order interleaves the bits of the channels, so that a range of codes with a common prefix is a
box of points; few centroids can be nearest to some point of a small box (Kanungo et al., An
efficient k-means clustering algorithm: analysis and implementation, 2002).
"""

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from ._loops import points as loops

Number = TypeVar("Number", np.uint8, np.uint16, np.int32, np.float64)

POINT_BITS: Final = 12
"""The bits of a point's channel."""

LEVEL: Final = 16
"""The units of a level of 0..255 that is stored as it is, so that it reaches 4080."""

GRID: Final = 4096
"""The steps of a centroid's channel in a unit of a point's."""

MAX_WEIGHT: Final = 1 << 36
"""The most weight of all points together, so that sums of squares fit 64 bits."""

_DEPTH: Final = 4 * POINT_BITS + 2  # of a tree with a level for each bit of a code, at most


@dataclass(frozen=True)
class PointSet:
    """Distinct points in Z-order.

    Attributes:
        points: (n, 4) uint16 in 0..4095, missing channels zero, so that they add nothing to any
            distance.
        weights: (n,) int64, each at least 1, ``MAX_WEIGHT`` at most together.
        codes: (n,) uint64, ascending.
        channels: 1..4.
    """

    points: NDArray[np.uint16]
    weights: NDArray[np.int64]
    codes: NDArray[np.uint64]
    channels: int

    @cached_property
    def squares(self) -> int:
        """The sum over points of weight times the squared distance to zero."""
        return int(np.sum(self.weights * np.sum(self.points.astype(np.int64) ** 2, axis=1)))

    @cached_property
    def _tree(self) -> tuple[NDArray[np.int32], NDArray[np.uint16]]:
        """The tree of boxes of the points, by which they are assigned: see ``_loops``."""
        most = 2 * len(self.points)
        waiting = np.empty((_DEPTH, 3), np.int32)
        nodes, boxes = np.empty((most, 3), np.int32), np.empty((most, 2, 4), np.uint16)
        count = loops.grow_tree(self.codes, self.points, waiting, nodes, boxes)
        return nodes[:count].copy(), boxes[:count].copy()

    @classmethod
    def of(
        cls, points: NDArray[np.uint16], weights: NDArray[np.int64]
    ) -> tuple["PointSet", NDArray[np.intp]]:
        """Make the set of some points, equal ones merged, and find the place of each in it.

        Args:
            points: (m, c) uint16 in 0..4095, c in 1..4, m at least 1.
            weights: (m,) int64.
        """
        codes = _interleave(points)
        order = np.argsort(codes)
        codes = codes[order]
        firsts = np.concatenate(([True], codes[1:] != codes[:-1]))
        places = np.empty(len(codes), np.intp)
        places[order] = np.cumsum(firsts) - 1
        starts = np.flatnonzero(firsts)
        merged = np.add.reduceat(weights[order], starts)
        distinct = four_channels(points[order[starts]])
        return cls(distinct, merged, codes[starts], points.shape[1]), places

    def take(self, places: NDArray[np.intp]) -> "PointSet":
        """Return the points at some places, which ascend."""
        return PointSet(
            self.points[places], self.weights[places], self.codes[places], self.channels
        )

    def coarse(self, bits: int) -> "PointSet":
        """Return the mean of the points of each cell of so many bits a channel, rounded."""
        cells = self.codes >> np.uint64(self.channels * (POINT_BITS - bits))
        starts = np.flatnonzero(np.concatenate(([True], cells[1:] != cells[:-1])))
        weights = np.add.reduceat(self.weights, starts)
        sums = np.add.reduceat(self.points * self.weights[:, np.newaxis], starts)
        halves = weights[:, np.newaxis] // 2
        points = ((sums + halves) // weights[:, np.newaxis]).astype(np.uint16)
        return PointSet(points, weights, _interleave(points[:, : self.channels]), self.channels)

    def assign(self, centroids: NDArray[np.float64]) -> NDArray[np.int32]:
        """Find the nearest of the centroids for each point, the lowest index on a tie.

        Args:
            centroids: (k, c) on the grid, in 0..4095.

        Returns:
            (n,) int32.
        """
        nodes, boxes = self._tree
        nearest = np.empty(len(self.points), np.int32)
        loops.assign_nearest(
            self.points,
            nodes,
            boxes,
            four_channels(centroids),
            np.empty((_DEPTH + 1) * len(centroids), np.int32),
            np.empty((_DEPTH, 3), np.intp),
            nearest,
        )
        return nearest


def four_channels(values: NDArray[Number]) -> NDArray[Number]:
    """Extend (n, c) values to (n, 4), missing channels zero."""
    padded = np.zeros((len(values), 4), values.dtype)
    padded[:, : values.shape[1]] = values
    return padded


def snap(centroids: NDArray[np.float64]) -> NDArray[np.float64]:
    """Move centroids to the nearest points of the grid on which distances are exact."""
    return np.rint(centroids * GRID) / GRID


def _interleave(points: NDArray[np.uint16]) -> NDArray[np.uint64]:
    channels = points.shape[1]
    codes = np.zeros(len(points), np.uint64)
    for channel in range(channels):
        codes |= _spread(channels)[points[:, channel]] << np.uint64(channels - 1 - channel)
    return codes


@cache
def _spread(channels: int) -> NDArray[np.uint64]:
    """Return each value below 4096 with its bits moved so many places apart: (4096,)."""
    values = np.arange(1 << POINT_BITS, dtype=np.uint64)
    spread = np.zeros(len(values), np.uint64)
    for bit in range(POINT_BITS):
        spread |= (values >> np.uint64(bit) & np.uint64(1)) << np.uint64(bit * channels)
    return spread

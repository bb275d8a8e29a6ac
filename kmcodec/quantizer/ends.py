"""Keep what is transparent transparent, and what is opaque opaque, however few the colors.

Points of alpha 0 and points of alpha 255 are those of an end. They may only have centroids of the
same end, if there are any, and a centroid stays at its end while it has one of them. Other points
are free to have any centroid. So K-Means goes on as before: a cluster with points of an end moves
to the mean of all its points but for what the end prescribes, which is the nearest it may be.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from .points import PointSet, snap

Floats = NDArray[np.float64]

FREE: Final = 0
TRANSPARENT: Final = 1
OPAQUE: Final = 2
"""The kinds of points and centroids: of no end, of alpha 0, of alpha 255."""

_SHARE: Final = 1 / 3
"""The least share of points of an end in the weight of a cluster that starts there. It is rather
low, as clusters leave an end in K-Means, but none comes to it."""


class Ends:
    """The points of a set, by their kinds.

    Attributes:
        kinds: (n,) uint8, the kind of each point.
    """

    def __init__(self, points: PointSet, ends: Floats) -> None:
        """Find the kinds of points by the ends, (0 or 2, c) as ``Space.find_ends`` gives them."""
        self._points = points
        self._ends = dict(zip((TRANSPARENT, OPAQUE), ends, strict=False))
        self.kinds = self.kinds_of(points.points[:, : points.channels])
        self._parts: dict[int, tuple[Any, PointSet]] = {}  # where, and which
        for kind in (FREE, *self._ends):
            places = np.flatnonzero(self.kinds == kind)
            if len(places) == len(self.kinds):
                self._parts[kind] = slice(None), points
            elif len(places):
                self._parts[kind] = places, points.take(places)

    def kinds_of(self, values: NDArray[Any]) -> NDArray[np.uint8]:
        """Return the kinds of (n, c) points or centroids: (n,)."""
        kinds = np.full(len(values), FREE, np.uint8)
        for kind, end in self._ends.items():
            kinds[values[:, -1] == end[-1]] = kind
        return kinds

    def kinds_for(self, entry_kinds: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the kind, (n,), that the entry of each point must be of; free if none is."""
        return np.where(np.isin(self.kinds, entry_kinds), self.kinds, FREE).astype(np.uint8)

    def assign(self, centroids: Floats) -> NDArray[np.int32]:
        """Find the nearest centroid that each point may have, the lowest index on a tie.

        Args:
            centroids: (k, c) on the grid, in 0..4095.

        Returns:
            (n,) int32.
        """
        kinds = self.kinds_of(centroids)
        nearest = np.empty(len(self.kinds), np.int32)
        for kind, (places, points) in self._parts.items():
            own = np.flatnonzero(kinds == kind).astype(np.int32)
            if kind == FREE or not len(own):
                nearest[places] = points.assign(centroids)
            else:
                nearest[places] = own[points.assign(centroids[own])]
        return nearest

    def settle(self, centroids: Floats, kinds: NDArray[np.uint8]) -> Floats:
        """Return (k, c) centroids with those of the ends moved there, by their kinds, (k,)."""
        settled = centroids.copy()
        for kind, end in self._ends.items():
            own = kinds == kind
            settled[own] = np.where(np.isnan(end), centroids[own], end)
        return settled

    def settle_clusters(self, means: Floats, assignment: NDArray[np.int32]) -> Floats:
        """Return the means of clusters, those with points of an end moved there.

        One that has points of both ends, as there is no other for them, is of neither.
        """
        kinds = np.zeros(len(means), np.uint8)
        for kind in self._ends:
            kinds[self._weigh(kind, assignment, len(means)) > 0] |= kind
        kinds[kinds == TRANSPARENT | OPAQUE] = FREE
        return self.settle(means, kinds)

    def settle_seeds(self, seeds: Floats, fixed: int) -> Floats:
        """Return seeds, those whose clusters are mostly of an end moved there, but not the fixed.

        There is at least one at each end of which there are points, if there are enough seeds.
        """
        if not self._ends:
            return seeds
        assignment = self._points.assign(snap(seeds))
        sizes = np.maximum(np.bincount(assignment, self._points.weights, len(seeds)), 1)
        kinds = self.kinds_of(seeds)
        kinds[fixed:] = FREE
        for kind in self._ends:
            shares = self._weigh(kind, assignment, len(seeds)) / sizes
            taken = (kinds != FREE) | (np.arange(len(seeds)) < fixed)
            most = np.argmax(np.where(taken, -1, shares))
            if kind in self._parts and not (taken[most] or (kinds == kind).any()):
                kinds[most] = kind
            kinds[~taken & (shares >= _SHARE)] = kind
        return self.settle(seeds, kinds)

    def _weigh(self, kind: int, assignment: NDArray[np.int32], k: int) -> Floats:
        """Return the weight of points of a kind in each of k clusters: (k,)."""
        if kind not in self._parts:
            return np.zeros(k)
        places, points = self._parts[kind]
        return np.bincount(assignment[places], points.weights, k).astype(np.float64)

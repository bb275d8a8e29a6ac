"""Run K-Means: the textbook form on all points, and the same result faster on distinct ones.

Both alternate two steps until no point changes its cluster (Lloyd 1982): assign every point to
its nearest centroid, the lowest index on a tie; move every centroid to the mean of its points.
A cluster left without points takes the point that is farthest from its own centroid. Centroids
that are fixed do not move, and may be left without points.

As distances are exact (``points.py``), the two forms agree to the last bit, ties included, on
every machine.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._loops import kmeans as loops
from .ends import Ends
from .points import GRID, PointSet, snap

CHUNK: Final = 1 << 22  # distances held at once by the textbook form: 32 MB


@dataclass(frozen=True)
class Trace:
    """A record of what K-Means did in t iterations, a row for each; k clusters, c channels.

    Attributes:
        centroids: (t + 1, k, c) float64, the seeds first, in units of the points.
        inertia: (t,) float64, sum over points of weight times the squared distance to the mean of
            their cluster.
        changed: (t,) int64, weight of the points assigned to another cluster than before; at
            first all.
    """

    centroids: NDArray[np.float64]
    inertia: NDArray[np.float64]
    changed: NDArray[np.int64]

    @classmethod
    def of_exact(cls, entries: NDArray[np.uint8 | np.uint16]) -> "Trace":
        """Make the trace of entries that needed no K-Means."""
        return cls(entries[np.newaxis].astype(np.float64), np.empty(0), np.empty(0, np.int64))


@dataclass(frozen=True)
class Clustering:
    """The result of K-Means on n points.

    Attributes:
        centroids: (k, c) float64 in 0..4095, the means of the clusters.
        assignment: (n,) int32, the cluster of each; every cluster but the fixed has at least one.
        inertia: sum over points of weight times the squared distance to their centroid.
        trace: the record of its iterations.
    """

    centroids: NDArray[np.float64]
    assignment: NDArray[np.int32]
    trace: Trace

    @property
    def inertia(self) -> float:
        """The inertia of the last iteration."""
        return float(self.trace.inertia[-1])


class Step(NamedTuple):
    """The result of one iteration: the moved centroids, and what a trace keeps."""

    centroids: NDArray[np.float64]
    assignment: NDArray[np.int32]
    inertia: float
    changed: int


def textbook_kmeans(
    points: NDArray[np.uint16], centroids: NDArray[np.float64], iterations: int, *, fixed: int = 0
) -> Clustering:
    """Run K-Means as textbooks give it: compare every point with every centroid.

    Args:
        points: (n, c) uint16 in 0..4095 with at least k distinct ones.
        centroids: (k, c) seeds in 0..4095.
        iterations: the most iterations, at least 1.
        fixed: so many of the first centroids do not move.

    Raises:
        ValueError: fewer distinct points than centroids, or no iteration.
    """
    weights = np.ones(len(points), np.int64)
    before = np.full(len(points), -1, np.int32)
    held = snap(centroids[:fixed])

    def step(centroids: NDArray[np.float64]) -> Step:
        assignment = _assign_by_cdist(points, centroids)
        changed = int(np.count_nonzero(assignment != before))
        means = _fill_empty_clusters(points, weights, assignment, centroids, fixed)
        means[:fixed] = held
        before[:] = assignment
        inertia = float(np.sum(_squared_distances(points, means[assignment])))
        return Step(means, assignment, inertia, changed)

    return _iterate(step, centroids, iterations, tolerance=0)


def weighted_kmeans(
    points: PointSet,
    centroids: NDArray[np.float64],
    iterations: int,
    *,
    fixed: int = 0,
    ends: Ends | None = None,
    tolerance: float = 0,
    progress: Callable[[], object] = lambda: None,
) -> Clustering:
    """Compute the result of :func:`textbook_kmeans` from distinct points with weights.

    Assignments are exact, found by the filtering algorithm (:meth:`.points.PointSet.assign`);
    sums are of integers.

    Args:
        points: n points, n >= k.
        centroids: (k, c) seeds in 0..4095.
        iterations: the most iterations, at least 1.
        fixed: so many of the first centroids do not move.
        ends: the kinds of the points, where centroids are to keep to those.
        tolerance: stop as soon as an iteration lowers the inertia by less than this share of it;
            0 waits until no assignment changes.
        progress: called after each iteration.

    Raises:
        ValueError: fewer points than centroids, or no iteration.
    """
    k, channels = centroids.shape
    weights = points.weights
    before = np.full(len(weights), -1, np.int32)
    sums = np.empty((k, 4), np.int64)
    sizes = np.empty(k, np.int64)
    shifts = np.empty((k, channels))

    def step(centroids: NDArray[np.float64]) -> Step:
        assignment = (ends or points).assign(centroids)
        changed = loops.sum_clusters(points.points, weights, assignment, before, sums, sizes)
        if not sizes[fixed:].all():
            flat = points.points[:, :channels]
            _fill_empty_clusters(flat, weights, assignment, centroids, fixed)
            loops.sum_clusters(points.points, weights, assignment, before, sums, sizes)
        means = centroids.copy()
        loops.move_centroids(sums, sizes, fixed, GRID, means)
        if ends:
            means = ends.settle_clusters(means, assignment)
            means[:fixed] = centroids[:fixed]
        # The sum of w |x - m|^2 is that of w |x|^2, and of w |m|^2 - 2 m x: in any order (fsum).
        loops.shift_squares(sums, sizes, means, shifts)
        inertia = max(0.0, math.fsum([points.squares, *shifts.ravel().tolist()]))
        progress()
        return Step(means, assignment, inertia, changed)

    return _iterate(step, centroids, iterations, tolerance)


def _iterate(
    step: Callable[[NDArray[np.float64]], Step],
    seeds: NDArray[np.float64],
    iterations: int,
    tolerance: float,
) -> Clustering:
    if iterations < 1:
        raise ValueError(f"iterations must be at least 1, not {iterations}")
    centroids = snap(seeds)
    path, inertia, changed = [centroids], [math.inf], []
    for _ in range(iterations):
        centroids, assignment, after, moved = step(centroids)
        path.append(centroids)
        inertia.append(after)
        changed.append(moved)
        gain = inertia[-2] - after
        # If weights are large, the inertia is rounded, and may seem to rise a little.
        if moved == 0 or (tolerance > 0 and gain < tolerance * inertia[-2]):
            break
    trace = Trace(np.array(path), np.array(inertia[1:]), np.array(changed, np.int64))
    return Clustering(centroids, assignment, trace)


def _assign_by_cdist(
    points: NDArray[np.uint16], centroids: NDArray[np.float64]
) -> NDArray[np.int32]:
    from scipy.spatial.distance import cdist  # here, as importing it takes longer than a sprite

    assignment = np.empty(len(points), np.int32)
    rows = max(1, CHUNK // len(centroids))
    for first in range(0, len(points), rows):
        part = slice(first, first + rows)
        distances = cdist(points[part].astype(np.float64), centroids, "sqeuclidean")
        assignment[part] = np.argmin(distances, axis=1)
    return assignment


def _fill_empty_clusters(
    points: NDArray[np.uint16],
    weights: NDArray[np.int64],
    assignment: NDArray[np.int32],
    centroids: NDArray[np.float64],
    fixed: int,
) -> NDArray[np.float64]:
    """Give each empty cluster a point, and return all means (changes the assignment).

    A point moves whole, as equal ones cannot be told apart. As it is at some distance from its
    centroid, it leaves others behind there, unless that is fixed. Of several, the lowest moves.
    """
    k = len(centroids)
    while True:
        sizes = np.bincount(assignment, weights, k)
        sums = [np.bincount(assignment, weights * channel, k) for channel in points.T]
        means = snap(np.column_stack(sums) / np.maximum(sizes, 1)[:, np.newaxis])
        means[:fixed] = centroids[:fixed]
        empty = np.flatnonzero(sizes[fixed:] == 0)
        if not len(empty):
            return means
        distances = _squared_distances(points, means[assignment])
        farthest = float(np.max(distances))
        if farthest == 0:
            raise ValueError(f"there are fewer distinct points than the {k} centroids")
        point = min(map(tuple, points[distances == farthest].tolist()))
        assignment[np.all(points == point, axis=1)] = fixed + empty[0]


def _squared_distances(
    points: NDArray[np.uint16], centroids: NDArray[np.float64]
) -> NDArray[np.float64]:
    distances: NDArray[np.float64] = np.sum((points - centroids) ** 2, axis=1)
    return distances

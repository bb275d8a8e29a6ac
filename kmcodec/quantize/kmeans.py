"""K-Means: the textbook form on pixels, and the same result faster on distinct colors.

Both alternate two steps until no pixel changes its cluster (Lloyd 1982): assign every pixel to
its nearest centroid, the lowest index on a tie; move every centroid to the mean of its pixels.
A cluster left without pixels takes the color that is farthest from its own centroid.

Centroids are kept on a grid of 1/65536 of a level. Squared distances from 8-bit colors then fit
the 53 bits of a float64 exactly. So the two forms agree to the last bit, ties included, on every
machine, whatever the order of evaluation.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._kernels import kmeans as kernel
from .mapping import NearestSearch

GRID = 65536
CHUNK = 1 << 22  # distances held at once by the textbook form: 32 MB


@dataclass(frozen=True)
class Trace:
    """What K-Means did, one row an iteration; t iterations, k clusters, c channels.

    Attributes:
        centroids: (t + 1, k, c) float64, the seeds first.
        inertia: (t,) float64, sum over pixels of the squared distance to the mean of their cluster.
        changed: (t,) int64, pixels assigned to another cluster than before; at first all.
    """

    centroids: NDArray[np.float64]
    inertia: NDArray[np.float64]
    changed: NDArray[np.int64]

    @classmethod
    def of_exact(cls, palette: NDArray[np.uint8]) -> "Trace":
        """The trace of a palette that needed no K-Means."""
        return cls(palette[np.newaxis].astype(np.float64), np.empty(0), np.empty(0, np.int64))


@dataclass(frozen=True)
class Clustering:
    """The result of K-Means on n pixels or colors.

    Attributes:
        centroids: (k, c) float64 in 0..255, the means of the clusters.
        assignment: (n,) int32, the cluster of each; every cluster has at least one.
        trace: how it came about.
    """

    centroids: NDArray[np.float64]
    assignment: NDArray[np.int32]
    trace: Trace


class Step(NamedTuple):
    """One iteration: the moved centroids, and what a trace keeps."""

    centroids: NDArray[np.float64]
    assignment: NDArray[np.int32]
    inertia: float
    changed: int


def textbook_kmeans(
    pixels: NDArray[np.uint8], centroids: NDArray[np.float64], iterations: int
) -> Clustering:
    """K-Means as textbooks give it: every pixel compared with every centroid.

    Args:
        pixels: (n, c) uint8 with at least k distinct colors.
        centroids: (k, c) seeds in 0..255.
        iterations: the most iterations, at least 1.

    Raises:
        ValueError: fewer distinct colors than centroids, or no iteration.
    """
    weights = np.ones(len(pixels), np.int64)
    before = np.full(len(pixels), -1, np.int32)

    def step(centroids: NDArray[np.float64]) -> Step:
        assignment = _assign_by_cdist(pixels, centroids)
        changed = int(np.count_nonzero(assignment != before))
        means = _fill_empty_clusters(pixels, weights, assignment, len(centroids))
        before[:] = assignment
        inertia = float(np.sum(_squared_distances(pixels, means[assignment])))
        return Step(means, assignment, inertia, changed)

    return _iterate(step, centroids, iterations, tolerance=0)


def weighted_kmeans(
    colors: NDArray[np.uint8],
    counts: NDArray[np.int64],
    centroids: NDArray[np.float64],
    iterations: int,
    *,
    tolerance: float = 0,
) -> Clustering:
    """The result of :func:`textbook_kmeans`, from distinct colors with counts.

    Assignments are exact, found by the filtering algorithm (:class:`.mapping.NearestSearch`);
    sums are of integers.

    Args:
        colors: (n, c) uint8, distinct, n >= k.
        counts: (n,) int64, pixels of each color.
        centroids: (k, c) seeds in 0..255.
        iterations: the most iterations, at least 1.
        tolerance: stop as soon as an iteration lowers the inertia by less than this share of it;
            0 waits until no assignment changes.

    Raises:
        ValueError: fewer colors than centroids, or no iteration.
    """
    k, channels = centroids.shape
    search = NearestSearch(colors)
    weights = np.ascontiguousarray(counts[search.order])
    before = np.full(len(colors), -1, np.int32)
    sums = np.empty((k, 4), np.int64)
    sizes = np.empty(k, np.int64)
    squares = int(np.sum(weights * np.sum(search.colors.astype(np.int64) ** 2, axis=1)))

    def step(centroids: NDArray[np.float64]) -> Step:
        assignment = search.assign(centroids)
        changed = kernel.sum_clusters(search.colors, weights, assignment, before, sums, sizes)
        if not sizes.all():
            _fill_empty_clusters(search.colors, weights, assignment, k)
            kernel.sum_clusters(search.colors, weights, assignment, before, sums, sizes)
        means = snap(sums / sizes[:, np.newaxis])
        inertia = _inertia(squares, means, sums, sizes)
        return Step(np.ascontiguousarray(means[:, :channels]), assignment, inertia, changed)

    result = _iterate(step, centroids, iterations, tolerance)
    assignment = np.empty_like(result.assignment)
    assignment[search.order] = result.assignment
    return Clustering(result.centroids, assignment, result.trace)


def snap(centroids: NDArray[np.float64]) -> NDArray[np.float64]:
    """The nearest points of the grid on which distances are exact."""
    return np.rint(centroids * GRID) / GRID


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
        if moved == 0 or inertia[-2] - after < tolerance * inertia[-2]:
            break
    trace = Trace(np.array(path), np.array(inertia[1:]), np.array(changed, np.int64))
    return Clustering(centroids, assignment, trace)


def _assign_by_cdist(
    pixels: NDArray[np.uint8], centroids: NDArray[np.float64]
) -> NDArray[np.int32]:
    from scipy.spatial.distance import cdist  # only here: importing it takes longer than a sprite

    assignment = np.empty(len(pixels), np.int32)
    rows = max(1, CHUNK // len(centroids))
    for first in range(0, len(pixels), rows):
        part = slice(first, first + rows)
        distances = cdist(pixels[part].astype(np.float64), centroids, "sqeuclidean")
        assignment[part] = np.argmin(distances, axis=1)
    return assignment


def _fill_empty_clusters(
    colors: NDArray[np.uint8],
    weights: NDArray[np.int64],
    assignment: NDArray[np.int32],
    k: int,
) -> NDArray[np.float64]:
    """The means of all clusters, each empty one given a color first (changes the assignment).

    A color moves whole, as its pixels cannot be told apart. It is at some distance from its
    centroid, so it leaves others behind there. Of several, the lowest moves.
    """
    while True:
        sizes = np.bincount(assignment, weights, k)
        sums = [np.bincount(assignment, weights * channel, k) for channel in colors.T]
        means = snap(np.column_stack(sums) / np.maximum(sizes, 1)[:, np.newaxis])
        if sizes.all():
            return means
        distances = _squared_distances(colors, means[assignment])
        farthest = float(np.max(distances))
        if farthest == 0:
            raise ValueError(f"there are fewer distinct colors than the {k} centroids")
        color = min(map(tuple, colors[distances == farthest].tolist()))
        assignment[np.all(colors == color, axis=1)] = np.argmin(sizes)


def _squared_distances(
    colors: NDArray[np.uint8], centroids: NDArray[np.float64]
) -> NDArray[np.float64]:
    distances: NDArray[np.float64] = np.sum((colors - centroids) ** 2, axis=1)
    return distances


def _inertia(
    squares: int,
    means: NDArray[np.float64],
    sums: NDArray[np.int64],
    sizes: NDArray[np.int64],
) -> float:
    """Sum of w |x - m|^2, as sum of w |x|^2 - 2 m sum of w x + w |m|^2, in no order (fsum)."""
    cross = means * (sizes[:, np.newaxis] * means - 2 * sums)
    return max(0.0, math.fsum([squares, *cross.ravel().tolist()]))

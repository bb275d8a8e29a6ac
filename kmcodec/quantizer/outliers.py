"""Give colors that are far from all others an entry, though few pixels have them.

A red berry on a green meadow is what one looks at, and adds next to nothing to the mean error: so
K-Means has it brown. One pair of clusters is merged for each such color, as long as that raises the
inertia by little; from there, K-Means leaves the new cluster where it is.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ._loops import search as loops
from .kmeans import Clustering
from .points import PointSet

_FAR: Final = 6  # times the root mean squared distance: hardly any color, if all are of a kind
_TOGETHER: Final = 1 / 2  # of the distance to its centroid: what is as near as that goes along
_LEAST_SHARE: Final = 1 / 5000  # of all weight; less may be noise
_MOST_RISE: Final = 1.06  # of the inertia, in all: a quarter of a dB
_MOST_OUTLIERS: Final = 4  # clusters that are merged for them
_SETTLING: Final = 20  # iterations

Settle = Callable[[NDArray[np.float64], int], Clustering]
"""Runs K-Means on points from (k, c) centroids, for so many iterations."""


def serve_outliers(
    points: PointSet, clustering: Clustering, fixed: int, settle: Settle
) -> Clustering:
    """Return a clustering in which colors far from all centroids have got centroids, if any are.

    Args:
        points: n points.
        clustering: of these into k clusters.
        fixed: so many of the first centroids do not move.
        settle: runs K-Means on these points.
    """
    allowed = _MOST_RISE * clustering.inertia
    for _ in range(_MOST_OUTLIERS if len(clustering.centroids) - fixed > 2 else 0):
        seed = _find_outlier(points, clustering)
        if seed is None:
            break
        changed = settle(_replace_cheapest(points, clustering, fixed, seed), _SETTLING)
        if changed.inertia > allowed:
            break
        clustering = changed
    return clustering


def _find_outlier(points: PointSet, clustering: Clustering) -> NDArray[np.float64] | None:
    """Return the mean of the points around the one that adds most of those far away, or None."""
    flat = points.points[:, : points.channels].astype(np.float64)
    distances = _squares(flat - clustering.centroids[clustering.assignment])
    total = int(points.weights.sum())
    mean = int(np.sum(points.weights * np.rint(distances).astype(np.int64))) / total
    far = distances > _FAR**2 * mean
    worst = np.argmax(np.where(far, points.weights * distances, -1))
    near = far & (_squares(flat - flat[worst]) <= _TOGETHER**2 * distances[worst])
    weights = points.weights[near]
    if not len(weights) or int(weights.sum()) < _LEAST_SHARE * total:
        return None
    sums = np.sum(points.points[near, : points.channels] * weights[:, np.newaxis], axis=0)
    return np.asarray(sums / weights.sum(), np.float64)


def _replace_cheapest(
    points: PointSet, clustering: Clustering, fixed: int, seed: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return centroids with the two merged that cost least, and the seed for one of them."""
    centroids = clustering.centroids.copy()
    k = len(centroids)
    sizes = np.bincount(clustering.assignment, points.weights, k).astype(np.float64)
    partner, costs = np.empty(k, np.intp), np.empty(k)
    loops.cheapest_merges(centroids, sizes, fixed, partner, costs)
    freed = int(np.argmin(costs))
    pair = [freed, partner[freed]]
    merged = np.sum(centroids[pair] * sizes[pair, np.newaxis], axis=0) / np.sum(sizes[pair])
    centroids[partner[freed]], centroids[freed] = merged, seed
    return centroids


def _squares(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return squared lengths, (n,), summed in the order of channels."""
    squares = np.zeros(len(vectors))
    for channel in vectors.T:
        squares += channel * channel
    return squares

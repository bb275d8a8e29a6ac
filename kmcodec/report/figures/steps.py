"""Run K-Means as textbooks do, from random centroids, and keep every step for figures."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.random import PCG64, Generator
from numpy.typing import NDArray

from ...quantizer.histogram import Histogram
from ...quantizer.kmeans import weighted_kmeans
from ...quantizer.points import LEVEL, PointSet
from ...quantizer.seeding import random_seeding

_ITERATIONS: Final = 20
_TOLERANCE: Final = 1e-3
"""An iteration that gains less of the inertia cannot be seen."""

_SHOWN: Final = 4000
"""The most points that are drawn: more hide one another."""

_EXAMPLE_POINTS: Final = 300
_EXAMPLE_COLORS: Final = np.array([[228, 87, 46], [31, 120, 180], [51, 160, 44], [152, 78, 163]])
_GRAY: Final = np.array([150, 150, 150])

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Run:
    """What K-Means did on points of c channels, k clusters in t iterations.

    Attributes:
        points: (n, c) those that are drawn, in levels.
        weights: (n,) how many pixels each is.
        own: (n, 3) the color of each in 0..1, before it is in a cluster.
        centroids: (t + 1, k, c) in levels, the random ones first.
        labels: (t + 1, n) the nearest of the centroids of each iteration.
        inertia: (t,) the sum of squared distances after each.
        hues: (k, 3) the colors that clusters are drawn in, in 0..1; None for their centroid's.
    """

    points: Floats
    weights: NDArray[np.int64]
    own: Floats
    centroids: Floats
    labels: NDArray[np.int32]
    inertia: Floats
    hues: Floats | None

    @property
    def iterations(self) -> int:
        """How often centroids have moved."""
        return len(self.inertia)

    @property
    def is_example(self) -> bool:
        """Whether the points are in two dimensions, and no colors."""
        return self.hues is not None

    def shades(self, iteration: int) -> Floats:
        """Return the colors of clusters: (k, 3) in 0..1."""
        return self.centroids[iteration] / 255 if self.hues is None else self.hues


def follow_colors(pixels: NDArray[np.uint8], colors: int, seed: int) -> Run:
    """Run K-Means on the colors of (height, width, 3 or 4) pixels, but for what alpha 0 hides."""
    seen = pixels.reshape(1, -1, pixels.shape[2])
    if pixels.shape[2] == 4:
        opaque = seen[seen[..., 3] > 0]
        seen = opaque[np.newaxis] if len(opaque) else seen
    histogram = Histogram.of(np.ascontiguousarray(seen[..., :3]))
    points = (histogram.colors * np.uint16(LEVEL)).astype(np.uint16)
    return _follow(points, histogram.counts, colors, seed)


def follow_example(seed: int) -> Run:
    """Run K-Means on points around as many places in the plane as there are clusters."""
    random = Generator(PCG64(seed))
    places = np.array([[70, 60], [190, 70], [80, 190], [185, 185]])
    spread = random.normal(0, 24, (_EXAMPLE_POINTS, 2))
    points = places[random.integers(0, len(places), _EXAMPLE_POINTS)] + spread
    levels = (points.clip(0, 255) * LEVEL).astype(np.uint16)
    ones = np.ones(_EXAMPLE_POINTS, np.int64)
    return _follow(levels, ones, len(places), seed, _EXAMPLE_COLORS / 255)


def _follow(
    points: NDArray[np.uint16],
    weights: NDArray[np.int64],
    k: int,
    seed: int,
    hues: Floats | None = None,
) -> Run:
    """Run K-Means on (n, c) points, with at most k clusters."""
    distinct, _ = PointSet.of(points, weights)
    seeds = random_seeding(distinct, min(k, len(distinct.points)), seed)
    trace = weighted_kmeans(distinct, seeds, _ITERATIONS, tolerance=_TOLERANCE).trace
    labels = np.stack([distinct.assign(centroids) for centroids in trace.centroids])
    shown = _choose_shown(distinct.weights, seed)
    levels = distinct.points[shown, : points.shape[1]] / LEVEL
    own = levels / 255 if hues is None else np.broadcast_to(_GRAY / 255, (len(shown), 3))
    return Run(
        levels,
        distinct.weights[shown],
        own,
        trace.centroids / LEVEL,
        labels[:, shown],
        trace.inertia / LEVEL**2,
        hues,
    )


def _choose_shown(weights: NDArray[np.int64], seed: int) -> NDArray[np.intp]:
    """Draw the places of points by their weights, or return all if they are few."""
    if len(weights) <= _SHOWN:
        return np.arange(len(weights))
    shares = weights / weights.sum()
    return np.sort(Generator(PCG64(seed)).choice(len(weights), _SHOWN, replace=False, p=shares))

"""Find better centroids than K-Means alone: merge clusters that cost little, split others.

K-Means stops at the next local minimum. From there, some clusters are merged in pairs and as many
split, K-Means goes on for a few iterations, and what is better is kept (Kaukoranta, Franti &
Nevalainen, Iterative split-and-merge algorithm for vector quantization codebook generation, 1998;
choosing with some chance as Franti, Efficiency of random swap clustering, 2018, lets a search go on
where a greedy one repeats itself). All this is done on the means of coarse cells, where an
iteration takes a tenth of a millisecond.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.random import PCG64
from numpy.typing import NDArray

from ._loops import search as loops
from .kmeans import Clustering, weighted_kmeans
from .outliers import serve_outliers
from .points import POINT_BITS, PointSet
from .seeding import kmeanspp_seeding, wu_seeding

MAX_SEARCHED: Final = 512
"""The most clusters of a search: pairs of more would take too much memory and time."""

_LEAST_PIXELS: Final = 4096  # a picture of fewer gets the effort of one of so many
_WHOLE_PIXELS: Final = 16384  # a picture of so many gets the whole effort of its speed
_PIXELS_OF_CELL: Final = 4  # noise has as many colors as pixels, and gains least by a search
_WORK_OF_PIXEL: Final = 400  # assignments of cells to clusters, in all rounds together
_FEW_POINTS: Final = 4096  # so few points are searched as they are
_CELLS_OF_CLUSTER: Final = 16  # means of fewer cells hide what K-Means would do
_LEAST_ITERATIONS: Final = 20  # however many clusters
_ITERATIONS_OF_CLUSTERS: Final = 1 << 20  # a trace holds so many centroids, about
_NUDGED_CLUSTERS: Final = 4096  # of more, rounding takes as long as K-Means
_CHANCE: Final = 0.97  # how far below its value a gain can be drawn
_COARSE_TOLERANCE: Final = 1e-3


class Effort(NamedTuple):
    """The effort that is spent on a palette.

    Attributes:
        starts: seedings of which the best is kept: Wu's, and others by k-means++.
        rounds: of splitting and merging.
        settling: K-Means iterations after each, before it shows whether it was a good one.
        cell_bits: bits a channel of the cells that are searched.
        iterations: most iterations of K-Means on all points, at the end.
        tolerance: the tolerance at which these iterations stop.
        nudges: rounds in which rounding entries the other way is tried.
    """

    starts: int
    rounds: int
    settling: int
    cell_bits: int
    iterations: int
    tolerance: float
    nudges: int


EFFORTS: Final = {
    1: Effort(64, 800, 10, 7, 1000, 0, 40),
    2: Effort(32, 200, 5, 6, 300, 1e-5, 20),
    3: Effort(16, 60, 3, 5, 100, 1e-5, 8),
    4: Effort(16, 40, 3, 5, 100, 1e-4, 6),
    5: Effort(12, 20, 3, 5, 100, 1e-4, 4),
    6: Effort(6, 10, 3, 5, 100, 2e-4, 2),
    7: Effort(1, 5, 3, 5, 100, 5e-4, 0),
    8: Effort(1, 0, 0, 5, 20, 1e-3, 0),
    9: Effort(1, 0, 0, 5, 5, 3e-3, 0),
    10: Effort(1, 0, 0, 5, 1, 0, 0),
}
"""The most effort of each ``speed``: starts for 16 clusters, rounds for 64."""


def choose_effort(
    speed: int, k: int, pixels: int, starts: int | None, iterations: int | None
) -> Effort:
    """Return the effort of a speed for k clusters, or what is asked for instead.

    There are as many fewer starts, rounds, iterations and nudges as there are more clusters: these
    take longer, and gain less. There are fewer starts and rounds for small pictures, whose time
    they are most of.
    """
    effort = EFFORTS[speed]
    size = min(max(pixels, _LEAST_PIXELS), _WHOLE_PIXELS)
    usual_starts = max(1, effort.starts * 16 // max(k, 16))
    usual_rounds = min(effort.rounds * 64 // max(k, 64), 10 * k)
    most = max(_LEAST_ITERATIONS, _ITERATIONS_OF_CLUSTERS // k)
    return effort._replace(
        starts=-(-usual_starts * size // _WHOLE_PIXELS) if starts is None else starts,
        rounds=-(-usual_rounds * size // _WHOLE_PIXELS),
        iterations=min(effort.iterations, most) if iterations is None else iterations,
        nudges=effort.nudges * _NUDGED_CLUSTERS // max(k, _NUDGED_CLUSTERS),
    )


def search_centroids(
    points: PointSet,
    k: int,
    effort: Effort,
    pixels: int,
    seed: int,
    held: NDArray[np.float64],
    progress: Callable[[], object],
    *,
    outliers: bool = False,
) -> NDArray[np.float64]:
    """Find where K-Means on all points should start.

    Args:
        points: n points, n >= k.
        k: 1..n, those held included.
        effort: what to spend, at most.
        pixels: how many there are, as time is to be in proportion to them.
        seed: for all that is drawn at random.
        held: (f, c) centroids that do not move, f <= k.
        progress: called after each start and each round.
        outliers: whether few points far from all others are to have a centroid, at some cost.

    Returns:
        (k, c) float64, those held first.
    """
    fixed = len(held)
    if k > MAX_SEARCHED or not (effort.starts > 1 or effort.rounds):
        return np.vstack((held, wu_seeding(points, k - fixed)))
    pixels = max(pixels, _LEAST_PIXELS)
    coarse = choose_cells(points, k, effort.cell_bits, pixels // _PIXELS_OF_CELL)

    def settle(seeds: NDArray[np.float64], iterations: int = 100) -> Clustering:
        return weighted_kmeans(
            coarse,
            seeds,
            iterations,
            fixed=fixed,
            tolerance=_COARSE_TOLERANCE,
        )

    best = settle(np.vstack((held, wu_seeding(coarse, k - fixed))))
    progress()
    for start in range(1, effort.starts):
        other = settle(np.vstack((held, kmeanspp_seeding(coarse, k - fixed, seed + start))))
        best = min(best, other, key=lambda clustering: clustering.inertia)
        progress()
    draws = PCG64(seed)
    most = min(max(2, k // 16), (k - fixed) // 2)
    pairs = most
    affordable = _WORK_OF_PIXEL * pixels // (len(coarse.points) * max(effort.settling, 1))
    for _ in range(min(effort.rounds, affordable) if most else 0):
        changed = settle(split_and_merge(coarse, best, pairs, fixed, draws), effort.settling)
        if changed.inertia < best.inertia:
            best = changed
        else:  # fewer, as bad changes hide good ones; after one pair, more again
            pairs = pairs - 1 if pairs > 1 else most // 2 + 1
        progress()
    return (serve_outliers(coarse, best, fixed, settle) if outliers else best).centroids


def choose_cells(points: PointSet, k: int, bits: int, most: int) -> PointSet:
    """Return means of cells of so many bits, or all points if few.

    Cells have fewer bits where there are more than ``most``, and more bits, up to those of points,
    where there are not enough for k clusters.
    """
    if len(points.points) <= min(most, _FEW_POINTS):
        return points
    least = _CELLS_OF_CLUSTER * k
    cells = points.coarse(bits)
    while len(cells.points) > most and len((coarser := points.coarse(bits - 1)).points) >= least:
        cells, bits = coarser, bits - 1
    while len(cells.points) < least:
        bits += 1
        if bits == POINT_BITS:
            return points
        cells = points.coarse(bits)
    return cells


def split_and_merge(
    points: PointSet, clustering: Clustering, pairs: int, fixed: int, draws: PCG64
) -> NDArray[np.float64]:
    """Return centroids with so many clusters split and as many pairs merged.

    Those are split whose variance along some channel is large, at one standard deviation to either
    side of the mean. Of pairs of nearest clusters, those are merged whose inertia that raises
    least (Ward 1963): by n m / (n + m) times their squared distance.
    """
    centroids = clustering.centroids.copy()
    k, channels = centroids.shape
    sizes, spread = np.zeros(k), np.zeros((k, channels))
    labels = clustering.assignment
    loops.spread_clusters(points.points, points.weights, labels, centroids, sizes, spread)
    axis = np.argmax(spread, axis=1)
    gains = spread[np.arange(k), axis]
    partner, costs = np.empty(k, np.intp), np.empty(k)
    loops.cheapest_merges(centroids, sizes, fixed, partner, costs)
    chance = 1 - _CHANCE * (draws.random_raw(2 * k) >> np.uint64(11)).reshape(2, k) / 2.0**53
    split = np.argsort(-gains * chance[0], kind="stable")
    merge = iter(np.argsort(costs / chance[1], kind="stable").tolist())
    taken = np.arange(k) < fixed
    split = split[~taken[split]][:pairs]
    taken[split] = True
    for cluster in split.tolist():
        freed = next((m for m in merge if not taken[m] and not taken[partner[m]]), None)
        if freed is None:
            break
        kept = partner[freed]
        taken[[freed, kept]] = True
        pair = [freed, kept]
        centroids[kept] = np.sum(centroids[pair] * sizes[pair, np.newaxis], axis=0) / np.sum(
            sizes[pair]
        )
        centroids[freed] = centroids[cluster]
        offset = np.sqrt(gains[cluster] / sizes[cluster])
        centroids[cluster, axis[cluster]] -= offset
        centroids[freed, axis[cluster]] += offset
    return centroids.clip(0, 4095)

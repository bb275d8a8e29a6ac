"""Round centroids to palette entries of 8 bits that are distinct, all in use, and lose little.

Each centroid rounded for itself adds a twelfth of a squared level a channel to the error, which at
256 colors is about a percent of it. Rounding some of them the other way can make up for a part of
that, as pixels then change sides.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ._loops.kmeans import sum_clusters
from ._loops.rounding import tally_moves
from .cloud import Cloud, row_keys
from .points import LEVEL, four_channels
from .space import opaque_channels

_PARTS: Final = 2  # half of the entries are tried in one round, the others in the next
_WORTH: Final = 0.1  # levels from the mean, above which rounding the other way is tried


def round_centroids(
    cloud: Cloud, centroids: NDArray[np.float64], fixed: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """Round centroids to a palette of as many distinct entries, the fixed ones first.

    Rounding may make two centroids one, or leave one no color. Each such entry becomes the color
    that then adds most to the squared error. As this lowers the error, it ends, with fewer entries
    if no error is left.

    Args:
        cloud: the colors.
        centroids: (k, c) float64 in 0..4095, those of the fixed entries first.
        fixed: (f, c) uint8.

    Returns:
        (k, c) uint8.
    """
    palette = _append_new(fixed, cloud.to_colors(centroids[len(fixed) :]))
    while True:
        nearest = cloud.assign(palette)
        used = _used(nearest, palette, fixed)
        if len(palette) == len(centroids) and used.all():
            return palette
        distances = _squared_distances(cloud, cloud.space.to_points(palette)[nearest])
        palette = palette[used]
        while len(palette) < len(centroids):
            worst = int(np.argmax(cloud.points.weights * distances))
            if distances[worst] == 0:
                return palette
            color = cloud.color_at(worst)
            palette = np.vstack((palette, color))
            entry = cloud.space.to_points(color)
            distances = np.minimum(distances, _squared_distances(cloud, entry))


def nudge_entries(
    cloud: Cloud, palette: NDArray[np.uint8], fixed: NDArray[np.uint8], rounds: int
) -> NDArray[np.uint8]:
    """Round some channels of a palette the other way, without raising the error.

    In each round half of the entries move by one level towards the mean of their colors, in the
    channel that is farthest from it, and the moves that pay are kept.

    Args:
        cloud: colors whose points are levels in units of 16.
        palette: (k, c) uint8, distinct entries all in use but the fixed.
        fixed: (f, c) uint8, the first entries, which stay.
        rounds: how often.

    Returns:
        (k, c) uint8, as distinct and in use.
    """
    numbers = np.arange(len(palette))
    nearest = cloud.assign(palette)
    for turn in range(rounds):
        offsets = _mean_offsets(cloud, palette, nearest)
        channel = np.argmax(np.abs(offsets), axis=1)
        offset = offsets[numbers, channel]
        tried = (numbers % _PARTS == turn % _PARTS) & (np.abs(offset) > _WORTH)
        tried[: len(fixed)] = False
        moved = palette.copy()
        step = np.where(offset > 0, 1, 255).astype(np.uint8)  # 255 is -1: no mean is out of range
        moved[tried, channel[tried]] += step[tried]
        changes, _ = _tally(cloud, (palette, nearest), (moved, cloud.assign(moved)), tried)
        kept = changes < 0
        moved = np.where(kept[:, np.newaxis], moved, palette)
        moved_nearest = cloud.assign(moved)
        _, total = _tally(cloud, (palette, nearest), (moved, moved_nearest), kept)
        if total < 0 and _used(moved_nearest, moved, fixed).all():
            palette, nearest = moved, moved_nearest
    return palette


def keep_pure(
    cloud: Cloud, palette: NDArray[np.uint8], fixed: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """Make an entry pure black, or white, if at least half of what it shows is so.

    Args:
        cloud: the colors.
        palette: (k, c) uint8, distinct entries.
        fixed: (f, c) uint8, the first entries, which stay.

    Returns:
        (k, c) uint8, as distinct.
    """
    colors, counts = cloud.histogram.colors, cloud.histogram.counts
    kept = palette.copy()
    for level in (0, 255):
        pure = np.full((1, palette.shape[1]), level, np.uint8)
        pure[:, opaque_channels(pure) :] = 255
        found = np.flatnonzero(row_keys(colors) == row_keys(pure))
        if not len(found) or row_keys(pure) in row_keys(kept):
            continue
        nearest = cloud.map_nearest(kept)
        entry = nearest[found[0]]
        if entry >= len(fixed) and 2 * counts[found[0]] >= np.sum(counts[nearest == entry]):
            kept[entry] = pure
    return kept


def _mean_offsets(
    cloud: Cloud, palette: NDArray[np.uint8], nearest: NDArray[np.int32]
) -> NDArray[np.float64]:
    """Return the way from each entry to the mean of its colors, (k, c) in levels; zero if none."""
    k, channels = palette.shape
    sums, sizes = np.empty((k, 4), np.int64), np.empty(k, np.int64)
    points, weights = cloud.points.points, cloud.points.weights
    sum_clusters(points, weights, nearest, nearest.copy(), sums, sizes)
    means = sums[:, :channels] / np.maximum(sizes, 1)[:, np.newaxis]
    entries = cloud.space.to_points(palette)
    return np.where(sizes[:, np.newaxis] > 0, (means - entries) / LEVEL, 0)


def _tally(
    cloud: Cloud,
    before: tuple[NDArray[np.uint8], NDArray[np.int32]],
    after: tuple[NDArray[np.uint8], NDArray[np.int32]],
    moved: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], int]:
    """Return what moving entries changes in the squared error: (k,) by entry, and altogether."""
    changes = np.empty(len(moved), np.int64)
    old, new = (
        four_channels(cloud.space.to_points(palette).astype(np.int32))
        for palette, _ in (before, after)
    )
    total = tally_moves(
        cloud.points.points,
        cloud.points.weights,
        old,
        before[1],
        new,
        after[1],
        moved.view(np.uint8),
        changes,
    )
    return changes, total


def _used(
    nearest: NDArray[np.int32], palette: NDArray[np.uint8], fixed: NDArray[np.uint8]
) -> NDArray[np.bool_]:
    """Return whether each entry is fixed or some point's nearest: (k,), of equal ones the first."""
    used = np.bincount(nearest, minlength=len(palette)) > 0
    used[: len(fixed)] = True
    return used


def _squared_distances(cloud: Cloud, entries: NDArray[np.uint16]) -> NDArray[np.int64]:
    """Return (n,) squared distances of points to their own of (n, c) entries, or to (1, c)."""
    delta = cloud.points.points[:, : entries.shape[1]].astype(np.int64) - entries
    distances: NDArray[np.int64] = np.sum(delta * delta, axis=1)
    return distances


def _append_new(fixed: NDArray[np.uint8], entries: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the fixed entries, then the others without repetition, in their order."""
    palette = np.vstack((fixed, entries))
    _, firsts = np.unique(palette, axis=0, return_index=True)
    kept = np.union1d(np.arange(len(fixed)), firsts)
    return palette[kept]

"""Map pixels to indices that take fewer bits, for a little more squared error.

This is entropy-constrained vector quantization (Chou, Lookabaugh & Gray, Entropy-constrained
vector quantization, 1989): give each pixel the entry that minimizes squared error + rate * bits,
move each entry to the mean of its pixels, and repeat.

A table stands for the coder. An index is taken to need the weighted mean of -log2 of its
frequency beside each of four neighbors, as counted in the round before. It is a neighbor of four
later pixels too, whose bits depend on it as much. So all eight neighbors are counted, and what
is minimized pixel by pixel is the energy of a Markov random field (iterated conditional modes:
Besag, On the statistical analysis of dirty pictures, 1986). The coder itself, run in place of the
table, would be slower and blind to the later ones. `tools/kmq-bench rate --ablation` shows what
each part gains.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..format import Indices, index_dtype
from ..workers import count_workers, map_in_order
from ._loops import rate as loops
from .cloud import Cloud, prefer_equal, without
from .points import PointSet, four_channels

ROUNDS: Final = 3
"""How often all pixels are mapped and all entries moved."""

WEIGHTS: Final = {(0, -1): 3, (-1, 0): 2, (-1, -1): 1, (-1, 1): 1}
"""The shares of the neighbors W, N, NW and NE, by row and column from a pixel, in sevenths."""

NEAREST: Final = 16
"""How many entries near its nearest one a pixel may get, beside those of its neighbors."""

MAX_TABLE: Final = 1 << 20
"""The most costs in a neighbor's table; above 1024 colors, similar neighbors share a row."""

BAND_PIXELS: Final = 1 << 19
"""About how many pixels are mapped in one thread."""

MAX_RATE: Final = 1 << 22
"""A rate at which the least cost, 1/16 bit, outweighs any error of 8 bits: more is the same."""

_RATE_UNIT: Final = 256  # parts of a rate of 1
_LOG_UNIT: Final = 256  # parts of a bit in logarithms
_COST_UNIT: Final = 16  # parts of a bit in the table: the longest bits, 36 * 3 / 7, fit a byte
_NEIGHBORS: Final = (*WEIGHTS, *((-y, -x) for y, x in WEIGHTS))


def map_rate_aware(
    cloud: Cloud,
    positions: NDArray[np.uint32],
    palette: NDArray[np.uint8],
    rate: float,
    *,
    fixed: int = 0,
    threads: int | None = None,
    progress: Callable[[], object] = lambda: None,
) -> tuple[NDArray[np.uint8], Indices]:
    """Map pixels to a palette so that the indices take fewer bits, and fit the palette to that.

    Args:
        cloud: the colors of the pixels.
        positions: (height, width) the color of each pixel, at least one pixel.
        palette: (k, c) uint8, k in 1..65536.
        rate: squared error, summed over channels in levels (on average, in a space of other units),
            that saving a bit is worth; at least 0 and finite, in steps of 1/256. From 4 to 32 is a
            range for photographs.
        fixed: so many of the first entries stay as they are, in use or not.
        threads: bands mapped at once; the result does not depend on it.
        progress: called after each round.

    Returns:
        The palette, (1..k, c) uint8: the fixed entries, then distinct ones in ascending order, each
        of some pixel. And (height, width) indices, uint8 up to 256 entries, else uint16.
    """
    squared_units = round(min(rate, MAX_RATE) * _RATE_UNIT) * cloud.space.level**2
    points = cloud.points.points.astype(np.int32)
    places = cloud.places.astype(np.uint32)[positions]
    indices = cloud.assign(palette)[places]
    for _ in range(ROUNDS):
        indices = _lower_costs(cloud, points, places, palette, squared_units, indices, threads)
        if fixed < len(palette):
            palette, indices = _move_entries(cloud, points, places, palette, indices, fixed)
        progress()
    return palette, indices.astype(index_dtype(len(palette)))


def _lower_costs(
    cloud: Cloud,
    points: NDArray[np.int32],
    places: NDArray[np.uint32],
    palette: NDArray[np.uint8],
    rate: int,
    indices: NDArray[np.int32],
    threads: int | None,
) -> NDArray[np.int32]:
    """Run one round, and return indices of a lower squared error + rate * bits.

    A pixel sees the new indices of the neighbors before it in its band, and the old ones of all
    others. So bands can be mapped at once, in any order.
    """
    height, width = places.shape
    nearest, levels = cloud.assign(palette), cloud.space.to_points(palette)
    entry_kinds = cloud.ends.kinds_of(levels)
    kinds = cloud.ends.kinds_for(entry_kinds)
    plane = np.pad(indices, 1, constant_values=len(palette))
    offsets = np.array([y * (width + 2) + x for y, x in _NEIGHBORS], np.intp)
    groups = _group_entries(levels)
    counts = np.zeros((len(offsets), groups[-1] + 1, len(palette)), np.uint32)
    loops.count_neighbors(plane, offsets, groups, counts)
    bits = _bit_costs(counts)
    entries = four_channels(levels.astype(np.int32))
    lists, gaps = _near_entries(entries)
    rows = max(1, BAND_PIXELS // width)

    def lower(top: int) -> NDArray[np.int32]:
        band = plane[top : top + rows + 2].copy()
        loops.lower_costs(
            points,
            places[top : top + rows],
            nearest,
            kinds,
            entries,
            entry_kinds,
            lists,
            gaps,
            offsets,
            groups,
            bits,
            rate,
            band,
        )
        return band[1:-1, 1:-1]

    tops = range(0, height, rows)
    return np.concatenate(list(map_in_order(lower, tops, count_workers(threads, len(tops)))))


def _group_entries(entries: NDArray[np.uint16]) -> NDArray[np.int32]:
    """Group similar entries: (k + 1,) the group of each, the last of which stands for no entry."""
    k = len(entries)
    count = min(k, MAX_TABLE // k)
    groups = np.empty(k + 1, np.int32)
    groups[:k] = PointSet.of(entries, np.ones(k, np.int64))[1] * count // k
    groups[k] = count
    return groups


def _near_entries(entries: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Find the entries nearest to each of (k, 4), itself first, and squared distances: (k, m) each.

    They are in order of distance, then of index. If a tree finds them, those beyond the last
    complete distance are infinitely far, as it does not define which of several it finds there.
    """
    k, size = len(entries), min(len(entries), NEAREST)
    if k <= MAX_TABLE // k:
        delta = entries[:, np.newaxis].astype(np.int64) - entries
        keys = np.sum(delta * delta, axis=2) << 16 | np.arange(k)
        keys = np.partition(keys, size - 1, axis=1)[:, :size]
    else:
        from scipy.spatial import KDTree  # here, as importing it takes longer than a sprite

        distances, found = KDTree(entries).query(entries, size + 1)
        squares = np.rint(distances * distances).astype(np.int64)
        squares[squares == squares[:, -1:]] = np.iinfo(np.int64).max >> 16
        keys = (squares << 16 | found)[:, :size]
    keys.sort(axis=1)
    return (keys & 0xFFFF).astype(np.int32), keys >> 16


def _bit_costs(counts: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Return the part that each neighbor has in the cost of an index.

    A frequency is (n + 1/16) / (sum of all n + 1/16): of the index where its neighbor comes
    before it, of the neighbor where that comes after it.

    Args:
        counts: (8, g + 1, k) as ``count_neighbors`` gives them.

    Returns:
        (8, g + 1, k) in 1/16 bit, the last row zeros, as what lies outside tells nothing.
    """
    costs = np.zeros(counts.shape, np.uint8)
    shares = [*WEIGHTS.values()] * 2
    unit = sum(WEIGHTS.values()) * _LOG_UNIT // _COST_UNIT
    for place, (pairs, share) in enumerate(zip(counts[:, :-1], shares, strict=True)):
        found = 16 * pairs.astype(np.int64) + 1
        of_context = found.sum(axis=int(place < len(WEIGHTS)), keepdims=True)
        costs[place, :-1] = ((_log2(of_context) - _log2(found)) * share + unit // 2) // unit
    return costs


_LOGARITHMS: Final = np.rint(_LOG_UNIT * np.log2(np.arange(2048, 4096))).astype(np.int64)


def _log2(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return logarithms of positive numbers below 2^53 in 1/256, by their first twelve bits.

    All steps but the table's are exact, and none of its logarithms is near to a half.
    """
    mantissas, exponents = np.frexp(numbers)
    places = (mantissas * 4096).astype(np.intp) - 2048
    logarithms: NDArray[np.int64] = _LOGARITHMS[places] + _LOG_UNIT * (exponents - 12)
    return logarithms


def _move_entries(
    cloud: Cloud,
    points: NDArray[np.int32],
    places: NDArray[np.uint32],
    palette: NDArray[np.uint8],
    indices: NDArray[np.int32],
    fixed: int,
) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Move entries but the fixed to their pixels' rounded mean; merge equal, drop unused ones.

    Those of alpha 0 and 255 keep it.
    """
    sums = np.zeros((len(palette), 5), np.int64)
    loops.sum_points(points, places, indices, sums)
    means = sums[:, : palette.shape[1]] / np.maximum(sums[:, 4:], 1)
    kinds = cloud.ends.kinds_of(cloud.space.to_points(palette))
    moved = cloud.to_colors(cloud.ends.settle(means, kinds))
    moved[:fixed] = palette[:fixed]
    distinct = np.unique(moved[fixed:][sums[fixed:, 4] > 0], axis=0)
    palette = np.vstack((palette[:fixed], without(distinct, palette[:fixed])))
    renumbered = np.zeros(len(moved), np.int32)
    prefer_equal(moved, palette, renumbered)
    return palette, renumbered[indices]

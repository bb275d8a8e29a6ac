"""Order codes so that similar colors have close numbers, and the palette is short."""

from itertools import product

import numpy as np
from numpy.typing import NDArray

from ..format import index_dtype


def green_order(palette: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Order entries by green, then red, blue and alpha, which is shortest to code.

    Args:
        palette: (K, 1 to 4) uint8, K in 1..65536; gray counts as green.

    Returns:
        (K,) uint16, numbers of the entries.
    """
    channels = palette.shape[1]
    keys = [1, 0, 2, 3][:channels] if channels > 2 else list(range(channels))
    return np.lexsort(palette[:, keys[::-1]].T).astype(np.uint16)


def split_order(palette: NDArray[np.uint8], counts: NDArray[np.integer]) -> NDArray[np.uint16]:
    """Order entries as leaves of a tree of splits, so that close numbers are similar colors.

    Every node is sorted along the axis on which its entries vary most, each weighted by the square
    root of its number of pixels. It is split where the numbers differ in their next bit, as it is
    bits of these that are predicted one after the other. Axes have coefficients -1, 0 and 1, which
    is as good as principal axes and, being integers, the same on every machine. All nodes of a
    level are split at once.

    Args:
        palette: (K, 1 to 4) uint8, K in 1..65536.
        counts: (K,) pixels of each entry.

    Returns:
        (K,) uint16, numbers of the entries.
    """
    count, channels = palette.shape
    axes = np.array([a for a in product((1, 0, -1), repeat=channels) if a > (0,) * channels])
    fairness = 12 // (axes**2).sum(axis=1)  # for axes of lengths 1, sqrt 2, sqrt 3 and 2
    projections = palette.astype(np.int64) @ axes.T
    weights = np.sqrt(counts).astype(np.int64)[:, np.newaxis]
    weights += weights == 0
    order = np.arange(count)
    for bit in reversed(range((count - 1).bit_length())):
        node = np.arange(count) >> (bit + 1)
        starts = np.arange(0, count, 2 << bit)
        values, shares = projections[order], weights[order]
        means = np.add.reduceat(values * shares, starts) // np.add.reduceat(shares, starts)
        spread = np.add.reduceat((values - means[node]) ** 2 * shares, starts) * fairness
        keys = values[np.arange(count), spread.argmax(axis=1)[node]]
        order = order[np.lexsort((keys, node))]
    return order.astype(np.uint16)


def invert_order(order: NDArray[np.uint16]) -> NDArray[np.uint8 | np.uint16]:
    """Return the code of each palette index."""
    codes: NDArray[np.uint8 | np.uint16] = np.empty(len(order), index_dtype(len(order)))
    codes[order] = np.arange(len(order), dtype=codes.dtype)
    return codes

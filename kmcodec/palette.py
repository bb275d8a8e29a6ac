"""Operations on a palette and the indices into it."""

from itertools import product

import numpy as np
from numpy.typing import NDArray

from .format import Indices, index_dtype


def drop_unused(palette: NDArray[np.uint8], indices: Indices) -> tuple[NDArray[np.uint8], Indices]:
    """The palette entries that some pixel uses, in their order, and the indices into those."""
    used = np.bincount(indices.ravel(), minlength=len(palette)) > 0
    renumbered: Indices = (np.cumsum(used) - 1).astype(index_dtype(int(used.sum())))
    return palette[used], renumbered[indices]


def sort_entries(palette: NDArray[np.uint8], indices: Indices) -> tuple[NDArray[np.uint8], Indices]:
    """Distinct entries in lexicographic order, and the indices into those."""
    entries, positions = np.unique(palette, axis=0, return_inverse=True)
    renumbered: Indices = positions.ravel().astype(index_dtype(len(entries)))
    return entries, renumbered[indices]


def color_palette(palette: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A palette of any mode as RGB or RGBA: (K, 3 or 4) uint8."""
    return to_channels(palette, palette.shape[1] + 2) if palette.shape[1] <= 2 else palette


def to_channels(values: NDArray[np.uint8], channels: int) -> NDArray[np.uint8]:
    """Entries or pixels (..., c) of gray, gray and alpha, RGB or RGBA as (..., channels).

    Gray becomes three equal channels, RGB the first of them, so it should be gray; alpha becomes
    255 where there was none, and is left out where there is none wanted.
    """
    have = values.shape[-1]
    if have == channels:
        return values
    colors = [0, 0, 0] if have <= 2 else [0, 1, 2]
    result = np.full((*values.shape[:-1], channels), 255, np.uint8)
    opaque = channels - has_alpha_channel(channels)
    result[..., :opaque] = values[..., colors[:opaque]]
    if has_alpha_channel(channels) and has_alpha_channel(have):
        result[..., -1] = values[..., -1]
    return result


def has_alpha_channel(channels: int) -> bool:
    """Whether the last of so many channels is alpha."""
    return channels in (2, 4)


def green_order(palette: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Entries by green, then red, then blue, then alpha: the order that is shortest to code.

    Args:
        palette: (K, 1 to 4) uint8, K in 1..65536; gray counts as green.

    Returns:
        (K,) uint16, numbers of the entries.
    """
    channels = palette.shape[1]
    keys = [1, 0, 2, 3][:channels] if channels > 2 else list(range(channels))
    return np.lexsort(palette[:, keys[::-1]].T).astype(np.uint16)


def split_order(palette: NDArray[np.uint8], counts: NDArray[np.integer]) -> NDArray[np.uint16]:
    """Entries as leaves of a tree of splits, so that close numbers are similar colors.

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
    fairness = 12 // (axes**2).sum(axis=1)  # for axes of 1, sqrt 2, sqrt 3 and 2 of length
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

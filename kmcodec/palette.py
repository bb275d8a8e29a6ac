"""Operations on a palette and the indices into it."""

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
    if palette.shape[1] <= 2:
        return palette[:, [0, 0, 0, 1][: palette.shape[1] + 2]]
    return palette

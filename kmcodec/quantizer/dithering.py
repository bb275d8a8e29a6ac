"""Map pixels to palette indices by dithering, where the nearest entry is not wanted."""

import math
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..format import Indices
from ._loops import dithering as loops
from .points import four_channels
from .space import opaque_channels

LEAF: Final = 8  # palette entries that the tree does not divide further
_PATTERN: Final = 8  # rows and columns of an ordered one
PIECE_PIXELS: Final = 1 << 18  # done at once, so that an interrupt need not wait for the last row


def diffuse_errors(
    pixels: NDArray[np.uint8],
    palette: NDArray[np.uint8],
    dither: float,
    nearest: Indices,
    progress: Callable[[], object] = lambda: None,
) -> Indices:
    """Dither by error diffusion: pass the share ``dither`` of a pixel's error to its neighbors.

    Floyd & Steinberg, An adaptive algorithm for spatial grey scale, 1976, on a serpentine path,
    in integers. A color with its error added is held to 0..255, so that errors a palette cannot
    repay do not build up. The nearest entry is that by levels as they are stored.

    Alpha (the last of 2 or 4 channels) takes part in finding the nearest entry, but its error is
    not diffused: that would speckle the edges of cut-outs. A pixel of alpha 0 neither takes nor
    passes error, so nothing bleeds out of what cannot be seen.

    Args:
        pixels: (height, width, c) uint8, c in 1..4.
        palette: (k, c) uint8, k in 1..65536.
        dither: 0..1, in steps of 1/256.
        nearest: (height, width) the index of each pixel without dithering.
        progress: called after each of ``row_pieces``.

    Returns:
        Palette indices (height, width), of the dtype of ``nearest``.
    """
    indices = nearest.copy()
    pixels = np.ascontiguousarray(pixels)
    entries, tree = four_channels(palette.astype(np.int32)), _build_tree(palette)
    errors = np.zeros((2, pixels.shape[1] + 2, 4), np.int32)
    for rows in row_pieces(indices.shape):
        loops.diffuse_errors(
            pixels[rows],
            opaque_channels(pixels),
            round(dither * 256),
            entries,
            *tree,
            errors,
            indices[rows],
        )
        progress()
    return indices


def order_dither(
    pixels: NDArray[np.uint8],
    palette: NDArray[np.uint8],
    dither: float,
    nearest: Indices,
    progress: Callable[[], object] = lambda: None,
) -> Indices:
    """Dither in order: add a fixed pattern of 8 x 8 to the pixels, then find their entries.

    The pattern of Bayer, An optimum method for two-level rendition of continuous-tone pictures,
    1973, reaches half the mean distance of palette entries to their nearest neighbor to either
    side, times ``dither``. It repeats itself, so files are smaller than with diffused errors, and
    a pixel does not depend on others, so that frames and tiles fit together. Alpha is left alone.

    Arguments and result are those of :func:`diffuse_errors`.
    """
    indices = nearest.copy()
    pixels = np.ascontiguousarray(pixels)
    entries, tree = four_channels(palette.astype(np.int32)), _build_tree(palette)
    strength, pattern = round(dither * 256 * _spacing(palette)), bayer_matrix(_PATTERN)
    for rows in row_pieces(indices.shape):
        loops.order_dither(
            pixels[rows],
            opaque_channels(pixels),
            strength,
            pattern,
            entries,
            *tree,
            indices[rows],
        )
        progress()
    return indices


def row_pieces(shape: tuple[int, ...]) -> list[slice]:
    """Return the rows of a picture done at once: whole patterns, and pairs there and back."""
    height, width = shape
    rows = max(1, PIECE_PIXELS // (_PATTERN * width)) * _PATTERN
    return [slice(top, top + rows) for top in range(0, height, rows)]


def bayer_matrix(size: int) -> NDArray[np.int32]:
    """Return the order, from 0, in which cells of a (2^n, 2^n) pattern light up; size is 2^n."""
    if size == 1:
        return np.zeros((1, 1), np.int32)
    quarter = 4 * bayer_matrix(size // 2)
    return np.block([[quarter, quarter + 2], [quarter + 3, quarter + 1]])


DITHERINGS: Final = {"diffusion": diffuse_errors, "ordered": order_dither}


def _spacing(palette: NDArray[np.uint8]) -> float:
    """Return entries' mean distance to their nearest neighbor, along the channels' diagonal."""
    if len(palette) == 1:
        return 0.0
    from scipy.spatial import KDTree  # here, as importing it takes longer than a sprite

    distances, _ = KDTree(palette).query(palette, 2)
    return (
        math.fsum(np.asarray(distances)[:, 1].tolist()) / len(palette) / math.sqrt(palette.shape[1])
    )


def _build_tree(palette: NDArray[np.uint8]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Build a balanced k-d tree (Bentley 1975) of palette entries, implied by an order of them.

    Returns:
        (k,) int32 palette indices: a range of them is a node, its halves are its children; and
        (k, 2) int32, at the middle of each node the channel and the value that part its halves.
    """
    order = np.arange(len(palette), dtype=np.int32)
    cuts = np.zeros((len(palette), 2), np.int32)
    nodes = [(0, len(palette))]
    while nodes:
        first, last = nodes.pop()
        if last - first <= LEAF:
            continue
        middle = (first + last) // 2
        entries = palette[order[first:last]]
        channel = int(np.argmax(np.ptp(entries, axis=0)))
        order[first:last] = order[first:last][np.argsort(entries[:, channel], kind="stable")]
        cuts[middle] = channel, palette[order[middle], channel]
        nodes += [(first, middle), (middle, last)]
    return order, cuts

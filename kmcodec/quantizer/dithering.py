"""Map pixels to entries that are not the nearest, but show their colors together.

Dithering is done between points of the space in which the palette is chosen, alpha included. All is
measured by the spacing of entries: how far apart they are around the entry of a color.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..format import Indices
from ..options import Dither
from ._loops import dithering as loops
from .cloud import Cloud
from .points import four_channels
from .space import Space, opaque_channels

LEAF: Final = 8  # palette entries that the tree does not divide further
PIECE_PIXELS: Final = 1 << 18  # done at once, so that an interrupt need not wait for the last row
_NEIGHBORS: Final = 4  # entries around another, which say how far apart they are there
_MAX_PAIRS: Final = 1 << 20  # of entries, whose distances are all computed
PATTERN: Final = 8  # rows and columns of an ordered one
AROUND: Final = 8  # pixels to each side that tell whether one is in a gradient
_CALM: Final = 241  # strength where pixels differ by at most about a third of the spacing

DitherRows = Callable[[NDArray[np.uint32], NDArray[np.uint8], Indices], None]
"""Finds the indices (third) of rows of positions (first), dithered so strongly (second)."""


class _Colors(NamedTuple):
    """The n distinct colors of a picture: (n, 4), (n,), and the entry nearest to each (n,)."""

    points: NDArray[np.uint16]
    alphas: NDArray[np.uint8]
    nearest: Indices


class _Entries(NamedTuple):
    """A palette of k entries: (k, 4), (k,) and (k,), and the tree of ``_build_tree``."""

    points: NDArray[np.int32]
    alphas: NDArray[np.uint8]
    spacings: NDArray[np.int32]
    order: NDArray[np.int32]
    cuts: NDArray[np.int32]

    @classmethod
    def of(cls, space: Space, palette: NDArray[np.uint8]) -> "_Entries":
        points = four_channels(space.to_points(palette)).astype(np.int32)
        return cls(points, _alphas(palette), measure_spacings(points), *_build_tree(points))


class Ditherer:
    """Dithers pictures of known colors to a palette.

    Where a pixel differs from those around it, dithering is weaker: edges and texture hide what it
    is against. A pixel whose entry nobody tells from its color keeps it, so that flat areas stay
    flat. A pixel of alpha 0 has no part in dithering, and one of alpha 255 keeps the alpha of its
    nearest entry.
    """

    def __init__(
        self,
        cloud: Cloud,
        palette: NDArray[np.uint8],
        nearest: Indices,
        dither: Dither,
        dithering: str,
    ) -> None:
        """Prepare for pictures of some colors.

        Args:
            cloud: the n distinct colors.
            palette: (k, c) uint8, k in 1..65536.
            nearest: (n,) the entry of each color without dithering.
            dither: 0..1, in steps of 1/255; "auto" for 1 in smooth gradients, and 0 elsewhere.
            dithering: one of ``DITHERINGS``.
        """
        self._dither = dither
        self._points = cloud.points.points[cloud.places]
        self._nearest = nearest
        entries = _Entries.of(cloud.space, palette)
        self._spacings = entries.spacings[nearest]
        colors = _Colors(self._points, _alphas(cloud.histogram.colors), nearest)
        self._start = DITHERINGS[dithering](colors, entries)

    def map_pixels(
        self, positions: NDArray[np.uint32], progress: Callable[[], object] = lambda: None
    ) -> Indices:
        """Dither a picture.

        Args:
            positions: (height, width) the color of each pixel among the distinct ones.
            progress: called after each of ``row_pieces``.

        Returns:
            Palette indices (height, width), of the dtype of ``nearest``.
        """
        dither_rows = self._start(positions.shape[1])
        indices = np.empty(positions.shape, self._nearest.dtype)
        for rows in row_pieces(positions.shape):
            strengths = _find_strengths(self._points, self._spacings, positions, rows, self._dither)
            dither_rows(positions[rows], strengths, indices[rows])
            progress()
        return indices


def row_pieces(shape: tuple[int, ...]) -> list[slice]:
    """Return the rows of a picture done at once: whole patterns, and pairs there and back."""
    height, width = shape
    rows = max(1, PIECE_PIXELS // (PATTERN * width)) * PATTERN
    return [slice(top, min(top + rows, height)) for top in range(0, height, rows)]


def _find_strengths(
    points: NDArray[np.uint16],
    spacings: NDArray[np.int32],
    positions: NDArray[np.uint32],
    rows: slice,
    dither: Dither,
) -> NDArray[np.uint8]:
    """Find how much of dithering each pixel of some rows gets, 0..255."""
    around = AROUND if dither == "auto" else 0
    seen = slice(max(0, rows.start - around), rows.stop + around)
    strengths = np.empty(positions[seen].shape, np.uint8)
    loops.weigh_contrast(points, spacings, positions, seen.start, strengths)
    shares = find_gradients(strengths) if dither == "auto" else round(dither * 255)
    first = rows.start - seen.start
    weighed = (strengths * np.uint32(1) * shares // 255).astype(np.uint8)
    return weighed[first : first + rows.stop - rows.start]


def find_gradients(strengths: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Find smooth gradients, which show bands if a palette cannot follow them.

    There, of the pixels around (up to 8 to each side), nearly all differ little from their
    neighbors, and more than a few differ from them at all. Neither is so in flat drawings and text.

    Args:
        strengths: (height, width) of pixels, weakened by contrast: 255 where there is none.

    Returns:
        (height, width) 0..255.
    """
    calm = strengths >= _CALM
    size = sum_around(np.ones(strengths.shape, bool))
    smooth = (4 * sum_around(calm) - 3 * size).clip(0)
    varied = np.minimum(8 * sum_around(calm & (strengths < 255)), size)
    shares: NDArray[np.int32] = 255 * smooth * varied // (size * size)
    return shares


def sum_around(flags: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Count the pixels up to 8 to each side of each that are set."""
    sums = flags.astype(np.int32)
    for axis in range(2):
        padding = [(0, 0), (0, 0)]
        padding[axis] = (AROUND + 1, AROUND)
        totals = np.cumsum(np.pad(sums, padding), axis=axis, dtype=np.int32)
        after, before = np.split(totals, [2 * AROUND + 1], axis=axis)[1], totals
        sums = after - before.take(range(after.shape[axis]), axis=axis)
    return sums


def _diffusion(colors: _Colors, entries: _Entries) -> Callable[[int], DitherRows]:
    """Dither by error diffusion: pass a pixel's error to its neighbors.

    Floyd & Steinberg, An adaptive algorithm for spatial grey scale, 1976, on a serpentine path, in
    integers. A pixel takes no more error than half the spacing: more of it the palette could not
    repay, and it would travel on and end as a speck.
    """
    parts = (*colors, *entries)

    def start(width: int) -> DitherRows:
        errors = np.zeros((2, width + 2, 4), np.int32)
        return lambda positions, strengths, indices: loops.diffuse_errors(
            *parts, positions, strengths, errors, indices
        )

    return start


def _order(colors: _Colors, entries: _Entries) -> Callable[[int], DitherRows]:
    """Dither in order: mix two entries by a fixed pattern of 8 x 8.

    The two are the nearest to a color and the one across the color from it, in parts that come
    nearest to the color together. Which pixels of the pattern get which is as Bayer, An optimum
    method for two-level rendition of continuous-tone pictures, 1973, has it. The pattern repeats
    itself, so that files are smaller than with diffused errors, and a pixel depends on those
    around it at most, so that frames and tiles fit together.
    """
    partners, shares = np.empty_like(colors.nearest), np.empty(len(colors.nearest), np.uint8)
    parts = (*colors, *entries)
    loops.find_partners(*parts, partners, shares)
    pattern = bayer_matrix(PATTERN)

    def dither_rows(
        positions: NDArray[np.uint32], strengths: NDArray[np.uint8], indices: Indices
    ) -> None:
        loops.order_dither(colors.nearest, partners, shares, positions, strengths, pattern, indices)

    return lambda width: dither_rows  # noqa: ARG005  (as diffusion starts with the width)


DITHERINGS: Final = {"diffusion": _diffusion, "ordered": _order}


def bayer_matrix(size: int) -> NDArray[np.uint8]:
    """Return the order, from 0, in which cells of a (2^n, 2^n) pattern light up; size is 2^n."""
    if size == 1:
        return np.zeros((1, 1), np.uint8)
    quarter = 4 * bayer_matrix(size // 2)
    return np.block([[quarter, quarter + 2], [quarter + 3, quarter + 1]]).astype(np.uint8)


def _alphas(colors: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the alpha of (n, c) colors, 255 if they have none: (n,)."""
    if opaque_channels(colors) == colors.shape[1]:
        return np.full(len(colors), 255, np.uint8)
    return np.ascontiguousarray(colors[:, -1])


def measure_spacings(entries: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the mean distance of each of (k, 4) points to the nearest different ones: (k,).

    It is that to four of them, or to as many as there are; 0 if there are none.
    """
    distinct, places = np.unique(entries, axis=0, return_inverse=True)
    k, count = len(distinct), min(_NEIGHBORS, len(distinct) - 1)
    if count == 0:
        return np.zeros(len(entries), np.int32)
    if k <= _MAX_PAIRS // k:
        delta = distinct[:, np.newaxis].astype(np.int64) - distinct
        squares = np.partition(np.sum(delta * delta, axis=2), count, axis=1)
        distances = np.sqrt(squares[:, : count + 1])
    else:
        from scipy.spatial import KDTree  # here, as importing it takes longer than a sprite

        distances = np.asarray(KDTree(distinct).query(distinct, count + 1)[0])
    whole = np.rint(distances).astype(np.int32)  # before they are summed in whatever order
    spacings: NDArray[np.int32] = (np.sum(whole, axis=1) // count).astype(np.int32)
    return spacings[places.ravel()]


def _build_tree(entries: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Build a balanced k-d tree (Bentley 1975) of (k, 4) entries, implied by an order of them.

    Returns:
        (k,) int32 palette indices: a range of them is a node, its halves are its children; and
        (k, 2) int32, at the middle of each node the channel and the value that part its halves.
    """
    order = np.arange(len(entries), dtype=np.int32)
    cuts = np.zeros((len(entries), 2), np.int32)
    nodes = [(0, len(entries))]
    while nodes:
        first, last = nodes.pop()
        if last - first <= LEAF:
            continue
        middle = (first + last) // 2
        part = entries[order[first:last]]
        channel = int(np.argmax(np.ptp(part, axis=0)))
        order[first:last] = order[first:last][np.argsort(part[:, channel], kind="stable")]
        cuts[middle] = channel, entries[order[middle], channel]
        nodes += [(first, middle), (middle, last)]
    return order, cuts

"""Pixels to palette indices: each to its nearest entry, or with its error diffused."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from .._kernels import mapping as kernel
from ..format import Indices, index_dtype
from ..histogram import check_pixels, index_colors, look_up

Number = TypeVar("Number", np.uint8, np.int32, np.float64)

CODE_BITS = 32  # of a Z-order code: four channels of 8 bits
LEAF = 8  # palette entries that the tree of map_dithered does not divide further


def map_nearest(pixels: NDArray[np.uint8], palette: NDArray[np.uint8]) -> Indices:
    """The index of the palette entry nearest to each pixel, the lowest on a tie.

    Nearest is by squared Euclidean distance over all channels. Exact for any palette.

    Args:
        pixels: (height, width, c) uint8, c in 1..4.
        palette: (k, c) uint8, k in 1..65536.

    Returns:
        (height, width) uint8 if k <= 256, else uint16.

    Raises:
        TypeError: pixels or palette are not uint8.
        ValueError: their shapes are others, or their channels differ.
    """
    check_palette(pixels, palette)
    histogram, positions = index_colors(pixels)
    search = NearestSearch(histogram.colors)
    nearest = np.empty(len(histogram.colors), index_dtype(len(palette)))
    nearest[search.order] = search.assign(palette.astype(np.float64))
    return look_up(nearest, positions)


def map_dithered(pixels: NDArray[np.uint8], palette: NDArray[np.uint8], dither: float) -> Indices:
    """Palette indices with the share ``dither`` of each pixel's error passed to its neighbors.

    Floyd & Steinberg, An adaptive algorithm for spatial grey scale, 1976, on a serpentine path,
    in integers. A color with its error added is held to 0..255, so that errors a palette cannot
    repay do not build up.

    Alpha (the last of 2 or 4 channels) takes part in finding the nearest entry, but its error is
    not diffused: that would speckle the edges of cut-outs. A pixel of alpha 0 neither takes nor
    passes error, so nothing bleeds out of what cannot be seen.

    Args:
        pixels: (height, width, c) uint8, c in 1..4.
        palette: (k, c) uint8, k in 1..65536.
        dither: 0..1, in steps of 1/256; 0 is :func:`map_nearest`.

    Returns:
        (height, width) uint8 if k <= 256, else uint16.

    Raises:
        TypeError: pixels or palette are not uint8.
        ValueError: their shapes are others, their channels differ, or dither is out of range.
    """
    if not 0 <= dither <= 1:
        raise ValueError(f"dither must be in 0..1, not {dither}")
    indices = map_nearest(pixels, palette)
    _, width, channels = pixels.shape
    kernel.diffuse_errors(
        np.ascontiguousarray(pixels),
        channels - 1 if channels in {2, 4} else channels,
        round(dither * 256),
        four_channels(palette.astype(np.int32)),
        *_build_tree(palette),
        np.zeros((2, width + 2, 4), np.int32),
        indices,
    )
    return indices


def check_palette(pixels: NDArray[np.uint8], palette: NDArray[np.uint8]) -> None:
    """Raise TypeError or ValueError unless the palette is one for these pixels."""
    check_pixels(pixels)
    if palette.dtype != np.uint8:
        raise TypeError(f"palette must be uint8, not {palette.dtype}")
    if palette.ndim != 2 or not 1 <= len(palette) <= 65536:
        raise ValueError(f"palette must be (1..65536, channels), not {palette.shape}")
    if palette.shape[1] != pixels.shape[2]:
        raise ValueError(
            f"palette has {palette.shape[1]} channels, the pixels have {pixels.shape[2]}"
        )


class NearestSearch:
    """Distinct colors in Z-order, ready to be assigned to any centroids.

    Z-order interleaves the bits of the channels, so that a range of codes with a common prefix is
    a box of colors; few centroids can be nearest to some color of a small box (Kanungo et al.,
    An efficient k-means clustering algorithm: analysis and implementation, 2002).

    Attributes:
        order: (n,) positions of the colors in Z-order.
        colors: (n, 4) uint8 in that order, missing channels zero.
    """

    def __init__(self, colors: NDArray[np.uint8]) -> None:
        """Sort (n, c) uint8 colors, c in 1..4."""
        channels = colors.shape[1]
        codes = np.zeros(len(colors), np.uint32)
        for channel in range(channels):
            codes |= _spread(channel, channels)[colors[:, channel]]
        self.order = np.argsort(codes, kind="stable")
        self.colors = four_channels(colors[self.order])
        self._codes = codes[self.order]
        self._masks = _masks(channels)

    def assign(self, centroids: NDArray[np.float64]) -> NDArray[np.int32]:
        """The nearest of the centroids for each color in Z-order, the lowest index on a tie.

        Args:
            centroids: (k, c) multiples of 1/65536 in 0..255, so that distances are exact.

        Returns:
            (n,) int32.
        """
        depth = CODE_BITS + 2
        nearest = np.empty(len(self.colors), np.int32)
        kernel.assign_nearest(
            self._codes,
            self.colors,
            self._masks,
            four_channels(centroids),
            np.empty(depth * len(centroids), np.int32),
            np.empty((depth, 5), np.intp),
            nearest,
        )
        return nearest


def four_channels(values: NDArray[Number]) -> NDArray[Number]:
    """(n, c) values as (n, 4), missing channels zero: they add nothing to any distance."""
    padded = np.zeros((len(values), 4), values.dtype)
    padded[:, : values.shape[1]] = values
    return padded


def _spread(channel: int, channels: int) -> NDArray[np.uint32]:
    """(256,) the bits of each value where they stand in a Z-order code."""
    values = np.arange(256, dtype=np.uint32)
    spread = np.zeros(256, np.uint32)
    for bit in range(8):
        spread |= (values >> bit & 1) << (bit * channels + channels - 1 - channel)
    return spread


def _masks(channels: int) -> NDArray[np.uint8]:
    """(33, 4) the bits of each channel that stand below each bit of a Z-order code."""
    masks = np.zeros((CODE_BITS + 1, 4), np.uint8)
    for channel in range(channels):
        for bit in range(8):
            masks[bit * channels + channels - channel :, channel] |= 1 << bit
    return masks


def _build_tree(palette: NDArray[np.uint8]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """A balanced k-d tree (Bentley 1975) of palette entries, implied by an order of them.

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

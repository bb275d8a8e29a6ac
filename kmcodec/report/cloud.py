"""Take the colors of a picture as points, few enough to be drawn and turned."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..images.pixels import has_alpha_channel
from ..quantizer.histogram import index_colors
from .measure import Measures
from .pictures import in_color

_MOST_POINTS: Final = 4000
_MOST_MARKS: Final = 1024


class Cloud(NamedTuple):
    """The distinct colors, or some of them, in an order drawn at random, and the palette.

    What is transparent has no place among colors.

    Attributes:
        colors: (n, 3) uint8, of pixels as they were.
        shown: (n, 3) uint8, as they are shown.
        pixels: (n,) int64, how many have each color.
        marks: (m, 3) uint8, the entries of the palette that show most pixels.
        mark_pixels: (m,) int64, how many each shows.
        left_out: how many colors were not drawn.
        transparent: how many have no place.
    """

    colors: NDArray[np.uint8]
    shown: NDArray[np.uint8]
    pixels: NDArray[np.int64]
    marks: NDArray[np.uint8]
    mark_pixels: NDArray[np.int64]
    left_out: int
    transparent: int


def make_cloud(measures: Measures) -> Cloud:
    """Return the cloud of a file, and of the picture that it was made of if that is known."""
    source = measures.pixels if measures.original is None else measures.original
    histogram, positions = index_colors(source)
    entries = np.zeros(len(histogram.colors), measures.indices.dtype)
    entries[positions.ravel()] = measures.indices.ravel()  # dithered: that of any of its pixels
    seen = np.flatnonzero(_are_seen(histogram.colors))
    transparent = len(histogram.colors) - len(seen)
    left_out = max(0, len(seen) - _MOST_POINTS)
    seen = np.random.default_rng(0).permutation(seen)[:_MOST_POINTS]
    palette, counts = measures.palette, np.bincount(measures.indices.ravel())
    marks = np.argsort(-counts, kind="stable")
    marks = marks[(counts[marks] > 0) & _are_seen(palette[marks])][:_MOST_MARKS]
    return Cloud(
        in_color(histogram.colors[seen])[:, :3],
        palette[entries[seen], :3],
        histogram.counts[seen],
        palette[marks, :3],
        counts[marks],
        left_out,
        transparent,
    )


def _are_seen(colors: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return which of (n, c) colors are not transparent."""
    return colors[:, -1] > 0 if has_alpha_channel(colors.shape[1]) else np.ones(len(colors), bool)

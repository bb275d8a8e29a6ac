"""Choosing a palette for pixels, and mapping the pixels to it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..format import Indices, index_dtype
from ..histogram import Histogram, index_colors, look_up
from .kmeans import Trace, weighted_kmeans
from .mapping import NearestSearch, map_dithered
from .seeding import SEEDINGS

# Later iterations would gain 0.2 % of the squared error for half as much time again (256 colors,
# mean of 31 photographs).
TOLERANCE = 1e-4


@dataclass(frozen=True)
class Quantized:
    """Pixels as a palette and indices.

    Attributes:
        palette: (k, c) uint8, distinct.
        indices: (height, width) uint8 if k <= 256, else uint16.
        trace: of K-Means; without iterations where the palette is exact.
    """

    palette: NDArray[np.uint8]
    indices: Indices
    trace: Trace


def quantize_pixels(
    pixels: NDArray[np.uint8],
    colors: int,
    *,
    seeding: str,
    seed: int,
    iterations: int,
    dither: float,
) -> Quantized:
    """Choose a palette by K-Means and map the pixels to it.

    Pixels of at most ``colors`` distinct colors are kept: the palette is these colors in
    ascending order. Otherwise it has exactly ``colors`` entries, each nearest to some pixel.

    Args:
        pixels: (height, width, c) uint8, c in 1..4, at least one pixel.
        colors: 1..65536.
        seeding: "wu", "k-means++" or "random".
        seed: at least 0, for the seedings that draw.
        iterations: the most K-Means iterations, at least 1. It stops before when one lowers the
            squared error by less than 0.01 %.
        dither: 0..1, the share of each pixel's error that is passed to its neighbors.

    Raises:
        TypeError, ValueError: pixels are of another type or shape.
    """
    histogram, positions = index_colors(pixels)
    if len(histogram.colors) <= colors:
        palette = histogram.colors
        nearest: Indices = np.arange(len(palette)).astype(index_dtype(len(palette)))
        return Quantized(palette, look_up(nearest, positions), Trace.of_exact(palette))

    seeds = SEEDINGS[seeding](histogram, colors, seed)
    result = weighted_kmeans(
        histogram.colors, histogram.counts, seeds, iterations, tolerance=TOLERANCE
    )
    palette, assignment = _round_palette(histogram, result.centroids)
    if dither > 0:
        return Quantized(palette, map_dithered(pixels, palette, dither), result.trace)
    return Quantized(palette, look_up(assignment, positions), result.trace)


def _round_palette(
    histogram: Histogram, centroids: NDArray[np.float64]
) -> tuple[NDArray[np.uint8], Indices]:
    """Centroids as a palette of distinct entries all in use, and the entry of each color.

    Rounding may make two centroids one, or leave one no color. Each such entry becomes the color
    that then adds most to the squared error. As this lowers the error, it ends.
    """
    search = NearestSearch(histogram.colors)
    counts = histogram.counts[search.order]
    rounded = np.rint(centroids).astype(np.uint8)
    _, firsts = np.unique(rounded, axis=0, return_index=True)
    palette = rounded[np.sort(firsts)]
    while True:
        nearest = search.assign(palette.astype(np.float64))
        used = np.bincount(nearest, minlength=len(palette)) > 0
        if len(palette) == len(centroids) and used.all():
            break
        distances = _squared_distances(search.colors, palette[nearest])
        palette = palette[used]
        while len(palette) < len(centroids):
            worst = histogram.colors[search.order[np.argmax(counts * distances)]]
            palette = np.vstack((palette, worst))
            distances = np.minimum(distances, _squared_distances(search.colors, palette[-1:]))
    assignment = np.empty(len(nearest), index_dtype(len(palette)))
    assignment[search.order] = nearest
    return palette, assignment


def _squared_distances(colors: NDArray[np.uint8], entries: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Squared distance of each of (n, 4) colors to its entry; (n, c) or (1, c) entries."""
    delta = colors[:, : entries.shape[1]].astype(np.int64) - entries
    distances: NDArray[np.int64] = np.sum(delta * delta, axis=1)
    return distances

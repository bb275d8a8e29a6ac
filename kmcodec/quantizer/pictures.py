"""Choose one palette for pictures, and map the pixels of each to it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..options import Options
from ..stages import Stages
from .choose import Chosen, choose_palette, weigh_colors
from .cloud import Cloud
from .dithering import Ditherer, row_pieces
from .histogram import Histogram, index_colors, look_up
from .loss import pixel_loss
from .points import MAX_WEIGHT
from .quantized import Quantized
from .rate import ROUNDS, map_rate_aware
from .space import find_space

_MAX_IMPORTANCE: Final = 65535


def quantize_pictures(pictures: Sequence[NDArray[np.uint8]], options: Options) -> list[Quantized]:
    """Choose one palette by K-Means, or take the one given, and map all pixels to it.

    Pictures of at most ``options.colors`` distinct colors are kept: the palette is the fixed
    entries, then these colors in ascending order. Otherwise it has exactly so many entries, each
    but the fixed ones nearest to some pixel; fewer if so many show all that the space can tell
    apart, or as many as ``options.psnr`` needs.

    Args:
        pictures: (height, width, c) uint8 each, c in 1..4, at least one pixel.
        options: entries of ``palette`` and ``fixed`` have c channels.

    Returns:
        For each picture one result, its pixels mapped to their nearest entries or dithered, and
        with ``options.rate`` another one in it that takes fewer bits. Trace and seconds of the
        choice are those of all pictures together.

    Raises:
        QualityError: ``options.psnr`` cannot be reached with so many colors.
        TypeError, ValueError: pixels or options do not fit each other.
    """
    stages = Stages(options.progress)
    with stages("histogram", len(pictures) + 1):
        indexed = []
        for pixels in pictures:
            indexed.append(index_colors(pixels))
            stages.step()
        histograms = [histogram for histogram, _ in indexed]
        together = histograms[0].merge(*histograms[1:]) if histograms[1:] else histograms[0]
        counts = together.counts
        if options.importance is not None:
            counts = _sum_importance(indexed[0][1], options.importance, len(counts))
        cloud = make_cloud(together, counts, options)
    palette, trace = choose_palette(cloud, options, stages)
    fixed = 0 if options.fixed is None else len(options.fixed)
    if options.palette is not None or len(pictures) > 1:
        fixed = len(palette)
    results = []
    for pixels, (histogram, positions) in zip(pictures, indexed, strict=True):
        own = cloud if histogram is together else Cloud(histogram, cloud.space)
        result = _map_pixels(pixels, positions, own, (palette, trace), options, stages)
        if options.rate > 0:
            with stages("rate", ROUNDS):
                lowered = map_rate_aware(
                    own,
                    positions,
                    palette,
                    options.rate,
                    fixed=fixed,
                    threads=options.threads,
                    progress=stages.step,
                )
                loss = pixel_loss(pixels, *lowered, straight=options.keep_hidden)
                of_rate = Quantized.of(*lowered, loss, trace, stages.seconds)
                result = replace(result, lowered=of_rate)
        results.append(result)
    return results


def make_cloud(histogram: Histogram, counts: NDArray[np.int64], options: Options) -> Cloud:
    """Return the colors of a histogram in the space that is asked for, weighed by some counts."""
    space = find_space(options.space, histogram.colors.shape[1])
    space = replace(space, straight=options.keep_hidden)
    return Cloud(histogram, space, weigh_colors(histogram.colors, counts, options.weighting))


def _map_pixels(
    pixels: NDArray[np.uint8],
    positions: NDArray[np.uint32],
    cloud: Cloud,
    chosen: Chosen,
    options: Options,
    stages: Stages,
) -> Quantized:
    palette, trace = chosen
    is_dithered = options.dither != 0
    with stages("mapping", len(row_pieces(positions.shape)) if is_dithered else 1):
        nearest = cloud.map_nearest(palette)
        loss = cloud.loss(palette, nearest)
        if is_dithered and loss.mse > 0:
            ditherer = Ditherer(cloud, palette, nearest, options.dither, options.dithering)
            indices = ditherer.map_pixels(positions, stages.step)
            loss = pixel_loss(pixels, palette, indices, straight=options.keep_hidden)
        else:
            indices = look_up(nearest, positions)
    return Quantized.of(palette, indices, loss, trace, stages.seconds)


def _sum_importance(
    positions: NDArray[np.uint32], importance: NDArray[np.float64], count: int
) -> NDArray[np.int64]:
    """Sum the importance of all pixels of each color: (count,) integers of at least 1 a pixel."""
    top = max(1, min(_MAX_IMPORTANCE, MAX_WEIGHT // positions.size))
    scaled = np.maximum(np.rint(importance / importance.max() * top), 1).astype(np.int64)
    scaled //= np.gcd.reduce(scaled, axis=None)  # so equal importance is as none
    return np.bincount(positions.ravel(), scaled.ravel(), count).astype(np.int64)

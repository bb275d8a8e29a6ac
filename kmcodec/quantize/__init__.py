"""Choosing a palette for pixels, and mapping the pixels to it."""

from collections.abc import Sequence
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from ..format import Indices
from ..histogram import index_colors, look_up
from ..options import Options
from .choose import Chosen, choose_palette, weigh_colors
from .color_points import ColorPoints, psnr_of
from .kmeans import Trace
from .mapping import DITHERINGS
from .points import MAX_WEIGHT
from .rate import map_rate_aware
from .space import SPACES
from .stages import Stages

__all__ = ("Quantized", "quantize_pictures", "squared_error")

_MAX_IMPORTANCE: Final = 65535
_PIXELS_AT_ONCE: Final = 1 << 18  # whose differences are held in memory


class Quantized(tuple[NDArray[np.uint8], Indices]):
    """A palette and indices, as a pair, and how they came about.

    Attributes:
        palette: (k, c) uint8, distinct unless the caller gave it.
        indices: (height, width) uint8 if k <= 256, else uint16.
        mse: mean over pixels of the squared error, summed over the channels of the source.
        psnr: in dB, over all channels; infinite if exact.
        trace: of the last K-Means, in units of the space; without iterations where none was needed.
        seconds: by stage: "histogram", "search", "kmeans", "rounding", "mapping", "rate".
    """

    mse: float
    psnr: float
    trace: Trace
    seconds: dict[str, float]

    def __new__(
        cls,
        palette: NDArray[np.uint8],
        indices: Indices,
        squared_error: int,
        trace: Trace,
        seconds: dict[str, float],
    ) -> Self:
        """Sum up what is known.

        Args:
            palette: (k, c) uint8.
            indices: (height, width).
            squared_error: sum over pixels and channels.
            trace: of K-Means.
            seconds: by stage.
        """
        self = super().__new__(cls, (palette, indices))
        self.mse = squared_error / indices.size
        self.psnr = psnr_of(squared_error, indices.size * palette.shape[1])
        self.trace = trace
        self.seconds = seconds
        return self

    @classmethod
    def of_exact(cls, palette: NDArray[np.uint8], indices: Indices) -> Self:
        """A picture that is kept with its palette."""
        return cls(palette, indices, 0, Trace.of_exact(palette), {})

    def rearranged(self, palette: NDArray[np.uint8], indices: Indices) -> "Quantized":
        """The same report of another form of palette and indices."""
        other = Quantized(palette, indices, 0, self.trace, self.seconds)
        other.mse, other.psnr = self.mse, self.psnr
        return other

    def __getnewargs__(self) -> Any:
        """What a copy is made of, as when it comes from another process."""
        return (*self, 0, self.trace, self.seconds)

    @property
    def palette(self) -> NDArray[np.uint8]:
        """The first of the pair."""
        return self[0]

    @property
    def indices(self) -> Indices:
        """The second of the pair."""
        return self[1]

    @property
    def iterations(self) -> int:
        """Of the last K-Means."""
        return len(self.trace.inertia)


def quantize_pictures(
    pictures: Sequence[NDArray[np.uint8]], options: Options
) -> list[list[Quantized]]:
    """Choose one palette by K-Means, or take the one given, and map all pixels to it.

    Pictures of at most ``options.colors`` distinct colors are kept: the palette is the fixed
    entries, then these colors in ascending order. Otherwise it has exactly so many entries, each
    but the fixed ones nearest to some pixel; fewer if so many show all that the space can tell
    apart, or as many as ``options.quality`` needs.

    Args:
        pictures: (height, width, c) uint8 each, c in 1..4, at least one pixel.
        options: entries of ``palette`` and ``fixed`` have c channels.

    Returns:
        For each picture one result, its pixels mapped to their nearest entries or dithered. With
        ``options.rate``, a second one that takes fewer bits, as far as can be told without coding
        it. Trace and seconds of the choice are those of all pictures together.

    Raises:
        QualityError: ``options.quality`` cannot be reached with so many colors.
        TypeError, ValueError: pixels or options do not fit each other.
    """
    stages = Stages(options.progress)
    with stages("histogram"):
        indexed = [index_colors(pixels) for pixels in pictures]
        histograms = [histogram for histogram, _ in indexed]
        together = histograms[0].merge(*histograms[1:]) if histograms[1:] else histograms[0]
        counts = together.counts
        if options.importance is not None:
            counts = _sum_importance(indexed[0][1], options.importance, len(counts))
        space = SPACES[options.space]
        cloud = ColorPoints(
            together, space, weigh_colors(together.colors, counts, options.weighting)
        )
    palette, trace = choose_palette(cloud, options, stages)
    fixed = 0 if options.fixed is None else len(options.fixed)
    if options.palette is not None or len(pictures) > 1:
        fixed = len(palette)
    results = []
    for pixels, (histogram, positions) in zip(pictures, indexed, strict=True):
        own = cloud if histogram is together else ColorPoints(histogram, space)
        choices = [_map_pixels(pixels, positions, own, (palette, trace), options, stages)]
        if options.rate > 0:
            with stages("rate"):
                lowered = map_rate_aware(
                    own, positions, palette, options.rate, fixed=fixed, threads=options.threads
                )
                error = squared_error(pixels, *lowered)
                choices.append(Quantized(*lowered, error, trace, stages.seconds))
        results.append(choices)
    return results


def _map_pixels(
    pixels: NDArray[np.uint8],
    positions: NDArray[np.uint32],
    cloud: ColorPoints,
    chosen: Chosen,
    options: Options,
    stages: Stages,
) -> Quantized:
    palette, trace = chosen
    with stages("mapping"):
        nearest = cloud.map_nearest(palette)
        indices = look_up(nearest, positions)
        error = cloud.squared_error(palette, nearest)
        if options.dither > 0 and error > 0:
            dither = DITHERINGS[options.dithering]
            indices = dither(pixels, palette, options.dither, indices)
            error = squared_error(pixels, palette, indices)
    return Quantized(palette, indices, error, trace, stages.seconds)


def _sum_importance(
    positions: NDArray[np.uint32], importance: NDArray[np.float64], count: int
) -> NDArray[np.int64]:
    """(count,) the importance of all pixels of each color, in integers of at least 1 a pixel.

    Raises:
        ValueError: the importance is of another shape than the picture.
    """
    if importance.shape != positions.shape:
        raise ValueError(
            f"importance is of shape {importance.shape}, the picture of {positions.shape}"
        )
    top = max(1, min(_MAX_IMPORTANCE, MAX_WEIGHT // positions.size))
    scaled = np.maximum(np.rint(importance / importance.max() * top), 1).astype(np.int64)
    scaled //= np.gcd.reduce(scaled, axis=None)  # equal importance then is none
    return np.bincount(positions.ravel(), scaled.ravel(), count).astype(np.int64)


def squared_error(pixels: NDArray[np.uint8], palette: NDArray[np.uint8], indices: Indices) -> int:
    """Sum over pixels and channels of the squared difference to the palette."""
    flat, picked = pixels.reshape(-1, pixels.shape[2]), indices.ravel()
    error = 0
    for first in range(0, len(picked), _PIXELS_AT_ONCE):
        part = slice(first, first + _PIXELS_AT_ONCE)
        delta = (flat[part].astype(np.int64) - palette[picked[part]]).ravel()
        error += int(np.vdot(delta, delta))
    return error

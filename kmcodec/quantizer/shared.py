"""Choose one palette for a set of pictures, by their colors alone.

Colors may be gathered in any order, in parts and by several processes, and merged: that is exact,
commutative and associative, so that the palette does not depend on it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..images.pixels import Indexed, Pixels, is_gray, is_opaque, to_channels
from ..options import Options
from ..stages import Stages
from .cloud import row_keys
from .histogram import Histogram, sum_by_color
from .indexing import (
    begins_with,
    choose_entries,
    color_mode,
    fit_mode,
    has_own_order,
    quantize_in,
)
from .quantized import Quantized

_PENDING: Final = 1 << 16
"""Colors that may wait, so that all colors are not merged after every picture."""


@dataclass(frozen=True, eq=False)
class SharedColors:
    """The colors of pictures: 12 bytes for each that is distinct.

    Attributes:
        histogram: of the pixels of all, as RGBA.
        palette: (K, 4) if it is that of every picture, or begins with that; else None.
        in_color: what counts instead if it has color, as gray pictures are then saved in color,
            which may take them through a profile. It is ``histogram`` itself where that is all one.
    """

    histogram: Histogram
    palette: NDArray[np.uint8] | None
    in_color: Histogram

    @classmethod
    def none(cls) -> "SharedColors":
        """Return the colors of no picture."""
        entries = np.empty((0, 4), np.uint8)
        histogram = Histogram(entries, np.empty(0, np.int64))
        return cls(histogram, entries, histogram)

    @classmethod
    def of(
        cls, picture: Pixels | Indexed, in_color: Pixels | Indexed | None = None
    ) -> "SharedColors":
        """Return the colors of a picture, which may be another one if it is saved in color."""
        palette = None
        if isinstance(picture, Indexed) and has_own_order(picture.mode):
            palette = to_channels(picture.palette, 4)
        histogram = _count_colors(picture)
        return cls(histogram, palette, histogram if in_color is None else _count_colors(in_color))

    def join(self, *others: "SharedColors") -> "SharedColors":
        """Return the colors of these pictures and others."""
        parts = (self, *others)
        palette = reduce(_join_palettes, (part.palette for part in parts))
        histogram = _merge([part.histogram for part in parts])
        if all(part.in_color is part.histogram for part in parts):
            return SharedColors(histogram, palette, histogram)
        return SharedColors(histogram, palette, _merge([part.in_color for part in parts]))

    def shown(self, options: Options) -> Histogram:
        """Return the colors that are shown with a palette that options ask for."""
        is_gray_set = is_gray(self.histogram.colors) and not options.has_color
        return self.histogram if is_gray_set else self.in_color


def _count_colors(picture: Pixels | Indexed) -> Histogram:
    """Return the colors of a picture as RGBA, in whose order those of other modes are as well."""
    if isinstance(picture, Indexed):
        counts = np.bincount(picture.indices.ravel(), minlength=len(picture.palette))
        used = np.flatnonzero(counts)
        colors, (sums,) = sum_by_color(picture.palette[used], counts[used])
        return Histogram(to_channels(colors, 4), sums)
    histogram = Histogram.of(picture.pixels)
    return Histogram(to_channels(histogram.colors, 4), histogram.counts)


def _merge(histograms: list[Histogram]) -> Histogram:
    return histograms[0].merge(*histograms[1:])


def _join_palettes(
    one: NDArray[np.uint8] | None, other: NDArray[np.uint8] | None
) -> NDArray[np.uint8] | None:
    """Return the longer of two palettes if it begins with the other, else None."""
    if one is None or other is None:
        return None
    short, long = sorted((one, other), key=len)
    return long if begins_with(long, short) else None


def merge_colors(parts: Iterable[SharedColors]) -> SharedColors:
    """Return the colors of all pictures, of which no more wait than have been merged."""
    total, waiting, count = SharedColors.none(), [], 0
    for part in parts:
        waiting.append(part)
        count += len(part.histogram.colors)
        if count > max(_PENDING, len(total.histogram.colors)):
            total, waiting, count = total.join(*waiting), [], 0
    return total.join(*waiting)


def choose_shared_palette(shared: SharedColors, options: Options) -> NDArray[np.uint8]:
    """Choose the palette that ``index_pictures`` chooses for pictures of these colors.

    Returns:
        (K, 3) uint8, or (K, 4) if it has alpha.

    Raises:
        QualityError: ``options.psnr`` takes more colors.
        ValueError: there is no picture, or an option is of one picture.
    """
    _check_options(options)
    shown = shared.shown(options)
    if not len(shown.colors):
        raise ValueError("a palette needs at least one image")
    palette = _keep_palette(shared, options)
    if palette is None:
        mode = fit_mode(color_mode(has_alpha=not is_opaque(shown.colors)), options)
        _, chosen = choose_entries(shown, mode, options, Stages(options.progress))
        palette = to_channels(chosen, mode.channels)
    return to_channels(palette, 3) if is_opaque(palette) else palette


def index_pictures(sources: Sequence[Pixels | Indexed], options: Options) -> list[Quantized]:
    """Find one palette of at most ``options.colors`` entries for all pictures, and their indices.

    Results and errors are those of ``index_picture``. Pictures are compared as RGB, or as RGBA if
    one has alpha. Pictures that share a palette keep it if it fits, as one picture does.
    """
    _check_options(options)
    mode = fit_mode(color_mode(has_alpha=any(source.mode.has_alpha for source in sources)), options)
    indexed = [s for s in sources if isinstance(s, Indexed) and has_own_order(s.mode)]
    if len(indexed) == len(sources):
        kept = _keep_palette(merge_colors(map(SharedColors.of, sources)), options)
        if kept is not None and all(begins_with(kept, source.palette) for source in indexed):
            palette = to_channels(kept, mode.channels)
            return [Quantized.of_exact(palette, source.indices) for source in indexed]
        if kept is not None:  # without what no picture uses
            options = replace(options, palette=kept, fixed=None, psnr=None)
    return quantize_in([source.pixels for source in sources], mode, options)


def _check_options(options: Options) -> None:
    """Refuse what can only be said of one picture."""
    if options.importance is not None:
        raise ValueError("importance is of one picture; it cannot be of several")
    if options.exact:
        raise ValueError("exact is of one picture; it cannot be of several")


def _keep_palette(shared: SharedColors, options: Options) -> NDArray[np.uint8] | None:
    """Return the palette that pictures share, or what they use of it, (K, 4), if that fits."""
    palette = shared.palette
    if palette is None or options.palette is not None:
        return None
    if len(palette) > options.colors:
        keys = row_keys(palette)
        firsts = np.sort(np.unique(keys, return_index=True)[1])
        palette = palette[firsts[np.isin(keys[firsts], row_keys(shared.histogram.colors))]]
    return palette if len(palette) <= options.colors else None

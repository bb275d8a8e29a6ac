"""Turn any picture into a palette and indices: keep what fits as it is, and quantize the rest.

A picture that has a palette keeps it, with its order, if it is small enough and no other is asked
for. All others are quantized, which keeps their colors too where they are few enough.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..errors import QualityError
from ..format import Indices, Mode, index_dtype
from ..images.pixels import Indexed, Pixels, is_gray, is_opaque, to_channels
from ..options import Options
from ..stages import Stages
from .choose import choose_palette
from .cloud import Cloud
from .histogram import Histogram
from .loss import pixel_loss
from .pictures import make_cloud, quantize_pictures
from .quantized import Quantized

_BILEVEL: Final = ((0, 0, 0), (255, 255, 255))
"""The palette of mode 1; given entries must begin it, so that whatever follows is in its order."""


def index_picture(source: Pixels | Indexed, options: Options) -> tuple[Mode, Quantized]:
    """Find a palette of at most ``options.colors`` entries, and the indices into it.

    A palette of the user's that fits stays as it is, indices included, for they may be more than
    colors: labels, say.

    Returns:
        The mode in which the picture opens, which is its own unless the palette or the fixed
        entries that are asked for have colors, alpha, an order or a number of entries that it
        cannot hold; and palette and indices in the channels of that mode.

    Raises:
        QualityError: ``options.psnr``, or an exact result, takes more colors.
        ValueError: ``options.importance`` is not of the shape of the picture.
    """
    shape = source[-1].shape[:2]
    if options.importance is not None and options.importance.shape != shape:
        fault = f"importance is of shape {options.importance.shape}, the picture of {shape}"
        raise ValueError(fault)
    if isinstance(source, Indexed):
        kept = keep_palette(source, options)
        if kept is not None:
            return kept.mode, Quantized.of_exact(kept.palette, kept.indices)
        source = Pixels(source.mode, source.pixels)
    if options.exact:
        check_exact(Histogram.of(source.pixels), options)
    mode, options = fit_options(source.mode, options)
    quantized = _arrange(mode, source.pixels, quantize_in([source.pixels], mode, options)[0])
    if options.exact and not quantized.is_exact:
        raise QualityError("the result would not be exact")
    return mode, quantized


def check_exact(histogram: Histogram, options: Options) -> None:
    """Refuse more colors than an exact result can have, before any is chosen.

    Raises:
        QualityError: there are more; the message tells how many.
    """
    colors, hidden = len(histogram.colors), len(histogram.hidden)
    most = options.colors if options.palette is None else len(options.palette)
    if colors > most:
        of_them = f", {hidden} of them under alpha 0" if hidden > 1 else ""
        fault = f"the picture has {colors} colors{of_them}, an exact result at most {most}"
        raise QualityError(fault)


def fit_options(mode: Mode, options: Options) -> tuple[Mode, Options]:
    """Return the mode in which pixels of a mode open, and the options that it leaves."""
    mode = fit_mode(mode, options)
    most = 256 if mode == Mode.PA else mode.max_colors
    rate = 0 if mode == Mode.BILEVEL else options.rate
    return mode, replace(options, colors=min(options.colors, most), rate=rate)


def _arrange(mode: Mode, pixels: NDArray[np.uint8], quantized: Quantized) -> Quantized:
    """Arrange the palette and indices of some pixels as the mode wants them."""
    if mode != Mode.BILEVEL:
        return quantized.rearranged(partial(arrange_entries, mode))
    palette, indices = arrange_entries(mode, *quantized)
    loss = pixel_loss(pixels, palette, indices)
    return Quantized.of(palette, indices, loss, quantized.trace, quantized.seconds)


def arrange_entries(
    mode: Mode, palette: NDArray[np.uint8], indices: Indices
) -> tuple[NDArray[np.uint8], Indices]:
    """Return palette and indices as a mode wants them."""
    if mode == Mode.BILEVEL:  # one color was asked for, of two
        return np.where(palette >= 128, 255, 0).astype(np.uint8), indices
    if mode == Mode.PA:  # so that entries of one color stand together
        return sort_entries(palette, indices)
    return palette, indices


def color_mode(*, has_alpha: bool) -> Mode:
    """Return the mode that holds the colors of several modes, with alpha if one has it."""
    return Mode.RGBA if has_alpha else Mode.RGB


def has_own_order(mode: Mode) -> bool:
    """Return whether a palette of this mode is the user's, duplicates and unused entries too."""
    return mode in (Mode.P, Mode.P_ALPHA)


def keep_palette(source: Indexed, options: Options) -> Indexed | None:
    """Return the picture with its own palette, or None if that will not do.

    It will if the palette asked for begins with it: then that follows.

    Raises:
        QualityError: that is too long for an exact result.
    """
    if options.palette is not None:
        return _adopt_palette(source, options.palette, fit_mode(source.mode, options))
    if options.exact and len(source.palette) > options.colors:
        fault = f"the palette has {len(source.palette)} entries, an exact result at most"
        raise QualityError(f"{fault} {options.colors}")
    if len(source.palette) <= options.colors:
        return source
    used = Indexed(source.mode, *drop_unused(source.palette, source.indices))
    return used if len(used.palette) <= options.colors else None


def _adopt_palette(source: Indexed, palette: NDArray[np.uint8], mode: Mode) -> Indexed | None:
    """Return a picture of a mode with the same indices into another palette, if it has its own."""
    if not has_own_order(mode) or not begins_with(palette, source.palette):
        return None
    return Indexed(mode, to_channels(palette, mode.channels), source.indices)


def begins_with(palette: NDArray[np.uint8], other: NDArray[np.uint8]) -> bool:
    """Return whether the first entries of a palette, in any channels, are those of another."""
    first = palette[: len(other)]
    return np.array_equal(to_channels(first, 4), to_channels(other, 4))


def fit_mode(mode: Mode, options: Options) -> Mode:
    """Return the mode of a picture, or another one that can hold the entries asked for."""
    given = [entries for entries in (options.palette, options.fixed) if entries is not None]
    if not given:
        return mode
    entries = np.vstack([to_channels(part, 4) for part in given])
    if mode == Mode.BILEVEL and not np.array_equal(entries[:, :3], _BILEVEL[: len(entries)]):
        mode = Mode.L
    if mode == Mode.PA or len(entries) > mode.max_colors:
        mode = Mode.RGBA if mode.has_alpha else Mode.RGB
    gray = mode.channels <= 2 and not options.has_color
    alpha = mode.has_alpha or bool((entries[:, 3] != 255).any())
    if mode in (Mode.P, Mode.P_ALPHA):
        return Mode.P_ALPHA if alpha else Mode.P
    if gray:
        return Mode.LA if alpha else mode
    return Mode.RGBA if alpha else Mode.RGB


def quantize_in(
    pictures: Sequence[NDArray[np.uint8]], mode: Mode, options: Options
) -> list[Quantized]:
    """Quantize pictures in no more channels than it takes, and return results in the mode's.

    So gray gets no tinted entries, and opaque colors are as exact as if there were no alpha.
    """
    channels, options = fit_channels(pictures, mode, options)
    results = quantize_pictures([to_channels(pixels, channels) for pixels in pictures], options)
    return [
        result.widened(to_channels(pixels, mode.channels), straight=options.keep_hidden)
        for pixels, result in zip(pictures, results, strict=True)
    ]


def fit_channels(
    pictures: Sequence[NDArray[np.uint8]], mode: Mode, options: Options
) -> tuple[int, Options]:
    """Return how many channels show all pictures and all entries asked for, and these in them."""
    given = [part for part in (options.palette, options.fixed) if part is not None]
    shown = [*pictures, *given]
    color = mode.channels >= 3 and not all(map(is_gray, shown))
    alpha = mode.has_alpha and not all(map(is_opaque, shown))
    channels = (3 if color else 1) + alpha

    def fit(values: NDArray[np.uint8] | None) -> NDArray[np.uint8] | None:
        return None if values is None else to_channels(values, channels)

    return channels, replace(options, palette=fit(options.palette), fixed=fit(options.fixed))


def choose_entries(
    histogram: Histogram, mode: Mode, options: Options, stages: Stages
) -> tuple[Cloud, NDArray[np.uint8]]:
    """Choose the palette that ``quantize_in`` would choose for pixels of these colors.

    Returns:
        The colors as points, and the palette, in as many channels as it takes.
    """
    with stages("histogram"):
        channels, options = fit_channels([histogram.colors], mode, options)
        shown = Histogram(to_channels(histogram.colors, channels), histogram.counts)
        cloud = make_cloud(shown, shown.counts, options)
    palette, _ = choose_palette(cloud, options, stages)
    return cloud, palette


def drop_unused(palette: NDArray[np.uint8], indices: Indices) -> tuple[NDArray[np.uint8], Indices]:
    """Return the palette entries that pixels use, in their order, and the indices into those."""
    used = np.bincount(indices.ravel(), minlength=len(palette)) > 0
    renumbered: Indices = (np.cumsum(used) - 1).astype(index_dtype(int(used.sum())))
    return palette[used], renumbered[indices]


def sort_entries(palette: NDArray[np.uint8], indices: Indices) -> tuple[NDArray[np.uint8], Indices]:
    """Return distinct entries in lexicographic order, and the indices into those."""
    entries, positions = np.unique(palette, axis=0, return_inverse=True)
    renumbered: Indices = positions.ravel().astype(index_dtype(len(entries)))
    return entries, renumbered[indices]

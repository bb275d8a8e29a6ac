"""Choose one palette for gathered frames, and map their pixels to it.

It is chosen as for a picture that has all pixels of all frames. What changes from frame to frame
is mapped alone: a pixel that is as in the frame before keeps its index, so that neither dithering
nor ``rate`` makes flicker what stands still.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..errors import QualityError
from ..format import MAX_COLORS, Indices, Mode
from ..images.pixels import Indexed, to_channels
from ..options import Options
from ..spool import Change
from ..stages import Stages
from .cloud import Cloud
from .dithering import AROUND, PATTERN, Ditherer
from .gathered import GatheredFrames
from .histogram import Histogram, number_colors
from .indexing import arrange_entries, check_exact, choose_entries, fit_options, keep_palette
from .loss import NO_LOSS, Comparison, Loss, color_loss
from .points import four_channels
from .rate import map_rate_aware

_DEFAULT_COLORS: Final = 256

MapRows = Callable[[NDArray[np.uint32]], Indices]
"""Maps rows of positions among the distinct values to entries that need not be the nearest."""


@dataclass(frozen=True, eq=False)
class FramePalette:
    """One palette for frames, and how their n distinct colors are shown.

    Attributes:
        mode: the mode in which the frames open.
        palette: (K, channels of the mode).
        colors: the distinct colors in these channels, with the pixels of each in all frames; if
            the frames keep a palette, the values of its indices instead.
        nearest: (n,) the entry of each color.
        loss: what is lost if these are shown.
        map_rows: how pixels are mapped instead; None if by ``nearest``.
    """

    mode: Mode
    palette: NDArray[np.uint8]
    colors: Histogram
    nearest: Indices
    loss: Loss
    map_rows: MapRows | None = None

    @property
    def counts(self) -> NDArray[np.int64]:
        """The number of pixels of all frames of each entry, as ``nearest`` has it."""
        counts = np.zeros(len(self.palette), np.int64)
        np.add.at(counts, self.nearest, self.colors.counts)
        return counts


def choose_frame_palettes(
    frames: GatheredFrames, options: Options, stages: Stages
) -> list[FramePalette]:
    """Choose the palette that the options ask for.

    Frames that share a palette which fits keep it, with its order.

    Returns:
        One result; with ``rate`` also one with the same palette that takes fewer bits, as far as
        can be told without coding.

    Raises:
        QualityError: ``options.psnr``, or an exact result, takes more colors.
    """
    form, values = frames.form, frames.histogram()
    shared = form.picture(values.colors)
    if isinstance(shared, Indexed):
        kept = keep_palette(shared, options)
        if kept is not None:
            return [FramePalette(kept.mode, kept.palette, values, kept.indices, NO_LOSS)]
        frames.recolor(form.mode)
        values = frames.histogram()
    if options.exact:
        check_exact(values, options)
    chosen = _quantize(values, *fit_options(form.mode, options), stages)
    if options.exact and chosen[0].loss.mse:
        raise QualityError("the result would not be exact")
    return chosen


def _quantize(
    values: Histogram, mode: Mode, options: Options, stages: Stages
) -> list[FramePalette]:
    cloud, palette = choose_entries(values, mode, options, stages)
    nearest = cloud.map_nearest(palette)
    numbers = np.arange(len(palette)).astype(nearest.dtype)
    entries, renumbered = arrange_entries(mode, to_channels(palette, mode.channels), numbers)
    colors = Histogram(to_channels(values.colors, mode.channels), values.counts)
    arranged = renumbered[nearest]
    shown_as = entries[arranged]
    loss = color_loss(colors.colors, colors.counts, shown_as, straight=options.keep_hidden)
    plain = FramePalette(mode, entries, colors, arranged, loss)
    if options.dither != 0 and loss.mse:
        ditherer = Ditherer(cloud, palette, nearest, options.dither, options.dithering)
        return [replace(plain, map_rows=lambda rows: renumbered[ditherer.map_pixels(rows)])]
    if options.rate > 0:
        lower = partial(_lower_rate, cloud, palette, options)
        return [plain, replace(plain, map_rows=lambda rows: renumbered[lower(rows)])]
    return [plain]


def _lower_rate(
    cloud: Cloud, palette: NDArray[np.uint8], options: Options, positions: NDArray[np.uint32]
) -> Indices:
    """Map rows of positions to a palette that stays, so that they take fewer bits."""
    used, own = np.unique(positions, return_inverse=True)
    counts = np.bincount(own.ravel()).astype(np.int64)
    _, indices = map_rate_aware(
        Cloud(Histogram(cloud.histogram.colors[used], counts), cloud.space),
        own.astype(np.uint32).reshape(positions.shape),
        palette,
        options.rate,
        fixed=len(palette),
        threads=options.threads,
    )
    return indices


def default_colors(frames: GatheredFrames, options: Options) -> int:
    """Return as many colors as all frames have if none brings more than 256 along, else 256.

    So what was made with palettes, as every GIF, is kept. All colors that are hidden count as one,
    unless they are to be kept.
    """
    hides = frames.form.mode.has_alpha and frames.form.palette is None and not options.keep_hidden

    def count(values: NDArray[np.uint8]) -> int:
        hidden = values[:, -1] == 0 if hides else np.zeros(len(values), bool)
        return len(number_colors(values[~hidden])[0]) + bool(hidden.any())

    changes = (change for change in frames if change is not None)
    if any(count(change.values) > _DEFAULT_COLORS for change in changes):
        return _DEFAULT_COLORS
    return min(max(count(frames.histogram().colors), _DEFAULT_COLORS), MAX_COLORS)


class MappedFrames:
    """The indices of all frames, which are mapped one after the other as they are taken.

    Attributes:
        palette: (K, channels) uint8.
        loss: what is lost, once all are taken.
    """

    def __init__(self, frames: GatheredFrames, chosen: FramePalette, *, straight: bool) -> None:
        """Map frames as they were gathered for this palette.

        Args:
            frames: they have not changed since the palette was chosen.
            chosen: what ``choose_frame_palettes`` gave.
            straight: as ``loss.color_loss`` has it.
        """
        self.loss = chosen.loss
        self.palette = chosen.palette
        self._frames = frames
        self._chosen = chosen
        self._compared = Comparison.of(chosen.palette, straight)

    def __iter__(self) -> Iterator[Indices | None]:
        """Yield the indices of each frame, (height, width), which change with the next.

        Yield None for one that is as the frame before.
        """
        chosen, frames = self._chosen, self._frames
        places = _Places(frames)
        indices: Indices = np.zeros(places.plane.shape, chosen.nearest.dtype)
        error = 0
        for frame, change in enumerate(frames):
            if change is None:
                yield None
            else:
                before, after = places.follow(change)
                mapped = chosen.nearest[after]
                if chosen.map_rows is not None:
                    mapped = _map_around(chosen.map_rows, places.plane, change)
                    gone = self._error(before, change.take(indices)[: len(before)])
                    error += (len(frames) - frame) * (self._error(after, mapped) - gone)
                change.put(indices, mapped)
                yield indices
        if chosen.map_rows is not None:
            self.loss = self._compared.loss(error, int(chosen.colors.counts.sum()))

    def first(self) -> Indices:
        """Return the indices of the first frame."""
        return next(plane.copy() for plane in self if plane is not None)

    def _error(self, places: NDArray[np.uint32], indices: Indices) -> int:
        """Return the sum of squared errors of some pixels."""
        colors = self._chosen.colors.colors[places]
        return self._compared.error(colors, self._chosen.palette, indices)


class _Places:
    """The places of the pixels of one frame after the other in the histogram of all.

    Attributes:
        plane: (height, width) uint32.
    """

    def __init__(self, frames: GatheredFrames) -> None:
        """Begin before the first frame."""
        self.plane = np.zeros(frames.last.shape[:2], np.uint32)
        self._keys = _sort_keys(frames.histogram().colors)
        self._is_first = True

    def follow(self, change: Change) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
        """Go to the next frame, and return the places of its changed pixels before and after."""
        distinct, numbers = number_colors(change.values)
        found = np.searchsorted(self._keys, _sort_keys(distinct)).astype(np.uint32)
        before, after = change.take(self.plane), found[numbers]
        change.put(self.plane, after)
        if self._is_first:
            before, self._is_first = before[:0], False
        return before, after


def _sort_keys(colors: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Return a number for each of (n, c) colors, which are in lexicographic order: (n,)."""
    return four_channels(colors).view(">u4")[:, 0].astype(np.uint32)


def _map_around(map_rows: MapRows, plane: NDArray[np.uint32], change: Change) -> Indices:
    """Map changed pixels with some of the rows around, in whole patterns, as these matter."""
    top = max(0, int(change.rows[0]) - AROUND) // PATTERN * PATTERN
    mapped = map_rows(plane[top : int(change.rows[-1]) + 1 + AROUND])
    return mapped[change.rows - top][change.mask]

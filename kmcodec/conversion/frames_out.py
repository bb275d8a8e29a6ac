"""Write frames of .kmq files in the formats of Pillow's that hold several."""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kmcodec.format import Indices

from . import apng_writer, gif_writer
from .changes import Box, find_box
from .export import write_image
from .kmq_frames import KmqReader
from .modes import ExportError, check_size, choose_kind, drop_alpha, find_fault, flatten, is_cut_out
from .orientation import turn

Background = tuple[int, ...] | None
"""The color to put frames on, if they have alpha that a format does not hold."""

_MOST_PLAYS: Final = MappingProxyType(
    {"GIF": gif_writer.MOST_PLAYS, "PNG": apng_writer.MOST_PLAYS, "WEBP": 65535}
)
MOVING_FORMATS: Final = frozenset({*_MOST_PLAYS, "AVIF", "TIFF"})
"""Those that hold several frames."""


@dataclass(frozen=True)
class Export:
    """Frames that are to be written.

    Attributes:
        reader: of the file they are in.
        wanted: their numbers.
        durations: of each, in milliseconds.
        plays: how often all are shown, 0 for ever.
        orientation: by which they are turned, as of EXIF.
        kind: of the pictures, as ``modes`` calls it.
        info: metadata of all.
    """

    reader: KmqReader
    wanted: range
    durations: list[Fraction]
    plays: int
    orientation: int
    kind: str
    info: dict[Any, Any]

    def __iter__(self) -> Iterator[Indices]:
        """Yield the indices of each frame."""
        return (self.indices(place) for place in range(len(self.wanted)))

    def indices(self, place: int) -> Indices:
        """Return the indices of one of the frames."""
        return turn(self.reader.indices(self.wanted[place]), self.orientation)

    def maker(self, target: str, background: Background) -> Callable[[Indices], Image.Image]:
        """Return a function that makes pictures of a kind that a format holds.

        Raises:
            ExportError: there is none.
        """
        check_size(self.reader.size, target)
        palette = self.reader.palette
        try:
            every = np.full(len(palette), True)
            return choose_kind(self.kind, palette, every, target, background)
        except ExportError:  # perhaps for the sake of entries that no pixel has
            used = self.reader.used(self.wanted)
            return choose_kind(self.kind, palette, used, target, background)


def export_frames(frames: Export, target: str, background: Background) -> Iterator[bytes]:
    """Yield a file of all frames, piece by piece; warn of what it has no room for.

    Raises:
        ExportError: the format cannot hold a frame; perhaps only once the others are written.
    """
    plays = min(frames.plays, _MOST_PLAYS.get(target, 0))
    if target == "TIFF":
        warn("TIFF has no room for durations, and how often frames are shown")
    elif plays != frames.plays:
        shown = f"up to {plays:,} times" if plays else "for ever"
        warn(f"{target} shows frames {shown}, not {frames.plays:,} times")
    if target == "GIF":
        return _export_gif(frames, plays, background)
    if target == "PNG":
        return _export_apng(frames, plays, background)
    return _export_pillow(frames, target, plays, background)


def export_stills(frames: Export, background: Background) -> Iterator[bytes]:
    """Yield a PNG file of each frame."""
    warn("a directory has no room for durations, and how often frames are shown")
    make = frames.maker("PNG", background)
    for indices in frames:
        image = make(indices)
        image.info |= frames.info
        yield write_image(image, "PNG", warn)


def warn(text: str) -> None:
    """Warn of what is left out or changed."""
    warnings.warn(text, stacklevel=2)


def _export_gif(frames: Export, plays: int, background: Background) -> Iterator[bytes]:
    if [10 * number for number in gif_writer.to_hundredths(frames.durations)] != frames.durations:
        warn("GIF has no room for exact durations, which are rounded to hundredths of a second")
    palette = _cut_out_palette(frames, background)
    comment = frames.info.get("comment", b"")
    return gif_writer.write_gif(palette, frames, frames.durations, plays, comment)


def _cut_out_palette(frames: Export, background: Background) -> NDArray[np.uint8]:
    """Return a palette each entry of which is opaque or fully transparent."""
    palette = frames.reader.palette
    if palette.shape[1] == 4 and not is_cut_out(palette):
        palette = drop_alpha(palette, frames.reader.used(frames.wanted))
    if palette.shape[1] == 3 or is_cut_out(palette):
        return palette
    if background is None:
        raise ExportError(find_fault(palette, "GIF", ["P;1"]))
    return flatten(palette, background)


def _export_apng(frames: Export, plays: int, background: Background) -> Iterator[bytes]:
    durations = [apng_writer.round_duration(duration) for duration in frames.durations]
    if durations != frames.durations:
        warn("PNG has no room for exact durations, which are rounded")
    make = frames.maker("PNG", background)
    parts = _find_parts(frames, make)
    return apng_writer.write_apng(parts, durations, len(durations), plays)


def _find_parts(
    frames: Export, make: Callable[[Indices], Image.Image]
) -> Iterator[tuple[Box, bytes]]:
    """Yield of each frame the part that differs from the one before, and a PNG file of it."""
    before = None
    for indices in frames:
        changed = np.full(indices.shape, True) if before is None else indices != before
        box = find_box(changed)
        image = make(indices[box.slices])
        if before is None:
            image.info |= frames.info
        yield box, write_image(image, "PNG", warn)
        before = indices


def _export_pillow(
    frames: Export, target: str, plays: int, background: Background
) -> Iterator[bytes]:
    settings: dict[str, Any] = {"save_all": True}
    if target != "TIFF":
        ends = [0, *map(round, accumulate(frames.durations))]
        settings["duration"] = [end - start for start, end in pairwise(ends)]
        if settings["duration"] != frames.durations:
            warn(f"{target} has no room for exact durations, which are rounded to milliseconds")
    if target == "WEBP":
        settings |= {"loop": plays, "method": 4}
    image = _Moving(frames, frames.maker(target, background))
    image.info |= frames.info
    return iter([write_image(image, target, warn, **settings)])


class _Moving(Image.Image):
    """Frames as Pillow's writers take them: one image, which holds one of them at a time."""

    is_animated = True

    def __init__(self, frames: Export, make: Callable[[Indices], Image.Image]) -> None:
        super().__init__()
        self.n_frames = len(frames.wanted)
        self._frames = frames
        self._make = make
        self._place = -1
        self.seek(0)

    def seek(self, frame: int) -> None:
        if not 0 <= frame < self.n_frames:
            raise EOFError(f"there is no frame {frame}")
        if frame != self._place:
            image = self._make(self._frames.indices(frame))
            self.im, self._mode, self._size = image.im, image.mode, image.size
            self.palette = image.palette
            self._place = frame

    def tell(self) -> int:
        return self._place

    def copy(self) -> "_Moving":
        other = _Moving(self._frames, self._make)
        other.info = dict(self.info)
        return other

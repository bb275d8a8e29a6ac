"""Choose one palette for many files: gather their colors in parts, merge these, and choose once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import islice
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kmcodec.conversion.faults import FileError, explain, explain_loss, explain_refusal
from kmcodec.conversion.heard import hear_warnings
from kmcodec.conversion.source import Source, open_source, raise_limit
from kmcodec.conversion.task import Settings
from kmcodec.images.pixels import read_image
from kmcodec.images.profiles import leaves_profile
from kmcodec.options import Options
from kmcodec.quantizer import shared
from kmcodec.quantizer.shared import SharedColors
from kmcodec.quantizer.shared import merge_colors as merge_colors

from .engine import Executor, run_batches

_OF_EACH: Final = {"exact", "dither", "dithering", "rate", "coding", "slack", "band_rows"}
"""Options that say how each picture is shown in the palette, and coded."""

_OF_THE_CHOICE: Final = {"fixed", "psnr"}
"""Options that are met by the palette, and not to be met again by each picture."""

Gathered = tuple[SharedColors, list[FileError]]
"""Colors of files, and what is wrong with those that are left out."""

_BATCH: Final = 32

_NAMES: Final = frozenset(field.name for field in fields(Options)) - _OF_EACH


def share_palette(
    names: Sequence[str],
    settings: Settings,
    executor: Executor | None,
    in_flight: Callable[[], int],
) -> Settings:
    """Return settings with a palette, chosen for the colors of all files.

    Files that cannot be read are passed over; converting them will tell. If all are, there is none.

    Args:
        names: of the files.
        settings: how they are converted.
        executor: where colors are gathered; None for in this process.
        in_flight: tells how many batches may wait or be worked at.

    Raises:
        FileError: no palette can be chosen.
    """
    remaining = iter(names)
    batches = iter(lambda: tuple(islice(remaining, _BATCH)), ())
    work = Gathering(settings.frames, settings.max_pixels)
    outcomes = run_batches(work, batches, executor, in_flight=in_flight, lost=report_loss)
    options = settings.options
    try:
        colors = merge_colors(colors for _, results in outcomes for colors, _ in results)
        if not len(colors.histogram.colors):
            return settings
        palette = choose_shared_palette(colors, options.get("colors", 256), options)
    except (MemoryError, TypeError, ValueError) as error:
        raise explain_refusal(error, "all inputs") from error
    others = {name: options[name] for name in options if name not in _OF_THE_CHOICE}
    return replace(settings, options={**others, "palette": palette})


@dataclass(frozen=True)
class Gathering:
    """The gathering of colors of batches, which can be sent to other processes."""

    frames: slice | None
    max_pixels: int | None

    def __call__(self, batch: Sequence[str]) -> list[Gathered]:
        """Gather the colors of all files of a batch."""
        raise_limit(self.max_pixels)
        with hear_warnings():
            return [gather_colors(batch, self.frames, self.max_pixels)] if batch else []


def report_loss(name: str, error: BaseException) -> Gathered:
    """Leave out a file with which a worker was lost."""
    return merge_colors(()), [explain_loss(error, name)]


def gather_colors(
    names: Sequence[str], frames: slice | None = None, max_pixels: int | None = None
) -> Gathered:
    """Return the colors of files, and what is wrong with those that are left out.

    Args:
        names: of pictures, as the converter takes them.
        frames: those of moving pictures that count; None for all.
        max_pixels: most pixels of a picture; None for Pillow's limit.
    """
    faults = []

    def read() -> Iterator[SharedColors]:
        for name in names:
            try:
                with open_source(name, max_pixels) as (source, _):
                    yield source_colors(source, frames)
            except FileError as error:
                faults.append(error)

    return merge_colors(read()), faults


def source_colors(source: Source, frames: slice | None = None) -> SharedColors:
    """Return the colors of an open file.

    Raises:
        FileError: it cannot be read, or no palette can be made of it.
    """
    pictures = _pictures(source, source.choose(frames))
    try:
        return merge_colors(map(_picture_colors, pictures))
    except (MemoryError, TypeError, ValueError) as error:
        raise explain_refusal(error, source.name) from error


def _pictures(source: Source, wanted: range) -> Iterator[Image.Image]:
    if source.reader:
        yield from source.pictures(wanted)
        return
    try:
        source.image.load()
    except Exception as error:  # Pillow's readers raise many kinds
        raise explain(error, source.name) from error
    yield source.image


def _picture_colors(image: Image.Image) -> SharedColors:
    """Return the colors of a picture as the encoder sees them."""
    picture = read_image(image)
    if leaves_profile(image, in_color=False) or not leaves_profile(image, in_color=True):
        return SharedColors.of(picture)
    return SharedColors.of(picture, read_image(image, in_color=True))


def choose_shared_palette(
    colors: SharedColors, most: int, options: Mapping[str, Any]
) -> NDArray[np.uint8]:
    """Choose the palette of at most so many entries that ``quantize_many`` chooses for pictures.

    Args:
        colors: those of all pictures.
        most: as ``colors`` of the encoder.
        options: of the encoder; those that do not concern the choice are passed over.

    Returns:
        (K, 3) uint8, or (K, 4) if it has alpha.

    Raises:
        QualityError: ``psnr`` takes more colors.
        TypeError, ValueError: there is no picture, or an option cannot be used.
    """
    given = {name: options[name] for name in options if name in _NAMES}
    given["keep_hidden"] = options.get("keep_hidden", False) or options.get("exact", False)
    return shared.choose_shared_palette(colors, Options(**{**given, "colors": most}))

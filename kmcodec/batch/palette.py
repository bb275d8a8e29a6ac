"""Choose one palette for many files: gather their colors in parts, merge these, and choose once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kmcodec.conversion.faults import Exit, FileError, explain
from kmcodec.conversion.source import Source, open_source
from kmcodec.images.pixels import read_image
from kmcodec.images.profiles import leaves_profile
from kmcodec.options import Options
from kmcodec.quantizer import shared
from kmcodec.quantizer.shared import SharedColors
from kmcodec.quantizer.shared import merge_colors as merge_colors

_OF_EACH: Final = {"exact", "dither", "dithering", "rate", "coding", "slack", "band_rows"}
"""Options that say how each picture is shown in the palette, and coded."""

_NAMES: Final = frozenset(field.name for field in fields(Options)) - _OF_EACH


def gather_colors(
    names: Sequence[str], frames: slice | None = None
) -> tuple[SharedColors, list[FileError]]:
    """Return the colors of files, and what is wrong with those that are left out.

    Args:
        names: of pictures, as the converter takes them.
        frames: those of moving pictures that count; None for all.
    """
    faults = []

    def read() -> Iterator[SharedColors]:
        for name in names:
            try:
                with open_source(name) as (source, _):
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
        raise FileError(Exit.FAILED, source.name, str(error) or "not enough memory") from error


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

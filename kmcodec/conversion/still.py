"""Convert one picture, or one frame of several."""

import warnings
from collections.abc import Callable, Iterable

from PIL import Image

from kmcodec.codec import Quantized, encode_pieces
from kmcodec.format import FORMAT

from .export import EXIF_FORMATS, write_image
from .faults import Exit, FileError, explain, explain_refusal
from .modes import Entries, ExportError, fit_image
from .moving import Made
from .orientation import orient_image, strip_metadata
from .source import Source
from .task import Settings
from .thumbnail import find_entries, make_thumbnail


def convert_still(
    source: Source, wanted: range, settings: Settings, target_format: str, output: str
) -> Made:
    """Convert one picture, or one frame."""
    if target_format == FORMAT:
        image = load_image(source, wanted)
        if settings.orients:
            orient_image(image)
        return Made(image, *encode_image(image, settings, source.name))
    image, read = load_kmq(source, wanted, settings.thumbnail)
    exported = fit_target(image, read, settings, target_format, output)
    if settings.orients or target_format not in EXIF_FORMATS:
        orient_image(image)
        if exported is not image:
            orient_image(exported)
    strip_metadata(exported, settings.dropped)
    return Made(image, None, [export_image(exported, target_format, output)])


def load_kmq(
    source: Source, wanted: range, side: int | None
) -> tuple[Image.Image, Callable[[], Entries]]:
    """Read the pixels of the picture that is wanted, and how to find its palette and indices.

    If it does not fit a square of ``side``, it is made to.
    """
    kmq = source.kmq
    assert kmq
    if side is not None and max(source.image.size) > side:
        image = make_thumbnail(source, wanted[0], side)
        return image, lambda: find_entries(image)
    return load_image(source, wanted), lambda: (kmq.palette, kmq.indices(wanted[0]))


def load_image(source: Source, wanted: range) -> Image.Image:
    """Read the pixels of the picture that is wanted."""
    if source.count > 1:
        return next(source.pictures(wanted))
    try:
        source.image.load()
    except Exception as error:  # Pillow's readers raise many kinds
        raise explain(error, source.name) from error
    return source.image


def encode_image(
    image: Image.Image, settings: Settings, name: str
) -> tuple[Quantized, Iterable[bytes | bytearray]]:
    """Encode a picture: return what the .kmq file shows, and the pieces of the file."""
    try:
        return encode_pieces(image, **settings.encoding)
    except (MemoryError, TypeError, ValueError) as error:
        raise explain_refusal(error, name) from error


def fit_target(
    image: Image.Image,
    read: Callable[[], Entries],
    settings: Settings,
    target_format: str,
    output: str,
) -> Image.Image:
    """Return the picture as a format of Pillow's holds it."""
    try:
        return fit_image(image, read, target_format, settings.background)
    except (ExportError, MemoryError) as error:
        raise FileError(Exit.FAILED, output, str(error) or "not enough memory") from error


def export_image(image: Image.Image, target_format: str, output: str) -> bytes:
    """Return the picture in a format of Pillow's, complete in memory before a file is touched."""
    try:
        return write_image(image, target_format, lambda lost: warnings.warn(lost, stacklevel=2))
    except Exception as error:  # Pillow's writers raise many kinds, such as struct.error
        fault = f"cannot be written as {target_format}: {error or type(error).__name__}"
        raise FileError(Exit.FAILED, output, fault) from error

"""Convert pictures that move: frames to .kmq, and those of a .kmq to other formats."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain
from typing import Final, NamedTuple

from PIL import Image

from kmcodec.codec import Quantized
from kmcodec.errors import KmqError
from kmcodec.format import FORMAT, MAX_COLORS, METADATA_NAMES
from kmcodec.frames import FramesInfo, frame_pieces

from .export import EXIF_FORMATS
from .faults import Exit, FileError, explain, explain_refusal
from .frames_out import Export, export_frames, export_stills
from .kmq_frames import KmqReader
from .modes import ExportError, kind_of
from .orientation import find_orientation, orient_image, strip_metadata
from .source import Source
from .targets import is_directory
from .task import Settings

_OF_PALETTES: Final = {"GIF", FORMAT}
"""Formats whose frames are exact unless colors are limited, even from the middle on: the first then
shows more colors than any palette of theirs may have."""


class Made(NamedTuple):
    """What is to be written.

    Attributes:
        image: the picture, or the first frame.
        shown: the colors of a .kmq; None for other formats.
        pieces: of the file, or the files of a directory; some are made when they are taken.
    """

    image: Image.Image
    shown: Quantized | FramesInfo | None
    pieces: Iterable[bytes | bytearray]


def convert_frames(
    source: Source, wanted: range, settings: Settings, target_format: str, output: str
) -> Made:
    """Convert frames."""
    if target_format == FORMAT:
        return encode_frames(source, wanted, settings)
    return export(source, wanted, settings, target_format, output)


def encode_frames(source: Source, wanted: range, settings: Settings) -> Made:
    """Encode frames as a .kmq file."""
    options = settings.encoding
    if source.count > 1 and source.image.format in _OF_PALETTES:
        options.setdefault("colors", MAX_COLORS)
    pictures = source.pictures(wanted)
    if settings.orients:
        pictures = map(oriented, pictures)
    first = next(pictures)
    loop = source.loop if settings.loop is None else settings.loop
    duration = None if settings.fps is None else 1000 / settings.fps
    if settings.key_interval is not None:
        options["key_interval"] = settings.key_interval
    try:
        shown, pieces = frame_pieces(
            chain([first], pictures), duration=duration, loop=loop, **options
        )
    except (MemoryError, TypeError, ValueError) as error:
        raise explain_refusal(error, source.name) from error
    return Made(first, shown, pieces)


def oriented(image: Image.Image) -> Image.Image:
    """Turn a picture as it says."""
    orient_image(image)
    return image


def export(
    source: Source, wanted: range, settings: Settings, target_format: str, output: str
) -> Made:
    """Write frames of a .kmq in a format of Pillow's, or each in a file of a directory."""
    kmq = source.kmq
    assert kmq
    image = next(source.pictures(wanted[:1]))
    kind, orientation = kind_of(image), 1
    if settings.orients or target_format not in EXIF_FORMATS:
        orientation = find_orientation(image)
        orient_image(image)
    strip_metadata(image, settings.dropped)
    frames = Export(
        kmq,
        wanted,
        find_durations(kmq, wanted, settings),
        kmq.loop if settings.loop is None else settings.loop,
        orientation,
        kind,
        {name: image.info[name] for name in METADATA_NAMES if name in image.info},
    )
    pieces = export_pieces(frames, source.name, settings, target_format, output)
    return Made(image, None, pieces)


def find_durations(kmq: KmqReader, wanted: range, settings: Settings) -> list[Fraction]:
    """Return how many milliseconds each frame is to be shown."""
    if settings.fps is not None:
        return [1000 / settings.fps] * len(wanted)
    return [kmq.duration(number) for number in wanted]


def export_pieces(
    frames: Export, name: str, settings: Settings, target_format: str, output: str
) -> Iterator[bytes]:
    """Yield what is written, and tell what cannot be, or cannot be read, in a line."""
    try:
        if is_directory(output):
            yield from export_stills(frames, settings.background)
        else:
            yield from export_frames(frames, target_format, settings.background)
    except KmqError as error:
        raise explain(error, name) from error
    except (ExportError, MemoryError) as error:
        raise FileError(Exit.FAILED, output, str(error) or "not enough memory") from error
    except Exception as error:  # Pillow's writers raise many kinds, such as struct.error
        fault = f"cannot be written as {target_format}: {error or type(error).__name__}"
        raise FileError(Exit.FAILED, output, fault) from error

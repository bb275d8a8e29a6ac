"""Convert pictures that move: frames to .kmq, and those of a .kmq to other formats."""

import argparse
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final, NamedTuple

from PIL import Image

from kmcodec.cli.coding_options import read_options
from kmcodec.codec import Quantized
from kmcodec.errors import KmqError, QualityError
from kmcodec.format import FORMAT, MAX_COLORS, METADATA_NAMES
from kmcodec.frames import FramesInfo, frame_pieces

from .export import EXIF_FORMATS
from .faults import Exit, FileError, explain
from .frames_out import Export, export_frames, export_stills
from .modes import ExportError, kind_of
from .orientation import find_orientation, orient_image, strip_metadata
from .source import Source
from .targets import is_directory

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
    source: Source, wanted: range, args: argparse.Namespace, target_format: str, output: str
) -> Made:
    """Convert frames."""
    if target_format == FORMAT:
        return encode_frames(source, wanted, args)
    return export(source, wanted, args, target_format, output)


def encode_frames(source: Source, wanted: range, args: argparse.Namespace) -> Made:
    """Encode frames as a .kmq file."""
    options = read_options(args.options)
    if args.strip:
        options |= dict.fromkeys(METADATA_NAMES)
    if source.count > 1 and source.image.format in _OF_PALETTES:
        options.setdefault("colors", MAX_COLORS)
    pictures = source.pictures(wanted)
    if args.auto_orient or args.strip:
        pictures = map(oriented, pictures)
    first = next(pictures)
    loop = source.loop if args.loop is None else args.loop
    duration = None if args.fps is None else 1000 / args.fps
    if args.key_interval is not None:
        options["key_interval"] = args.key_interval
    try:
        shown, pieces = frame_pieces(
            chain([first], pictures), duration=duration, loop=loop, **options
        )
    except QualityError as error:
        raise FileError(Exit.QUALITY, args.input, str(error)) from error
    except (MemoryError, TypeError, ValueError) as error:
        raise FileError(Exit.FAILED, args.input, str(error) or "not enough memory") from error
    return Made(first, shown, pieces)


def oriented(image: Image.Image) -> Image.Image:
    """Turn a picture as it says."""
    orient_image(image)
    return image


def export(
    source: Source, wanted: range, args: argparse.Namespace, target_format: str, output: str
) -> Made:
    """Write frames of a .kmq in a format of Pillow's, or each in a file of a directory."""
    kmq = source.kmq
    assert kmq
    image = next(source.pictures(wanted[:1]))
    kind, orientation = kind_of(image), 1
    if args.auto_orient or args.strip or target_format not in EXIF_FORMATS:
        orientation = find_orientation(image)
        orient_image(image)
    if args.strip:
        strip_metadata(image)
    frames = Export(
        kmq,
        wanted,
        [kmq.duration(n) for n in wanted] if args.fps is None else [1000 / args.fps] * len(wanted),
        kmq.loop if args.loop is None else args.loop,
        orientation,
        kind,
        {name: image.info[name] for name in METADATA_NAMES if name in image.info},
    )
    pieces = export_pieces(frames, args, target_format, output)
    return Made(image, None, pieces)


def export_pieces(
    frames: Export, args: argparse.Namespace, target_format: str, output: str
) -> Iterator[bytes]:
    """Yield what is written, and tell what cannot be, or cannot be read, in a line."""
    try:
        if is_directory(output):
            yield from export_stills(frames, args.background)
        else:
            yield from export_frames(frames, target_format, args.background)
    except KmqError as error:
        raise explain(error, args.input) from error
    except (ExportError, MemoryError) as error:
        raise FileError(Exit.FAILED, output, str(error) or "not enough memory") from error
    except Exception as error:  # Pillow's writers raise many kinds, such as struct.error
        fault = f"cannot be written as {target_format}: {error or type(error).__name__}"
        raise FileError(Exit.FAILED, output, fault) from error

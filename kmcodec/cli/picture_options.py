"""Offer on a command line what becomes of pixels and metadata, whatever the format."""

import argparse
from pathlib import Path
from typing import Any

from kmcodec.conversion.faults import Exit, FileError, explain
from kmcodec.conversion.task import Settings
from kmcodec.format import MAX_DIMENSION, MAX_METADATA_BYTES, MAX_PIXELS, METADATA_NAMES

from .coding_options import parse_color
from .frame_options import number_from

_FILES = ("exif", "icc_profile", "xmp")


def add_picture_options(group: Any) -> None:
    """Add the options."""
    add = group.add_argument
    add(
        "--background",
        type=parse_color,
        metavar="COLOR",
        help="what is behind transparent pixels, where the output format has none",
    )
    add("--auto-orient", action="store_true", help="turn the pixels as EXIF says, and clear that")
    add(
        "--thumbnail",
        type=number_from(1, MAX_DIMENSION),
        metavar="N",
        help="of a .kmq one picture of at most N pixels a side: the first frame, made smaller",
    )
    add(
        "--keep",
        type=parse_keep,
        default=frozenset(METADATA_NAMES),
        metavar="LIST",
        help=f"metadata to keep, of {','.join(METADATA_NAMES)} (default all), or none; "
        "without exif, pixels are turned",
    )
    add(
        "--strip",
        action="store_const",
        const=frozenset(),
        dest="keep",
        help="the same as --keep none",
    )
    for name in _FILES:
        option = name.replace("_", "-")
        add(f"--{option}", metavar="FILE", help=f"{option} of .kmq output, as it is in FILE")
    add("--dpi", type=parse_dpi, metavar="X[xY]", help="dots per inch of .kmq output")
    add("--comment", metavar="TEXT", help="comment of .kmq output")
    add(
        "--max-pixels",
        type=number_from(1, MAX_PIXELS * 64),
        metavar="N",
        help="most pixels of a picture that is read (default: Pillow's limit, 178,956,970)",
    )


def parse_keep(text: str) -> frozenset[str]:
    """Parse names of metadata."""
    if text in ("all", "none"):
        return frozenset(METADATA_NAMES if text == "all" else ())
    names = frozenset(text.replace("-", "_").split(","))
    if names - frozenset(METADATA_NAMES):
        known = ",".join(METADATA_NAMES)
        raise argparse.ArgumentTypeError(f"{text!r} is not all, none, nor a part of {known}")
    return names


def parse_dpi(text: str) -> tuple[float, float]:
    """Parse one number, or one for each axis."""
    across, _, down = text.partition("x")
    try:
        return float(across), float(down or across)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number, nor two as 300x150") from None


def make_settings(args: argparse.Namespace, options: dict[str, Any]) -> Settings:
    """Return what the command line says about each picture.

    Raises:
        FileError: a file of metadata cannot be read.
    """
    return Settings(
        options=options | read_metadata(args),
        frames=args.frames,
        fps=args.fps,
        loop=args.loop,
        key_interval=args.key_interval,
        background=args.background,
        auto_orient=args.auto_orient,
        thumbnail=args.thumbnail,
        keep=args.keep,
        if_larger=args.if_larger,
        preserve_times=args.preserve_times,
        max_pixels=args.max_pixels,
        dry_run=args.dry_run,
    )


def read_metadata(args: argparse.Namespace) -> dict[str, Any]:
    """Return the metadata that is given.

    Raises:
        FileError: a file of it cannot be read.
    """
    given = {name: getattr(args, name) for name in METADATA_NAMES}
    for name in _FILES:
        if given[name] is not None:
            given[name] = read_section(given[name])
    return {name: value for name, value in given.items() if value is not None}


def read_section(name: str) -> bytes:
    """Read a file of metadata, to no more than a .kmq takes.

    Raises:
        FileError: it cannot be read, or is longer.
    """
    try:
        with Path(name).open("rb") as file:
            data = file.read(MAX_METADATA_BYTES + 1)
    except (OSError, ValueError) as error:
        raise explain(error, name) from error
    if len(data) > MAX_METADATA_BYTES:
        fault = f"is longer than the {MAX_METADATA_BYTES:,} bytes that metadata may have"
        raise FileError(Exit.FAILED, name, fault)
    return data

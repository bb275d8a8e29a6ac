"""Save files atomically."""

import os
from collections.abc import Iterable
from io import TextIOBase
from typing import IO, Unpack

from .atomic import atomic_file
from .codec import Quantized, encode_pieces
from .coding.source import write_pieces
from .format import EXTENSION, FORMAT
from .frame_options import FrameOptions
from .frames import FramesInfo, frame_pieces
from .images.formats import named_format
from .images.pixels import ImageLike
from .options import EncodeOptions

Target = str | os.PathLike[str] | IO[bytes]
"""A path, or an open binary file."""


def save(
    image: ImageLike,
    target: Target,
    /,
    colors: int = 256,
    **options: Unpack[EncodeOptions],
) -> Quantized:
    """Encode a picture and save it, leaving an old file in place until the new one is complete.

    ``Image.save`` cannot promise that: Pillow empties the file before the encoder runs.

    Args:
        image: as for ``kmcodec.encode``.
        target: a path, whose extension is not that of another format, or a binary file, which is
            written as it is.
        colors: most palette entries, 1..65536.
        **options: as for ``kmcodec.encode``.

    Returns:
        The palette and indices that the file shows, with their ``psnr`` and ``is_exact``.

    Raises:
        OSError: the file cannot be written.
        TypeError, ValueError: the image, the target or an option cannot be used.
    """
    _check_target(target)
    quantized, pieces = encode_pieces(image, colors, **options)
    _write(target, pieces)
    return quantized


def save_frames(
    frames: Iterable[ImageLike],
    target: Target,
    /,
    colors: int | None = None,
    **options: Unpack[FrameOptions],
) -> FramesInfo:
    """Encode frames and save them, leaving an old file in place until the new one is complete.

    Args:
        frames: as for ``kmcodec.encode_frames``.
        target: as for ``save``.
        colors: most palette entries, 1..65536; None as for ``kmcodec.encode_frames``.
        **options: as for ``kmcodec.encode_frames``.

    Returns:
        The palette and timing of the file, with its ``psnr`` and ``is_exact``.

    Raises:
        OSError: the file cannot be written.
        TypeError, ValueError: a frame, the target or an option cannot be used.
    """
    _check_target(target)
    info, pieces = frame_pieces(frames, colors, **options)
    _write(target, pieces)
    return info


def _check_target(target: Target) -> None:
    """Refuse what no .kmq file should be written to."""
    is_text = isinstance(target, TextIOBase)
    if is_text or not (isinstance(target, (str, os.PathLike)) or hasattr(target, "write")):
        raise TypeError(f"target is a path or a binary file, not {type(target).__name__}")
    if isinstance(target, (str, os.PathLike)) and named_format(target) not in (None, FORMAT):
        fault = f"{os.fspath(target)} is a name of {named_format(target)} files; say {EXTENSION}"
        raise ValueError(fault)


def _write(target: Target, pieces: Iterable[bytes | bytearray]) -> None:
    if isinstance(target, (str, os.PathLike)):
        with atomic_file(target) as file:
            file.writelines(pieces)
    else:
        write_pieces(target, pieces)

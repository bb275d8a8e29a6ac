"""Open the inputs of both commands: files by name, and streams, which are read to a limit."""

import os
import stat
import sys
import warnings
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import IO, Final

from PIL import Image

from kmcodec.errors import LimitError
from kmcodec.format import MAGIC, MAX_FRAMES, MAX_PIXELS, MAX_TOTAL_PIXELS

from .faults import STANDARD, Exit, FileError, binary, explain, plural

MAX_STREAM_BYTES: Final = 4 * MAX_PIXELS  # the largest picture at 32 bits a pixel
_PIECE_BYTES: Final = 1 << 20
_PREFIX_BYTES: Final = 16  # by which Pillow's plugins know their format


def open_input(name: str) -> IO[bytes]:
    """Open the picture to convert, or standard input, as a seekable stream."""
    if name == STANDARD:
        return read_stream(binary(sys.stdin), name, may_be_picture)
    return open_picture(name)


def open_picture(name: str) -> IO[bytes]:
    """Open a picture by its name as a seekable stream."""
    try:
        file = Path(name).open("rb")  # noqa: SIM115  (the caller closes it)
        if is_regular(file):
            return file
        with file:
            return read_stream(file, name, may_be_picture)
    except (OSError, ValueError) as error:
        raise explain(error, name) from error


def find_source(name: str) -> Path | bytes:
    """Return a path where it can be read by pieces, else all of a stream that begins as .kmq."""
    if name == STANDARD:
        return read_stream(binary(sys.stdin), name, is_kmq).read()
    with Path(name).open("rb") as file:
        return Path(name) if is_regular(file) else read_stream(file, name, is_kmq).read()


def is_regular(file: IO[bytes]) -> bool:
    """Return whether a file has an end, and can be read again from its start."""
    return stat.S_ISREG(os.fstat(file.fileno()).st_mode)


def read_stream(stream: IO[bytes], name: str, accept: Callable[[bytes], bool]) -> IO[bytes]:
    """Read a stream to its end, or no more than its first piece if that is not acceptable.

    Raises:
        FileError: there are more than MAX_STREAM_BYTES.
    """
    data = BytesIO()
    while piece := stream.read(_PIECE_BYTES):
        if not data.tell() and not accept(piece):
            data.write(piece)  # for the reader that will tell what is wrong
            break
        data.write(piece)
        if data.tell() > MAX_STREAM_BYTES:
            fault = f"more than {MAX_STREAM_BYTES:,} bytes are read from files only"
            raise FileError(Exit.FAILED, name, fault)
    data.seek(0)
    return data


def may_be_picture(start: bytes) -> bool:
    """Return whether some plugin of Pillow's may read what starts so."""
    Image.init()
    prefix = start[:_PREFIX_BYTES]
    if len(prefix) == _PREFIX_BYTES and any(a and a(prefix) for _, a in Image.OPEN.values()):
        return True  # some fail at less, of which nothing is to come
    try:  # those that know their format by more than a prefix
        with warnings.catch_warnings(action="ignore"), Image.open(BytesIO(start)):
            return True
    except Exception:  # noqa: BLE001  (Pillow's readers raise many kinds)
        return False


def check_frames(count: int, pixels: int) -> None:
    """Refuse frames that are too many, or have too many pixels in all."""
    if count > MAX_FRAMES:
        raise LimitError(f"more than {MAX_FRAMES:,} frames")
    if pixels > MAX_TOTAL_PIXELS:
        raise LimitError(f"{plural(count, 'frame')} of more than {MAX_TOTAL_PIXELS:,} pixels")


def is_kmq(start: bytes) -> bool:
    """Return whether a stream may be a .kmq file."""
    return start.startswith(MAGIC)

"""Open the bytes that a caller gives: by a path, in memory, or as an open file."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from errno import EAGAIN
from io import BytesIO, RawIOBase
from typing import IO, Any, Final

from numpy.typing import NDArray

from ..errors import errors_of
from ..format import MAGIC

Source = str | os.PathLike[str] | bytes | bytearray | memoryview | NDArray[Any] | IO[bytes]
"""A path, the bytes of a file in anything with the buffer interface, or a binary file."""

_PIECE_BYTES: Final = 1 << 20


@contextmanager
def open_source(source: Any) -> Iterator[IO[bytes]]:
    """Open a .kmq file as a seekable binary stream; what is opened here is closed at the end.

    Args:
        source: a path (str or PathLike), any object with the buffer interface, or a binary file,
            which is read from its start if it is seekable, else to its end.

    Raises:
        TypeError: it is none of these.
        OSError: it cannot be read.
    """
    if isinstance(source, (str, os.PathLike)):
        # Path would take an empty name for the current folder, and refuse one of bytes.
        with open(source, "rb") as file, errors_of(os.fspath(source)):  # noqa: PTH123
            yield _seekable(file)
        return
    yield _stream_of(source)


def _stream_of(source: Any) -> IO[bytes]:
    try:
        view = memoryview(source)  # first, as a mapped file has both interfaces
    except TypeError:
        if not hasattr(source, "read") or not isinstance(source.read(0), bytes):
            fault = f"a .kmq file is a path, bytes or a binary file, not {type(source).__name__}"
            raise TypeError(fault) from None
        return _seekable(source)
    return BytesIO(view if view.c_contiguous else view.tobytes())


def _seekable(stream: IO[bytes]) -> IO[bytes]:
    """Return the stream at its start, or all that is left of one that cannot go back."""
    if not _can_seek(stream):
        start = read_bytes(stream, len(MAGIC))
        return BytesIO(start + stream.read() if start == MAGIC else start)  # or it may never end
    stream.seek(0)
    return stream


def _can_seek(stream: IO[bytes]) -> bool:
    try:
        return stream.seekable()
    except AttributeError:  # of a file of no class of io's, or around such a one
        return False


def write_pieces(stream: IO[bytes], pieces: Iterable[bytes | bytearray]) -> None:
    """Write a file's bytes and flush them, so that whoever opens it by its name finds them.

    Raises:
        BlockingIOError: a raw stream does not wait, and takes nothing now.
    """
    for piece in pieces:
        _write_all(stream, piece)
    if hasattr(stream, "flush"):
        stream.flush()


def _write_all(stream: IO[bytes], data: bytes | bytearray) -> None:
    """Write all bytes, though a raw stream may take them in pieces."""
    left = memoryview(data)
    while left:
        taken: int | None = stream.write(left)
        if not taken and isinstance(stream, RawIOBase):
            raise BlockingIOError(EAGAIN, os.strerror(EAGAIN))
        left = left[len(left) if taken is None else taken :]  # others may return None


def read_bytes(stream: IO[bytes], size: int, most: int = _PIECE_BYTES) -> bytes:
    """Read ``size`` bytes, or fewer where the data ends, though a stream may give them in pieces.

    Never more than ``most`` bytes are asked for at once: memory grows with the data that is
    there, not with the size that was promised.

    Raises:
        BlockingIOError: a raw stream does not wait, and has nothing now.
    """
    pieces = []
    while size:
        piece: bytes | None = stream.read(min(size, most))
        if piece is None:
            raise BlockingIOError(EAGAIN, os.strerror(EAGAIN))
        if not piece:
            break
        pieces.append(piece)
        size -= len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)

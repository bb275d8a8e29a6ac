"""Keep what is needed a second time out of memory: in a temporary file, once it is larger.

The file has no name, so that nothing of it is left, whatever happens to the process. A disk that
is full is the ``OSError`` that it always is.
"""

import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from tempfile import SpooledTemporaryFile
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

_MEMORY_BYTES: Final = 1 << 22
"""What is kept in memory, as a file would take longer."""

_LENGTH: Final = struct.Struct("<Q")
_LEVEL: Final = 1  # of zlib: as fast as a disk, and a fifth of the bytes of drawings


class ByteSpool:
    """Pieces of bytes, appended one by one and read again in order, as often as wanted."""

    def __init__(self) -> None:
        """Make an empty one."""
        self._file = SpooledTemporaryFile(_MEMORY_BYTES)  # noqa: SIM115  (closed by __del__)

    def __del__(self) -> None:
        """Close the file: whoever has the pieces may never take them, and so never end."""
        with suppress(OSError):  # of a full disk, which was told before
            self._file.close()

    def append(self, piece: bytes | bytearray) -> None:
        """Add a piece.

        Raises:
            OSError: there is no room for it.
        """
        self._file.write(_LENGTH.pack(len(piece)))
        self._file.write(piece)

    def __iter__(self) -> Iterator[bytes]:
        """Yield all pieces; none is added meanwhile."""
        self._file.seek(0)
        while length := self._file.read(_LENGTH.size):
            yield self._file.read(*_LENGTH.unpack(length))


class Change(NamedTuple):
    """The pixels in which a frame differs from the one before: all, if it is the first.

    Attributes:
        rows: the rows that differ, ascending.
        mask: (len(rows), width) which of their pixels do.
        values: (n, channels) what these are.
    """

    rows: NDArray[np.intp]
    mask: NDArray[np.bool_]
    values: NDArray[np.uint8]

    def take(self, plane: NDArray[Any]) -> NDArray[Any]:
        """Return what a plane (height, width) has at these pixels: (n,)."""
        return plane[self.rows][self.mask]

    def put(self, plane: NDArray[Any], values: NDArray[Any]) -> None:
        """Give these pixels of a plane (height, width) values (n,)."""
        rows = plane[self.rows]
        rows[self.mask] = values
        plane[self.rows] = rows


class FrameSpool:
    """Frames as what changes from each to the next; one without a change takes eight bytes."""

    def __init__(self, height: int, width: int) -> None:
        """Make one for frames of a size."""
        self._shape = height, width
        self._pieces = ByteSpool()

    def append(self, change: Change | None) -> None:
        """Add a frame; None for one that is as the frame before.

        Raises:
            OSError: there is no room for it.
        """
        if change is None:
            self._pieces.append(b"")
            return
        height, _ = self._shape
        rows = np.zeros(height, bool)
        rows[change.rows] = True
        packer = zlib.compressobj(_LEVEL)
        parts = (np.packbits(rows), np.packbits(change.mask), np.ascontiguousarray(change.values))
        packed = b"".join(packer.compress(part.data) for part in parts) + packer.flush()
        self._pieces.append(packed)

    def __iter__(self) -> Iterator[Change | None]:
        """Yield all frames; none is added meanwhile."""
        return map(self._unpack, self._pieces)

    def _unpack(self, piece: bytes) -> Change | None:
        if not piece:
            return None
        height, width = self._shape
        data = np.frombuffer(zlib.decompress(piece), np.uint8)
        rows = np.flatnonzero(np.unpackbits(data[: -(-height // 8)], count=height))
        data = data[-(-height // 8) :]
        count = len(rows) * width
        mask = np.unpackbits(data[: -(-count // 8)], count=count).astype(bool)
        pixels = np.count_nonzero(mask)
        values = data[-(-count // 8) :].reshape(pixels, -1)
        return Change(rows, mask.reshape(len(rows), width), values)

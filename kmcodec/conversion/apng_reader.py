"""Take APNG files apart into frames, each a PNG file of its own."""

import struct
from array import array
from collections.abc import Iterator
from fractions import Fraction
from io import BytesIO
from typing import IO, Any, Final, NamedTuple
from zlib import crc32

from PIL import Image

from kmcodec.coding.source import read_bytes

from .layers import Disposal, Layer, compose
from .reading import check_frames

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
CHUNK_BYTES: Final = 12  # around its data
U32: Final = struct.Struct(">I")
ANIMATION: Final = struct.Struct(">2I")  # frames, how often they are shown
CONTROL: Final = struct.Struct(">5I2H2B")  # part, width, height, left, top, fraction of a second...

_SIZE: Final = struct.Struct(">2I")
_HUNDREDTHS: Final = 100  # of a second, as a denominator of 0 means


class _Frame(NamedTuple):
    width: int
    height: int
    left: int
    top: int
    seconds: Fraction
    disposal: Disposal
    blends: bool


class ApngReader:
    """The frames of an APNG file, each in eight bytes of memory until it is decoded.

    Attributes:
        size: of the canvas.
        count: of frames; a default image that is none does not count.
        loop: how often all are shown, 0 for ever.
    """

    def __init__(self, file: IO[bytes]) -> None:
        """Find the frames without decoding them.

        Raises:
            LimitError: there are too many.
            OSError: the file is damaged.
        """
        self._file = file
        self.size = (0, 0)
        self.loop = told = part = 0
        self._header = b""
        self._palette: list[bytes] = []  # and transparency: chunks that all frames share
        self._offsets = array("Q")  # of the control of each frame
        for kind, data in read_chunks(file, len(SIGNATURE)):
            if kind == b"IHDR":
                self.size = _unpack(_SIZE, data[:8])
                self._header = data
            elif kind in (b"PLTE", b"tRNS"):
                self._palette.append(chunk(kind, data))
            elif kind == b"acTL":
                told, self.loop = _unpack(ANIMATION, data)
            elif kind in (b"fcTL", b"fdAT"):
                if _unpack(U32, data[:4]) != (part,):
                    raise OSError(f"the APNG is damaged: part {part} of it is not in its place")
                part += 1
            if kind == b"fcTL":
                _read_control(data, self.size)
                self._offsets.append(file.tell() - CHUNK_BYTES - len(data))
                check_frames(len(self._offsets), len(self._offsets) * self.size[0] * self.size[1])
        self.count = len(self._offsets)
        if self.count != told:
            raise OSError(f"the APNG is damaged: it tells of {told} frames and has {self.count}")

    def duration(self, number: int) -> Fraction:
        """Return how many milliseconds a frame is shown."""
        _, control = next(read_chunks(self._file, self._offsets[number]))
        return 1000 * _read_control(control, self.size).seconds

    def pictures(self, wanted: range) -> Iterator[Image.Image]:
        """Yield frames, whose numbers ascend, as they are seen."""
        return compose(self.size, map(self._layer, self._offsets), wanted)

    def _layer(self, offset: int) -> Layer:
        chunks = read_chunks(self._file, offset)
        frame = _read_control(next(chunks)[1], self.size)
        image = Image.open(BytesIO(self._alone(frame, chunks)), formats=["PNG"])
        return Layer(image, frame.left, frame.top, frame.blends, frame.disposal)

    def _alone(self, frame: _Frame, chunks: Iterator[tuple[bytes, bytes]]) -> bytes:
        """Return the PNG file of one frame alone, from the chunks that follow its control."""
        coded = []
        for kind, data in chunks:
            if kind == b"fcTL":
                break
            if kind in (b"IDAT", b"fdAT"):
                coded.append(data[U32.size if kind == b"fdAT" else 0 :])
        header = _SIZE.pack(frame.width, frame.height) + self._header[_SIZE.size :]
        pieces = chunk(b"IHDR", header), *self._palette, chunk(b"IDAT", b"".join(coded))
        return b"".join((SIGNATURE, *pieces, chunk(b"IEND", b"")))


def read_chunks(file: IO[bytes], offset: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield type and data of each chunk from an offset on, after which the file stands then.

    Raises:
        OSError: a chunk is damaged, or the file ends before its last one.
    """
    file.seek(offset)
    kind = b""
    while kind != b"IEND":
        start = read_bytes(file, 8)
        size, kind = int.from_bytes(start[:4]), start[4:]
        data = read_bytes(file, size)
        stored = read_bytes(file, U32.size)
        if len(stored) < U32.size:
            raise OSError("the PNG is truncated")
        if U32.pack(crc32(data, crc32(kind))) != stored:
            raise OSError(f"the PNG is damaged in its chunk {kind!r}")
        yield kind, data


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a chunk."""
    return U32.pack(len(data)) + kind + data + U32.pack(crc32(data, crc32(kind)))


def _read_control(data: bytes, size: tuple[int, int]) -> _Frame:
    _, width, height, left, top, part, whole, disposal, blend = _unpack(CONTROL, data)
    inside = 0 < width <= size[0] - left and 0 < height <= size[1] - top
    if not inside or disposal not in iter(Disposal) or blend > 1:
        raise OSError("the APNG is damaged: a frame is outside its canvas, or of no known kind")
    seconds = Fraction(part, whole or _HUNDREDTHS)
    return _Frame(width, height, left, top, seconds, Disposal(disposal), bool(blend))


def _unpack(layout: struct.Struct, data: bytes) -> tuple[Any, ...]:
    if len(data) != layout.size:
        raise OSError("the APNG is damaged: a chunk is too short or too long")
    return layout.unpack(data)

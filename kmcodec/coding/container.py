"""Write sections and checksums, and read them back (spec 2, 4, 5, 6.1, 6.5 and 7).

A checksum is the CRC-32 of every byte before it except earlier checksums, so each continues the
one before: in a file read whole, bands cannot be damaged, dropped, swapped or taken from another
file unnoticed. A verified checksum equals the stored one, so each band is checked from the stored
checksum before it. Of a band read alone, that proves that it is whole, but not its place.

Reading needs a seekable stream and trusts no length: a band is read only once all bands are known
to lie within the data.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import SEEK_END
from typing import IO, Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from ..animation import Animation
from ..checks import check_integer
from ..errors import FormatError, LimitError, TruncatedError
from ..format import CHECKSUM_BYTES, HEADER_BYTES, Flags, Header, check_palette
from .frame_table import Lengths, read_frames, write_frames
from .layout import Band, Bands, Frames, find_still_bands
from .sections import (
    U32,
    Section,
    SectionReader,
    compare_checksum,
    read_metadata,
    read_palette,
    unpack_u32,
    write_metadata,
)
from .source import Source, open_source, read_bytes


@dataclass(frozen=True)
class Head:
    """The part of a file before its bands, verified.

    Attributes:
        header: the fixed header.
        metadata: payloads by name, unknown names included, in file order.
        palette: (color_count, channels) uint8.
        order: the codes' palette indices, (color_count,) uint16; None if each code is its own.
        sections: all stretches of the head with their offsets, checksum included.
        size: bytes of the head, and so the offset of the first band.
        animation: the timing of the frames; None of a still picture.
        lengths: bytes of each frame's bands; None of a still picture.
    """

    header: Header
    metadata: Mapping[str, bytes]
    palette: NDArray[np.uint8]
    order: NDArray[np.uint16] | None
    sections: tuple[Section, ...]
    size: int
    animation: Animation | None = None
    lengths: Lengths | None = None

    def by_code(self, table: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return a table (color_count, ...) by palette index as one by code."""
        return table if self.order is None else table[self.order]


class Encoded(bytes):
    """The bytes of a .kmq file, and how near to the picture it is.

    Attributes:
        psnr: in dB, as ``Quantized`` has it; infinite if exact.
    """

    psnr: float

    @classmethod
    def of(cls, pieces: Iterable[bytes | bytearray], psnr: float) -> "Encoded":
        """Make a file from its pieces."""
        data = cls(b"".join(pieces))
        data.psnr = psnr
        return data

    @property
    def is_exact(self) -> bool:
        """Whether every pixel keeps its color, but for hidden ones unless ``keep_hidden``."""
        return self.psnr == math.inf


def join_file(
    header: Header,
    metadata: Mapping[str, bytes],
    palette: bytes,
    payloads: Iterable[bytes | bytearray],
) -> Iterator[bytes | bytearray]:
    """Yield the file's bytes in order, piece by piece, while the bands are still being coded.

    ``palette`` is a whole section, as ``write_palette`` makes it.
    """
    if metadata:
        header = replace(header, flags=header.flags | Flags.METADATA)
    head = header.pack() + write_metadata(metadata) + palette
    checksum = crc32(head)
    yield head
    yield U32.pack(checksum)
    for payload in payloads:
        length = U32.pack(len(payload))
        checksum = crc32(payload, crc32(length, checksum))
        yield length
        yield payload
        yield U32.pack(checksum)


def join_frames(
    header: Header,
    metadata: Mapping[str, bytes],
    palette: bytes,
    animation: Animation,
    lengths: Any,
    payloads: Iterable[bytes | bytearray],
) -> Iterator[bytes | bytearray]:
    """Yield the bytes of a file with frames in order, piece by piece.

    Args:
        header: without the flags that the other arguments imply.
        metadata: payloads by name.
        palette: a whole section, as ``write_palette`` makes it.
        animation: the timing of the frames, at least two.
        lengths: bytes of each payload.
        payloads: those of the bands of the first frame, then of the next; they may be made only
            when they are taken.

    Raises:
        ValueError: a number of ``animation`` is out of its range.
    """
    flags = Flags.FRAMES | (Flags.METADATA if metadata else 0)
    header = replace(header, flags=header.flags | flags)
    head = header.pack() + write_metadata(metadata) + palette + write_frames(animation, lengths)
    checksum = crc32(head)
    yield head
    yield U32.pack(checksum)
    for payload, length in zip(payloads, np.ravel(lengths), strict=True):
        assert len(payload) == length
        if payload:
            checksum = crc32(payload, checksum)
            yield payload
            yield U32.pack(checksum)


@contextmanager
def open_head(source: Source, max_pixels: int | None) -> Iterator[tuple[IO[bytes], Head]]:
    """Open a .kmq file and read its head; arguments and errors are those of both that it calls."""
    with open_source(source) as stream:
        yield stream, read_head(stream, max_pixels)


def read_head(stream: IO[bytes], max_pixels: int | None) -> Head:
    """Read and verify the head from the start of a seekable stream.

    Raises:
        LimitError: width times height is above ``max_pixels``.
        KmqError: the head is damaged, hostile or of another format.
    """
    stream.seek(0)
    header = Header.unpack(read_bytes(stream, HEADER_BYTES))
    check_limit(header, max_pixels)
    stream.seek(0)
    reader = SectionReader(stream)
    reader.take("header", HEADER_BYTES)
    metadata = read_metadata(reader) if header.flags & Flags.METADATA else {}
    start = reader.offset
    palette, order = read_palette(reader, header)
    check_palette(header.mode, palette, start)
    has_frames = header.flags & Flags.FRAMES
    animation, lengths = read_frames(reader, header) if has_frames else (None, None)
    reader.take_checksum("head")
    sections = tuple(reader.sections)
    return Head(header, metadata, palette, order, sections, reader.offset, animation, lengths)


def check_limit(header: Header, max_pixels: int | None) -> None:
    """Refuse a picture of more pixels than the caller allows."""
    if max_pixels is None:
        return
    most = check_integer("max_pixels", max_pixels)
    if header.width * header.height > most:
        fault = f"{header.width} x {header.height} pixels are more than the limit of {most}"
        raise LimitError(fault, offset=8, field="width")


def check_frame_limits(head: Head, max_frames: int | None, max_total_pixels: int | None) -> None:
    """Refuse more frames, or more pixels of all frames, than the caller allows."""
    count = head.animation.frame_count if head.animation else 1
    total = count * head.header.width * head.header.height
    for name, limit, number, text in (
        ("max_frames", max_frames, count, f"{count} frames"),
        ("max_total_pixels", max_total_pixels, total, f"{total} pixels of all frames"),
    ):
        if limit is not None and number > check_integer(name, limit):
            offset = next((s.offset for s in head.sections if s.name == "frames_payload"), None)
            fault = f"{text} are more than the limit of {limit}"
            raise LimitError(fault, offset=offset, field="frame_count")


def find_frames(stream: IO[bytes], head: Head, *, whole_only: bool = False) -> Frames:
    """Find the frames of an animation without reading them.

    Args:
        stream: the seekable stream the head was read from.
        head: its head, which has an animation.
        whole_only: if the data ends early, return the frames that are whole.

    Raises:
        TruncatedError: the data ends before the last frame does.
        FormatError: data follows the last frame.
    """
    assert head.lengths is not None
    frames = Frames(head.header, head.lengths, head.size)
    end = _end_of(stream)
    if frames.end < end:
        fault = f"{end - frames.end} bytes follow the last band"
        raise FormatError(fault, offset=frames.end, field="band")
    if frames.end == end:
        return frames
    whole = frames.whole_before(end)
    if not whole_only:
        fault = f"the data ends within frame {len(whole)} of {len(frames)}"
        raise TruncatedError(fault, offset=end, field="payload")
    return whole


def find_bands(stream: IO[bytes], head: Head, *, whole_only: bool = False) -> Bands:
    """Find the bands of a picture, or of the first frame, without reading them.

    Args:
        stream: the seekable stream the head was read from.
        head: its head.
        whole_only: if the data ends early, return the bands that are whole.

    Raises:
        TruncatedError: the data ends before the last band does.
        FormatError: a band's length is wrong, or data follows the last band.
    """
    if head.lengths is None:
        return find_still_bands(stream, head.header, head.size, _end_of(stream), whole_only)
    if not whole_only:
        return find_frames(stream, head)[0]
    return Frames(head.header, head.lengths[:1], head.size)[0].whole_before(_end_of(stream))


def _end_of(stream: IO[bytes]) -> int:
    stream.seek(0, SEEK_END)
    return stream.tell()  # as a mapped file's seek returns None


def read_band(stream: IO[bytes], band: Band) -> bytes:
    """Read a band's payload, and verify it against its checksum."""
    if not band.checksum_bytes:
        return b""
    stream.seek(band.offset - band.length_bytes - CHECKSUM_BYTES)
    previous = read_bytes(stream, CHECKSUM_BYTES)
    length = read_bytes(stream, band.length_bytes)
    payload = read_bytes(stream, band.length, band.length)  # find_bands saw that it is there
    stored = read_bytes(stream, CHECKSUM_BYTES)
    if len(payload) != band.length or len(stored) != CHECKSUM_BYTES:
        raise TruncatedError("the data ends within a band", offset=band.offset, field="payload")
    computed = crc32(payload, crc32(length, unpack_u32(previous)))
    compare_checksum(f"band at row {band.top}", stored, computed, band.offset + band.length)
    return payload

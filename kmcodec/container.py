"""Sections and checksums to bytes, and back (spec 2, 4, 5, 6.1 and 7).

A checksum is the CRC-32 of every byte before it but earlier checksums, so each continues the one
before: in a file read whole, bands cannot be damaged, dropped, swapped or taken from another file
unnoticed. A verified checksum equals the stored one, so each band is checked from the stored
checksum before it; read alone, that proves it whole, not that it is in its place.

Reading needs a seekable stream and trusts no length: a band is read only once all bands are known
to lie within the data.
"""

import re
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import SEEK_END
from typing import IO, Final, NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from .coded_palette import decode_palette
from .errors import ChecksumError, FormatError, LimitError, TruncatedError
from .format import (
    CHECKSUM_BYTES,
    HEADER_BYTES,
    MAX_METADATA_BYTES,
    MAX_NAME_BYTES,
    MAX_PALETTE_LENGTH_BYTES,
    Coding,
    Flags,
    Header,
    check_palette,
)
from .metadata import check_section

_U32: Final = struct.Struct("<I")
METADATA_PREFIX: Final = "metadata "
"""What sets the name of a metadata section apart from all other sections."""
_PIECE_BYTES: Final = 1 << 20
_NAME: Final = re.compile(rb"[a-z0-9_]+")


class Section(NamedTuple):
    """A stretch of the file: what ``kmq-info`` lists."""

    name: str
    offset: int
    size: int


class Band(NamedTuple):
    """A band's payload in the file, and the rows it holds: ``top`` to before ``bottom``."""

    offset: int
    length: int
    top: int
    bottom: int


@dataclass(frozen=True)
class Head:
    """Everything before the bands, verified.

    Attributes:
        header: the fixed header.
        metadata: payloads by name, unknown names included, in file order.
        palette: (color_count, channels) uint8.
        order: the codes' palette indices, (color_count,) uint16; None if each code is its own.
        sections: all stretches of the head with their offsets, checksum included.
        size: bytes of the head, and so the offset of the first band.
    """

    header: Header
    metadata: Mapping[str, bytes]
    palette: NDArray[np.uint8]
    order: NDArray[np.uint16] | None
    sections: tuple[Section, ...]
    size: int


def join(
    header: Header,
    metadata: Mapping[str, bytes],
    palette: bytes,
    payloads: Iterable[bytes | bytearray],
) -> Iterator[bytes | bytearray]:
    """The file's bytes in order, piece by piece, while the bands are still being coded.

    ``palette`` is a whole section: the entries, or what ``join_coded_palette`` makes.
    """
    head = header.pack() + _pack_metadata(metadata) + palette
    checksum = crc32(head)
    yield head
    yield _U32.pack(checksum)
    for payload in payloads:
        length = _U32.pack(len(payload))
        checksum = crc32(payload, crc32(length, checksum))
        yield length
        yield payload
        yield _U32.pack(checksum)


def join_coded_palette(payload: bytes) -> bytes:
    """The section of a coded palette (spec 5.3)."""
    length = len(payload)
    groups = [length & 127]
    while length := length >> 7:
        groups[-1] |= 128
        groups.append(length & 127)
    return bytes(groups) + payload


def _pack_metadata(metadata: Mapping[str, bytes]) -> bytes:
    if not metadata:
        return b""
    pieces = [bytes([len(metadata)])]
    for name in sorted(metadata):
        pieces += [
            bytes([len(name)]),
            name.encode(),
            _U32.pack(len(metadata[name])),
            metadata[name],
        ]
    return b"".join(pieces)


def read_head(stream: IO[bytes], max_pixels: int | None) -> Head:
    """Read and verify the head from the start of a stream.

    Raises:
        LimitError: width times height is above ``max_pixels``.
        KmqError: the head is damaged, hostile or of another format.
    """
    stream.seek(0)
    reader = _HeadReader(stream)
    header = Header.unpack(_read(stream, HEADER_BYTES))
    if max_pixels is not None and header.width * header.height > max_pixels:
        fault = f"{header.width} x {header.height} pixels are more than the limit of {max_pixels}"
        raise LimitError(fault, offset=8, field="width")
    stream.seek(0)
    reader.take("header", HEADER_BYTES)
    metadata = reader.take_metadata() if header.flags & Flags.METADATA else {}
    start = reader.offset
    palette, order = reader.take_palette(header)
    check_palette(header.mode, palette, start)
    reader.take_checksum()
    return Head(header, metadata, palette, order, tuple(reader.sections), reader.offset)


def _read(stream: IO[bytes], size: int, most: int = _PIECE_BYTES) -> bytes:
    """``size`` bytes, or fewer where the data ends; streams may give less than they are asked for.

    Never more than ``most`` bytes are asked for at once: memory grows with the data that is
    there, not with the size that was promised.
    """
    pieces = []
    while size:
        piece = stream.read(min(size, most))
        if not piece:
            break
        pieces.append(piece)
        size -= len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


class _HeadReader:
    """Reads exact lengths, keeping the offset, the checksum and the list of sections."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self.offset = 0
        self.checksum = 0
        self.sections: list[Section] = []

    def take(self, name: str, size: int) -> bytes:
        data = self._take(size, name)
        self.sections.append(Section(name, self.offset - size, size))
        return data

    def _take(self, size: int, field: str) -> bytes:
        data = _read(self.stream, size)
        if len(data) < size:
            end = self.offset + len(data)
            raise TruncatedError(f"the data ends within {field}", offset=end, field=field)
        self.offset += size
        self.checksum = crc32(data, self.checksum)
        return data

    def take_metadata(self) -> dict[str, bytes]:
        start = self.offset
        count = self.take("section_count", 1)[0]
        if not count:
            raise FormatError("metadata without sections", offset=start, field="section_count")
        metadata: dict[str, bytes] = {}
        previous = b""
        for _ in range(count):
            start = self.offset
            name_length = self._take(1, "name_length")[0]
            if not 1 <= name_length <= MAX_NAME_BYTES:
                fault = f"metadata name of {name_length} bytes, not 1 to {MAX_NAME_BYTES}"
                raise FormatError(fault, offset=start, field="name_length")
            name = self._take(name_length, "name")
            if not _NAME.fullmatch(name):
                fault = f"metadata name {name!r} is not of a-z, 0-9 and _"
                raise FormatError(fault, offset=start + 1, field="name")
            if name <= previous:
                fault = f"metadata name {name.decode()} is not in ascending order"
                raise FormatError(fault, offset=start + 1, field="name")
            length = _unpack_u32(self._take(_U32.size, "length"))
            if length > MAX_METADATA_BYTES:
                fault = f"{name.decode()} of {length} bytes is longer than {MAX_METADATA_BYTES}"
                raise FormatError(fault, offset=self.offset - _U32.size, field="length")
            payload = self._take(length, "payload")
            check_section(name.decode(), payload, self.offset - length)
            metadata[name.decode()] = payload
            size = self.offset - start
            self.sections.append(Section(f"{METADATA_PREFIX}{name.decode()}", start, size))
            previous = name
        return metadata

    def take_palette(self, header: Header) -> tuple[NDArray[np.uint8], NDArray[np.uint16] | None]:
        if not header.flags & Flags.CODED_PALETTE:
            entries = np.frombuffer(self.take("palette", header.palette_bytes), np.uint8)
            return entries.reshape(header.color_count, header.mode.channels), None
        length = self._take_length()
        payload = self.take("palette_payload", length)
        return decode_palette(
            payload,
            header.color_count,
            header.mode.channels,
            may_have_order=header.coding != Coding.PACKED,
            offset=self.offset - length,
        )

    def _take_length(self) -> int:
        start, length = self.offset, 0
        for group in range(MAX_PALETTE_LENGTH_BYTES):
            byte = self._take(1, "palette_length")[0]
            length |= (byte & 127) << (7 * group)
            if byte < 128:
                if group and not byte:
                    break
                self.sections.append(Section("palette_length", start, self.offset - start))
                return length
        fault = "palette_length is not in its shortest form"
        raise FormatError(fault, offset=start, field="palette_length")

    def take_checksum(self) -> None:
        start, computed = self.offset, self.checksum
        stored = _unpack_u32(self.take("checksum", CHECKSUM_BYTES))
        if stored != computed:
            raise _mismatch("head", stored, computed, start)


def find_bands(stream: IO[bytes], head: Head, *, whole_only: bool = False) -> list[Band]:
    """Where the bands are, without reading them.

    Args:
        stream: the seekable stream the head was read from.
        head: its head.
        whole_only: take data that ends early for the bands that are whole.

    Raises:
        TruncatedError: the data ends before the last band does.
        FormatError: a band's length is wrong, or data follows the last band.
    """
    header = head.header
    end = stream.seek(0, SEEK_END)
    offset = head.size
    bands: list[Band] = []
    for number in range(header.band_count):
        top, bottom = header.rows_of_band(number)
        stream.seek(offset)
        length = _read(stream, _U32.size)
        size = (bottom - top) * header.row_bytes
        if header.coding != Coding.PACKED and len(length) == _U32.size:
            size = min(size, _unpack_u32(length))
        if len(length) == _U32.size and _unpack_u32(length) != size:
            fault = f"band {number} is {_unpack_u32(length)} bytes long, its rows packed {size}"
            raise FormatError(fault, offset=offset, field="length")
        band = Band(offset + _U32.size, size, top, bottom)
        offset = band.offset + size + CHECKSUM_BYTES
        if offset > end:
            if whole_only:
                return bands
            fault = f"the data ends within band {number} of {header.band_count}"
            raise TruncatedError(fault, offset=end, field=_field_at(end, band))
        bands.append(band)
    if offset < end:
        fault = f"{end - offset} bytes follow the last band"
        raise FormatError(fault, offset=offset, field="band")
    return bands


def _field_at(offset: int, band: Band) -> str:
    if offset < band.offset:
        return "length"
    return "payload" if offset < band.offset + band.length else "checksum"


def read_band(stream: IO[bytes], band: Band) -> bytes:
    """A band's payload, verified against its checksum."""
    start = band.offset - _U32.size - CHECKSUM_BYTES
    stream.seek(start)
    previous = _read(stream, CHECKSUM_BYTES)
    length = _read(stream, _U32.size)
    payload = _read(stream, band.length, band.length)  # find_bands saw that it is there
    stored = _read(stream, CHECKSUM_BYTES)
    if len(payload) != band.length or len(stored) != CHECKSUM_BYTES:
        raise TruncatedError("the data ends within a band", offset=band.offset, field="payload")
    computed = crc32(payload, crc32(length, _unpack_u32(previous)))
    if _unpack_u32(stored) != computed:
        offset = band.offset + band.length
        raise _mismatch(f"band at row {band.top}", _unpack_u32(stored), computed, offset)
    return payload


def _unpack_u32(data: bytes) -> int:
    return int.from_bytes(data, "little")


def _mismatch(where: str, stored: int, computed: int, offset: int) -> ChecksumError:
    fault = f"checksum of the {where} is {stored:08x}, computed {computed:08x}"
    return ChecksumError(fault, offset=offset, field="checksum")

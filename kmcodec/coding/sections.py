"""Write and read the sections of a file's head: metadata (spec 4) and palette (spec 5).

Codes are what the indices of a coded picture are called before they are palette indices again.
Entries of a coded palette are coded in the order of the codes. Where the palette's own order
matters, as in mode P, and another is better to code, the payload ends with that (spec 5.3.4).
"""

import re
import struct
from collections.abc import Mapping
from typing import IO, Final, NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from ..errors import ChecksumError, FormatError, TruncatedError
from ..format import (
    CHECKSUM_BYTES,
    MAX_ALL_METADATA_BYTES,
    MAX_METADATA_BYTES,
    MAX_NAME_BYTES,
    MAX_PALETTE_LENGTH,
    Coding,
    Flags,
    Header,
)
from ..libkmq import binding
from .metadata import check_metadata
from .source import read_bytes

U32: Final = struct.Struct("<I")
METADATA_PREFIX: Final = "metadata "
"""The prefix that sets the name of a metadata section apart from all other sections."""

_NAME: Final = re.compile(rb"[a-z0-9_]+")
_NO_ORDER: Final = np.zeros(0, np.uint16)


class Section(NamedTuple):
    """A stretch of the file, as ``kmq-info`` lists it."""

    name: str
    offset: int
    size: int


class SectionReader:
    """A reader of exact lengths, which keeps the offset, the checksum and the list of sections."""

    def __init__(self, stream: IO[bytes]) -> None:
        """Read from the place where the stream is, which is offset 0."""
        self.stream = stream
        self.offset = 0
        self.checksum = 0
        self.sections: list[Section] = []

    def take(self, name: str, size: int) -> bytes:
        """Read a section."""
        data = self.take_field(name, size)
        self.sections.append(Section(name, self.offset - size, size))
        return data

    def take_field(self, field: str, size: int) -> bytes:
        """Read a part of a section."""
        data = read_bytes(self.stream, size)
        if len(data) < size:
            end = self.offset + len(data)
            raise TruncatedError(f"the data ends within {field}", offset=end, field=field)
        self.offset += size
        self.checksum = crc32(data, self.checksum)
        return data

    def take_checksum(self, where: str) -> None:
        """Read a checksum, and compare it with that of all bytes before it."""
        start, computed = self.offset, self.checksum
        compare_checksum(where, self.take("checksum", CHECKSUM_BYTES), computed, start)


def compare_checksum(where: str, stored: bytes, computed: int, offset: int) -> None:
    """Refuse a checksum that is not the one computed (spec 7)."""
    if unpack_u32(stored) != computed:
        fault = f"checksum of the {where} is {unpack_u32(stored):08x}, computed {computed:08x}"
        raise ChecksumError(fault, offset=offset, field="checksum")


def unpack_u32(data: bytes) -> int:
    """Unpack a number of four bytes."""
    return int.from_bytes(data, "little")


def write_metadata(metadata: Mapping[str, bytes]) -> bytes:
    """Return the bytes of a section for each payload and its name (spec 4)."""
    if not metadata:
        return b""
    pieces = [bytes([len(metadata)])]
    for name in sorted(metadata):
        payload = metadata[name]
        pieces += [bytes([len(name)]), name.encode(), U32.pack(len(payload)), payload]
    return b"".join(pieces)


def read_metadata(reader: SectionReader) -> dict[str, bytes]:
    """Read payloads by name, unknown names included; the inverse of ``write_metadata``."""
    start = reader.offset
    count = reader.take("section_count", 1)[0]
    if not count:
        raise FormatError("metadata without sections", offset=start, field="section_count")
    metadata: dict[str, bytes] = {}
    total = 0
    for _ in range(count):
        start = reader.offset
        name = _read_name(reader)
        if metadata and name <= max(metadata):
            fault = f"metadata name {name} is not in ascending order"
            raise FormatError(fault, offset=start + 1, field="name")
        length = unpack_u32(reader.take_field("length", U32.size))
        if length > MAX_METADATA_BYTES:
            fault = f"{name} of {length} bytes is longer than {MAX_METADATA_BYTES}"
            raise FormatError(fault, offset=reader.offset - U32.size, field="length")
        total += length
        if total > MAX_ALL_METADATA_BYTES:
            fault = f"metadata up to {name} is longer than {MAX_ALL_METADATA_BYTES} bytes"
            raise FormatError(fault, offset=reader.offset - U32.size, field="length")
        metadata[name] = reader.take_field("payload", length)
        check_metadata(name, metadata[name], reader.offset - length)
        size = reader.offset - start
        reader.sections.append(Section(f"{METADATA_PREFIX}{name}", start, size))
    return metadata


def _read_name(reader: SectionReader) -> str:
    start = reader.offset
    length = reader.take_field("name_length", 1)[0]
    if not 1 <= length <= MAX_NAME_BYTES:
        fault = f"metadata name of {length} bytes, not 1 to {MAX_NAME_BYTES}"
        raise FormatError(fault, offset=start, field="name_length")
    name = reader.take_field("name", length)
    if not _NAME.fullmatch(name):
        fault = f"metadata name {name!r} is not of a-z, 0-9 and _"
        raise FormatError(fault, offset=start + 1, field="name")
    return name.decode()


def write_palette(
    palette: NDArray[np.uint8], order: NDArray[np.uint16] | None
) -> tuple[Flags, bytes]:
    """Return the shorter form of a palette, and the flag that names it.

    Args:
        palette: (K, 1 to 4) uint8, K in 1..65536.
        order: (K,) uint16, the codes' palette indices; None if each code is its own.
    """
    payload = encode_palette(palette, order)
    coded = pack_length(len(payload)) + payload
    if order is None and palette.size <= len(coded):
        return Flags(0), palette.tobytes()
    return Flags.CODED_PALETTE, coded


def read_palette(
    reader: SectionReader, header: Header
) -> tuple[NDArray[np.uint8], NDArray[np.uint16] | None]:
    """Read a palette (K, channels), and its order (K,) or None; inverts ``write_palette``."""
    if not header.flags & Flags.CODED_PALETTE:
        entries = np.frombuffer(reader.take("palette", header.palette_bytes), np.uint8)
        return entries.reshape(header.color_count, header.mode.channels), None
    length = read_length(reader, "palette_length", MAX_PALETTE_LENGTH)
    payload = reader.take("palette_payload", length)
    return decode_palette(
        payload,
        header.color_count,
        header.mode.channels,
        may_have_order=header.coding != Coding.PACKED,
        offset=reader.offset - length,
    )


def pack_length(length: int) -> bytes:
    """Pack a length as a varint: groups of 7 bits, the lowest first (spec 1)."""
    groups = [length & 127]
    while length := length >> 7:
        groups[-1] |= 128
        groups.append(length & 127)
    return bytes(groups)


def read_length(reader: SectionReader, field: str, most: int) -> int:
    """Read a length of up to ``most``; the inverse of ``pack_length``."""
    start, length, shift, byte = reader.offset, 0, 0, 128
    while byte & 128 and most >> shift:
        byte = reader.take_field(field, 1)[0]
        length |= (byte & 127) << shift
        shift += 7
    if byte & 128 or (shift > 7 and not byte):
        raise FormatError(f"{field} is not in its shortest form", offset=start, field=field)
    if length > most:
        raise FormatError(f"{field} {length} is more than {most}", offset=start, field=field)
    reader.sections.append(Section(field, start, reader.offset - start))
    return length


def encode_palette(palette: NDArray[np.uint8], order: NDArray[np.uint16] | None) -> bytes:
    """Encode a palette (spec 5.3).

    Args:
        palette: (K, 1 to 4) uint8, K in 1..65536.
        order: (K,) uint16, the codes' palette indices; None if each code is its own.

    Returns:
        The payload, of palette[order].
    """
    entries = np.ascontiguousarray(palette if order is None else palette[order])
    codes = _NO_ORDER if order is None else order
    unused = np.empty(0 if order is None else len(order) + 1, np.int32)
    room = np.empty(2 * entries.size + 6 * len(entries) + 16, np.uint8)

    def encode(predicting: bool) -> bytes:
        length = binding.encode_palette(entries, codes, predicting, unused, room)
        assert length >= 0, "the room always suffices, and the order is one"
        return room[:length].tobytes()

    payload = encode(predicting=True)
    if len(payload) > entries.size:  # noise, whose samples are shorter than residuals
        payload = min(payload, encode(predicting=False), key=len)
    return payload


def decode_palette(
    payload: bytes, color_count: int, channels: int, *, may_have_order: bool, offset: int = 0
) -> tuple[NDArray[np.uint8], NDArray[np.uint16] | None]:
    """Decode a palette; the inverse of ``encode_palette``.

    Args:
        payload: any bytes.
        color_count: K, 1..65536.
        channels: samples of an entry, 1 to 4.
        may_have_order: whether an order is not a fault.
        offset: place of the payload in the file, for errors.

    Returns:
        palette (K, channels) uint8, and the order (K,) or None.

    Raises:
        FormatError: no palette has this payload.
    """
    entries = np.empty((color_count, channels), np.uint8)
    order = np.empty(color_count if may_have_order else 0, np.uint16)
    unused = np.empty(len(order) + 1, np.int32)
    status = binding.decode_palette(payload, entries, order, unused)
    if status < 0:
        fault = "no palette has this payload"
        if status == binding.UNEXPECTED_ORDER:
            fault = "a palette beside packed indices has an order"
        raise FormatError(fault, offset=offset, field="palette_payload")
    if status == binding.OK:
        return entries, None
    if (order == np.arange(color_count)).all():
        fault = "the order leaves all entries in their places"
        raise FormatError(fault, offset=offset, field="palette_payload")
    palette = np.empty_like(entries)
    palette[order] = entries
    return palette, order

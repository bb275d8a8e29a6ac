"""Tell where the bands and frames of a file are, and all sections, in little memory for each."""

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import IO, NamedTuple, overload

import numpy as np

from ..errors import FormatError, TruncatedError
from ..format import CHECKSUM_BYTES, Coding, Flags, Header
from .frame_table import Lengths
from .sections import U32, Section, unpack_u32
from .source import read_bytes


class Band(NamedTuple):
    """A band's payload, and the rows it holds: ``top`` to before ``bottom``."""

    offset: int
    length: int
    top: int
    bottom: int
    length_bytes: int
    """The bytes of the length in front of the payload: none in frames, whose head has it."""

    @property
    def checksum_bytes(self) -> int:
        """The bytes of the checksum, which an empty band of a frame has none of."""
        return CHECKSUM_BYTES if self.length or self.length_bytes else 0


class Bands:
    """Where successive bands of a picture, or of a frame, are.

    Each takes eight bytes of memory, as a file may be all tiny bands.
    """

    def __init__(self, header: Header, offsets: "array[int]", first: int = 0) -> None:
        """``offsets`` are those of the bands from ``first`` on, and of the end of the last."""
        self.header = header
        self.offsets = offsets
        self.first = first

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.offsets) - 1

    def __iter__(self) -> Iterator[Band]:
        """Yield each in order."""
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, place: int) -> Band:
        """Return one of them, from the end if ``place`` is negative."""
        place = range(len(self))[place]
        start, end = self.offsets[place], self.offsets[place + 1]
        rows = self.header.rows_of_band(self.first + place)
        length_bytes = 0 if self.header.flags & Flags.FRAMES else U32.size
        length = max(end - start - length_bytes - CHECKSUM_BYTES, 0)
        return Band(start + length_bytes, length, *rows, length_bytes)

    def of_rows(self, top: int, bottom: int) -> "Bands":
        """Return those that hold the rows from ``top`` to before ``bottom``."""
        rows = self.header.band_rows
        first = max(top // rows, self.first)
        last = min(-(-bottom // rows), self.first + len(self))
        offsets = self.offsets[first - self.first : last - self.first + 1]
        return Bands(self.header, offsets, first)

    def whole_before(self, end: int) -> "Bands":
        """Return those that end at an offset or before it."""
        count = bisect_right(self.offsets, end) - 1
        return Bands(self.header, self.offsets[: max(count, 0) + 1], self.first)

    @property
    def length_bytes(self) -> int:
        """The bytes of all their lengths."""
        return U32.size * len(self)

    @property
    def checksum_bytes(self) -> int:
        """The bytes of all their checksums."""
        return CHECKSUM_BYTES * len(self)

    def sections(self, place: int) -> tuple[Section, Section, Section]:
        """Return what one of them, in a picture without frames, consists of."""
        band = self[place]
        return (
            Section("length", band.offset - U32.size, U32.size),
            Section("payload", band.offset, band.length),
            Section("checksum", band.offset + band.length, CHECKSUM_BYTES),
        )


def find_still_bands(
    stream: IO[bytes], header: Header, offset: int, end: int, whole_only: bool
) -> Bands:
    """Find the bands of a picture without frames, going from one length to the next.

    Args:
        stream: the seekable stream.
        header: the file's.
        offset: where the first band begins.
        end: where the data ends.
        whole_only: if the data ends early, return the bands that are whole.

    Raises:
        TruncatedError: the data ends before the last band does.
        FormatError: a band's length is wrong, or data follows the last band.
    """
    row_bytes = header.row_bytes
    offsets = array("Q", [offset])
    for number in range(header.band_count):
        top, bottom = header.rows_of_band(number)
        stream.seek(offset)
        length = read_bytes(stream, U32.size)
        size = unpack_u32(length) if len(length) == U32.size else 0
        if len(length) == U32.size:
            _check_length(header.coding, number, size, (bottom - top) * row_bytes, offset)
        payload, offset = offset + U32.size, offset + U32.size + size + CHECKSUM_BYTES
        if offset > end:
            if whole_only:
                break
            fault = f"the data ends within band {number} of {header.band_count}"
            field = _field_at(end, payload, payload + size)
            raise TruncatedError(fault, offset=end, field=field)
        offsets.append(offset)
    if offset < end:
        fault = f"{end - offset} bytes follow the last band"
        raise FormatError(fault, offset=offset, field="band")
    return Bands(header, offsets)


def _check_length(coding: Coding, number: int, size: int, packed: int, offset: int) -> None:
    """Refuse a band that is not as long as its rows packed (spec 6.2), or longer (spec 6.3)."""
    if size > packed or (coding == Coding.PACKED and size < packed):
        fault = f"band {number} is {size} bytes long, its rows packed {packed}"
        raise FormatError(fault, offset=offset, field="length")


def _field_at(offset: int, payload: int, checksum: int) -> str:
    if offset < payload:
        return "length"
    return "payload" if offset < checksum else "checksum"


class Frames:
    """Where successive frames are, from the first on: eight bytes a frame, and a length a band."""

    def __init__(self, header: Header, lengths: Lengths, start: int) -> None:
        """``start`` is the offset of the first frame."""
        self.header = header
        self.lengths = lengths
        sizes = (lengths != 0).sum(1, dtype=np.uint64)
        sizes *= np.uint64(CHECKSUM_BYTES)
        sizes += lengths.sum(1, dtype=np.uint64)
        np.cumsum(sizes, out=sizes)
        sizes += np.uint64(start)
        self.offsets = array("Q", [start])
        self.offsets.frombytes(memoryview(sizes).cast("B"))

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.lengths)

    def __getitem__(self, frame: int) -> Bands:
        """Return the bands of one of them."""
        frame = range(len(self))[frame]
        offsets = array("Q", [self.offsets[frame]])
        for length in self.lengths[frame].tolist():
            offsets.append(offsets[-1] + (length + CHECKSUM_BYTES if length else 0))
        return Bands(self.header, offsets)

    @property
    def end(self) -> int:
        """The offset of the end of the last."""
        return self.offsets[-1]

    def is_empty(self, frame: int) -> bool:
        """Return whether a frame has no bytes."""
        return self.offsets[frame] == self.offsets[frame + 1]

    def whole_before(self, end: int) -> "Frames":
        """Return those that end at an offset or before it."""
        count = max(bisect_right(self.offsets, end) - 1, 0)
        return Frames(self.header, self.lengths[:count], self.offsets[0])

    @property
    def length_bytes(self) -> int:
        """The bytes of lengths beside the payloads: none, as the head has them."""
        return 0

    @property
    def checksum_bytes(self) -> int:
        """The bytes of all their checksums."""
        return CHECKSUM_BYTES * int(np.count_nonzero(self.lengths))

    def sections(self, frame: int) -> tuple[Section]:
        """Return what one of them consists of, as a whole."""
        start, end = self.offsets[frame], self.offsets[frame + 1]
        return (Section("frame", start, end - start),)


class Sections(Sequence[Section]):
    """Every stretch of a file in order, without gaps; all but the head's are made as taken."""

    def __init__(self, head: tuple[Section, ...], parts: Bands | Frames) -> None:
        """``parts`` are all that follow the head."""
        self.head = head
        self.parts = parts
        self._each = 1 if isinstance(parts, Frames) else 3

    def __len__(self) -> int:
        """Return how many there are, three a band and one a frame."""
        return len(self.head) + self._each * len(self.parts)

    def __iter__(self) -> Iterator[Section]:
        """Yield each in order."""
        yield from self.head
        for part in range(len(self.parts)):
            yield from self.parts.sections(part)

    @overload
    def __getitem__(self, place: int) -> Section: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Section, ...]: ...
    def __getitem__(self, place: int | slice) -> Section | tuple[Section, ...]:
        """Return one of them, or several."""
        places = range(len(self))[place]
        if isinstance(places, range):
            return tuple(self[number] for number in places)
        if places < len(self.head):
            return self.head[places]
        part, place = divmod(places - len(self.head), self._each)
        return self.parts.sections(part)[place]

    def __eq__(self, other: object) -> bool:
        """Return whether names, offsets and sizes are the same."""
        return self._key() == other._key() if isinstance(other, Sections) else NotImplemented

    def __hash__(self) -> int:
        """Return a hash that equal ones share."""
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        return self.head, self.parts.offsets.tobytes()

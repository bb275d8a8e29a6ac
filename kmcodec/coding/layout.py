"""Tell where the bands of a file are, and all sections, in little memory for each."""

from array import array
from collections.abc import Iterator, Sequence
from typing import NamedTuple, overload

from ..format import CHECKSUM_BYTES, Header
from .sections import U32, Section


class Band(NamedTuple):
    """A band's place in the file, and the rows it holds: ``top`` to before ``bottom``."""

    offset: int
    length: int
    top: int
    bottom: int


class Bands:
    """Where successive bands are: eight bytes of memory each, as a file may be all tiny bands."""

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
        return Band(start + U32.size, end - start - U32.size - CHECKSUM_BYTES, *rows)

    def of_rows(self, top: int, bottom: int) -> "Bands":
        """Return those that hold the rows from ``top`` to before ``bottom``."""
        rows = self.header.band_rows
        first = max(top // rows, self.first)
        last = min(-(-bottom // rows), self.first + len(self))
        offsets = self.offsets[first - self.first : last - self.first + 1]
        return Bands(self.header, offsets, first)


class Sections(Sequence[Section]):
    """Every stretch of a file in order, without gaps; those of bands are made as they are taken."""

    def __init__(self, head: tuple[Section, ...], bands: Bands) -> None:
        """``bands`` are all that follow the head."""
        self.head = head
        self.bands = bands

    def __len__(self) -> int:
        """Return how many there are, three a band."""
        return len(self.head) + 3 * len(self.bands)

    def __iter__(self) -> Iterator[Section]:
        """Yield each in order."""
        yield from self.head
        for band in self.bands:
            yield from _sections_of(band)

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
        band, part = divmod(places - len(self.head), 3)
        return _sections_of(self.bands[band])[part]

    def __eq__(self, other: object) -> bool:
        """Return whether names, offsets and sizes are the same."""
        return self._key() == other._key() if isinstance(other, Sections) else NotImplemented

    def __hash__(self) -> int:
        """Return a hash that equal ones share."""
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        return self.head, self.bands.offsets.tobytes()


def _sections_of(band: Band) -> tuple[Section, Section, Section]:
    return (
        Section("length", band.offset - U32.size, U32.size),
        Section("payload", band.offset, band.length),
        Section("checksum", band.offset + band.length, CHECKSUM_BYTES),
    )

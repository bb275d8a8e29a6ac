"""Define the file format as data, as sections 2 and 3 of ``spec/kmq.md`` do in words.

Every number of the layout stands here once; writing and reading are both derived from it.

Header, 20 bytes, little-endian::

     0       1       2       3       4       5       6       7
    +-------+-------+-------+-------+-------+-------+-------+-------+
    |  8B      4B      4D      51   |version| coding|  mode | flags |
    +-------+-------+-------+-------+-------+-------+-------+-------+
    |             width             |            height             |
    +-------+-------+-------+-------+-------+-------+-------+-------+
    |color_count - 1| band_rows - 1 |
    +-------+-------+-------+-------+
"""

import struct
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .errors import FormatError, KmqError, SignatureError, TruncatedError, UnsupportedError

MAGIC: Final = b"\x8bKMQ"  # spec 3.1
VERSION: Final = 0  # spec 3.2; 0 until the format is final
MAX_DIMENSION: Final = 1 << 30  # spec 3.6
MAX_COLORS: Final = 1 << 16  # spec 3.8
MAX_BAND_ROWS: Final = 1 << 16  # spec 3.9
MAX_BAND_BYTES: Final = (1 << 32) - 1  # spec 3.9
MAX_MODELLED_CELLS: Final = 1 << 28  # spec 3.9
FREE_MODELLED_BANDS: Final = 8  # spec 3.9: of frames, however small
LEAST_MODELLED_PIXELS: Final = 1 << 19  # spec 3.9: for each band of frames beyond these
MODEL_BORDER: Final = 8  # spec 6.3.1: cells on either side of a row
MODEL_ABOVE: Final = 3  # spec 6.3.1: rows above the first
MAX_PALETTE_LENGTH: Final = (1 << 21) - 1  # spec 5.3
MAX_NAME_BYTES: Final = 32  # spec 4
MAX_METADATA_BYTES: Final = 1 << 24  # spec 4, each section
MAX_ALL_METADATA_BYTES: Final = 1 << 26  # spec 4, all sections
MAX_FRAME_COUNT: Final = 1 << 24  # spec 6.5.1
MAX_NUMBER: Final = (1 << 32) - 1  # spec 6.5.1, each number of the frames section
MAX_PIXELS: Final = 2 * 89_478_485  # the default limit: above it, Pillow refuses a picture
MAX_FRAMES: Final = 1 << 20  # the default limit of frames
MAX_TOTAL_PIXELS: Final = 1 << 40  # the default limit of the pixels of all frames
METADATA_NAMES: Final = ("comment", "dpi", "exif", "icc_profile", "xmp")  # spec 4; Pillow's names
CHECKSUM_BYTES: Final = 4  # spec 7

Indices = NDArray[np.uint8 | np.uint16]
"""Indices into a palette: (height, width), uint8 up to 256 colors, else uint16."""

FORMAT: Final = "KMQ"
"""The name by which Pillow knows the format."""

EXTENSION: Final = ".kmq"
MIME_TYPE: Final = "image/x-kmq"


class Coding(IntEnum):
    """The ways to code a band's indices (spec 3.3)."""

    PACKED = 0
    MODELLED = 1


class Mode(IntEnum):
    """The kind of picture that was saved, and so opens again (spec 3.4)."""

    BILEVEL = 0
    L = 1
    LA = 2
    P = 3
    P_ALPHA = 4
    PA = 5
    RGB = 6
    RGBA = 7

    @property
    def pillow(self) -> str:
        """Pillow's name of the mode."""
        return _MODES[self].pillow

    @property
    def title(self) -> str:
        """The mode in the words of Pillow's users."""
        return "P with alpha" if self.has_alpha and self.pillow == "P" else self.pillow

    @property
    def channels(self) -> int:
        """The number of bytes of one palette entry."""
        return _MODES[self].channels

    @property
    def has_alpha(self) -> bool:
        """Whether the last byte of a palette entry is alpha."""
        return _MODES[self].has_alpha

    @property
    def max_colors(self) -> int:
        """The most palette entries that the mode allows, which is what Pillow can hold in it."""
        return _MODES[self].max_colors

    @property
    def has_palette(self) -> bool:
        """Whether Pillow shows the palette, so that its order is part of the picture."""
        return _MODES[self].has_palette


class _ModeFacts(NamedTuple):
    pillow: str
    channels: int
    has_alpha: bool
    max_colors: int
    has_palette: bool


_MODES: Final = {  # spec 3.4
    Mode.BILEVEL: _ModeFacts("1", 1, False, 2, False),
    Mode.L: _ModeFacts("L", 1, False, 256, False),
    Mode.LA: _ModeFacts("LA", 2, True, MAX_COLORS, False),
    Mode.P: _ModeFacts("P", 3, False, 256, True),
    Mode.P_ALPHA: _ModeFacts("P", 4, True, 256, True),
    Mode.PA: _ModeFacts("PA", 4, True, MAX_COLORS, True),
    Mode.RGB: _ModeFacts("RGB", 3, False, MAX_COLORS, False),
    Mode.RGBA: _ModeFacts("RGBA", 4, True, MAX_COLORS, False),
}


_BILEVEL_PALETTES: Final = (b"\x00", b"\xff", b"\x00\xff")


class Flags(IntFlag):
    """The header flags (spec 3.5); a set bit that has no name here is of a later format.

    ``FRAMES`` is two bits, so that no flip of one makes an animation of a picture, or the reverse.
    Iteration passes over such a flag; ``__members__`` has all.
    """

    METADATA = 1
    CODED_PALETTE = 2
    FRAMES = 12


class Field(NamedTuple):
    """A header field, with its place and the section of the specification that defines it."""

    name: str
    offset: int
    size: int
    section: str


FIELDS: Final = (
    Field("magic", 0, 4, "3.1"),
    Field("version", 4, 1, "3.2"),
    Field("coding", 5, 1, "3.3"),
    Field("mode", 6, 1, "3.4"),
    Field("flags", 7, 1, "3.5"),
    Field("width", 8, 4, "3.6"),
    Field("height", 12, 4, "3.7"),
    Field("color_count", 16, 2, "3.8"),
    Field("band_rows", 18, 2, "3.9"),
)
_OFFSET: Final = {field.name: field.offset for field in FIELDS}
_HEADER: Final = struct.Struct("<4s4B2I2H")
HEADER_BYTES: Final = _HEADER.size


def index_bits(color_count: int) -> int:
    """Return the bits of one packed index: ceil(log2(color_count)), 0 for one color (spec 3.8)."""
    return (color_count - 1).bit_length()


def index_dtype(color_count: int) -> type[np.uint8] | type[np.uint16]:
    """Return the NumPy type that holds an index."""
    return np.uint8 if color_count <= 256 else np.uint16


def palette_colors(palette: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Return the number of the palette color of each RGBA entry of a PA picture (spec 5).

    Successive entries of equal color and ascending alpha are one palette color.
    """
    same = (palette[1:, :3] == palette[:-1, :3]).all(axis=1) & (palette[1:, 3] > palette[:-1, 3])
    return np.concatenate(([0], np.cumsum(~same)))


def check_palette(mode: Mode, palette: NDArray[np.uint8], offset: int) -> None:
    """Refuse a palette that the mode cannot have (spec 5); ``offset`` is its place in the file."""
    if mode == Mode.BILEVEL and palette.tobytes() not in _BILEVEL_PALETTES:
        raise FormatError("a bilevel palette is 0, 255 or both", offset=offset, field="palette")
    if mode == Mode.PA:
        colors = int(palette_colors(palette)[-1]) + 1
        if colors > Mode.P.max_colors:
            fault = f"{colors} palette colors are too many for mode PA"
            raise FormatError(fault, offset=offset, field="palette")


def find_size_fault(width: int, height: int) -> tuple[str, str] | None:
    """Return the side of a picture that breaks its rule (spec 3.6, 3.7), and how, or None."""
    for name, value in (("width", width), ("height", height)):
        if not 1 <= value <= MAX_DIMENSION:
            return name, f"{name} {value} is not in 1..{MAX_DIMENSION}"
    return None


@dataclass(frozen=True, slots=True)
class Header:
    """The fixed header, whose ``color_count`` and ``band_rows`` are the true values, from 1."""

    coding: Coding
    mode: Mode
    flags: Flags
    width: int
    height: int
    color_count: int
    band_rows: int

    def pack(self) -> bytes:
        """Return the header's 20 bytes, which ``unpack`` does not refuse.

        Raises:
            ValueError: as ``check``.
        """
        self.check()
        return _HEADER.pack(
            MAGIC,
            VERSION,
            self.coding,
            self.mode,
            self.flags,
            self.width,
            self.height,
            self.color_count - 1,
            self.band_rows - 1,
        )

    @classmethod
    def unpack(cls, data: bytes) -> "Header":
        """Read the header from the first bytes of ``data``, and check every field."""
        if data[: len(MAGIC)] != MAGIC[: len(data)] or not data:
            raise SignatureError("not a .kmq file", offset=0, field="magic")
        if len(data) < HEADER_BYTES:
            field = next(f.name for f in FIELDS if len(data) < f.offset + f.size)
            raise TruncatedError("the data ends within the header", offset=len(data), field=field)
        _, version, coding, mode, flags, width, height, colors, rows = _HEADER.unpack_from(data)
        if version != VERSION:
            raise _fault(UnsupportedError, "version", f"format version {version} is not supported")
        if coding not in iter(Coding):
            raise _fault(UnsupportedError, "coding", f"index coding {coding} is not supported")
        if mode not in iter(Mode):
            raise _fault(UnsupportedError, "mode", f"source mode {mode} is not supported")
        if flags != sum(flag for flag in Flags.__members__.values() if flag & flags == flag):
            raise _fault(UnsupportedError, "flags", f"flags {flags:#04x} are not supported")
        header = cls(Coding(coding), Mode(mode), Flags(flags), width, height, colors + 1, rows + 1)
        fault = header.find_fault()
        if fault:
            raise _fault(FormatError, *fault)
        return header

    def check(self) -> None:
        """Refuse to write what ``unpack`` would refuse to read.

        Raises:
            ValueError: the picture is too large, or a band of so many rows.
        """
        fault = self.find_fault()
        if fault:
            raise ValueError(fault[1])

    def find_fault(self) -> tuple[str, str] | None:
        """Return the first field that breaks a rule, and how; None if none does."""
        fault = find_size_fault(self.width, self.height)
        if fault is not None:
            return fault
        if self.color_count > self.mode.max_colors:
            text = f"{self.color_count} colors are too many for mode {self.mode.title}"
            return "color_count", text
        if self.band_rows > self.height:
            text = f"band of {self.band_rows} rows is taller than the picture, {self.height} rows"
            return "band_rows", text
        if self.band_rows * self.row_bytes > MAX_BAND_BYTES:
            text = f"packed bands of {self.band_rows} rows are longer than {MAX_BAND_BYTES} bytes"
            return "band_rows", text
        if self.coding == Coding.MODELLED and self.band_cells > MAX_MODELLED_CELLS:
            cells = f"modelled bands of {self.band_cells} cells"
            return "band_rows", f"{cells} are larger than {MAX_MODELLED_CELLS}"
        if self.coding == Coding.MODELLED and self.flags & Flags.FRAMES:
            pixels = self.width * self.height
            most = FREE_MODELLED_BANDS + pixels // LEAST_MODELLED_PIXELS
            if self.band_count > most:
                text = f"{self.band_count} modelled bands of frames are more than {most}"
                return "band_rows", text
        return None

    @property
    def bits(self) -> int:
        """The number of bits of one packed index."""
        return index_bits(self.color_count)

    @property
    def row_bytes(self) -> int:
        """The number of bytes of one row of packed indices."""
        return (self.width * self.bits + 7) // 8

    @property
    def band_cells(self) -> int:
        """The number of cells of a band with the border that the model needs (spec 6.3.2)."""
        return (self.band_rows + MODEL_ABOVE) * (self.width + 2 * MODEL_BORDER)

    @property
    def palette_bytes(self) -> int:
        """The number of bytes of a palette that is not coded."""
        return self.color_count * self.mode.channels

    @property
    def band_count(self) -> int:
        """The number of bands."""
        return -(-self.height // self.band_rows)

    def rows_of_band(self, band: int) -> tuple[int, int]:
        """Return the first row of a band, and the row after its last."""
        return band * self.band_rows, min((band + 1) * self.band_rows, self.height)


def _fault(error: type[KmqError], name: str, fault: str) -> KmqError:
    return error(fault, offset=_OFFSET[name], field=name)

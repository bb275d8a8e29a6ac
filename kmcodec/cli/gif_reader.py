"""Take GIF files apart into frames, by the rules that browsers show them by."""

import struct
import warnings
from collections.abc import Iterator
from fractions import Fraction
from io import BytesIO
from typing import IO, Final, NamedTuple

from PIL import Image

from kmcodec.coding.source import read_bytes

from .layers import Disposal, Layer, compose
from .reading import check_frames

SCREEN: Final = struct.Struct("<6s2H3B")  # signature, width, height, flags, background, aspect
CONTROL: Final = struct.Struct("<4BH2B")  # 21 f9 04, flags, hundredths, transparent entry, 0
AREA: Final = struct.Struct("<4HB")  # left, top, width, height, flags
HAS_TABLE: Final = 0x80
IS_INTERLACED: Final = 0x40
HAS_TRANSPARENCY: Final = 1
LOOPING: Final = b"NETSCAPE2.0"

_EXTENSION: Final = 0x21
_IMAGE: Final = 0x2C
_TRAILER: Final = 0x3B
_CONTROL_LABEL: Final = 0xF9
_APPLICATION_LABEL: Final = 0xFF
_APPLICATIONS: Final = (LOOPING, b"ANIMEXTS1.0")
_HURRY: Final = 1  # hundredths of a second, up to which browsers take the usual duration instead
_USUAL: Final = 10
_DISPOSALS: Final = {2: Disposal.CLEAR, 3: Disposal.RESTORE, 4: Disposal.RESTORE}


class _Frame(NamedTuple):
    left: int
    top: int
    width: int
    height: int
    flags: int
    table: tuple[int, int]
    """Offset and bytes of its colors."""
    data: tuple[int, int]
    """Offset and bytes of its coded pixels."""
    control: int
    hundredths: int
    transparent: int


class GifReader:
    """The frames of a GIF file.

    Attributes:
        size: of the canvas, which the first frame may extend.
        count: of frames.
        loop: how often all are shown, 0 for ever.
    """

    def __init__(self, file: IO[bytes]) -> None:
        """Find the frames without decoding them.

        Raises:
            LimitError: there are too many.
            OSError: the file is damaged.
        """
        self._file = file
        self.loop = 1
        self.size = (0, 0)
        self._frames: list[_Frame] = []
        pixels = 0
        for frame in self._find_frames():
            if not self._frames:
                right, bottom = frame.left + frame.width, frame.top + frame.height
                self.size = max(self.size[0], right), max(self.size[1], bottom)
            self._frames.append(frame)
            pixels += max(self.size[0] * self.size[1], frame.width * frame.height)
            check_frames(len(self._frames), pixels)
        self.count = len(self._frames)

    def duration(self, number: int) -> Fraction:
        """Return how many milliseconds a frame is shown."""
        hundredths = self._frames[number].hundredths
        return Fraction(10 * (_USUAL if hundredths <= _HURRY else hundredths))

    def pictures(self, wanted: range) -> Iterator[Image.Image]:
        """Yield frames, whose numbers ascend, as they are seen."""
        return compose(self.size, map(self._layer, self._frames), wanted)

    def _find_frames(self) -> Iterator[_Frame]:
        """Yield frames in order, and note on the way how often all are shown."""
        self._file.seek(0)
        _, width, height, flags, *_ = SCREEN.unpack(self._take(SCREEN.size))
        self.size = width, height
        common = self._skip_table(flags)
        control = (0, 0, 0)
        while (kind := self._file.read(1)[:1]) not in (b"", bytes([_TRAILER])):
            if kind == bytes([_EXTENSION]):
                label, block = self._take(1)[0], self._take_block()
                if label == _CONTROL_LABEL and len(block) >= 4:
                    control = block[0], block[1] | block[2] << 8, block[3]
                is_looping = label == _APPLICATION_LABEL and block in _APPLICATIONS
                while block:
                    block = self._take_block()
                    if is_looping and len(block) >= 3 and block[0] & 7 == 1:
                        again = block[1] | block[2] << 8
                        self.loop = again + 1 if again else 0
            elif kind == bytes([_IMAGE]):
                left, top, width, height, flags = AREA.unpack(self._take(AREA.size))
                table = self._skip_table(flags) if flags & HAS_TABLE else common
                start = self._file.tell()
                self._take(1)
                while self._take_block():
                    pass
                data = start, self._file.tell() - start
                yield _Frame(left, top, width, height, flags, table, data, *control)
                control = (0, 0, 0)
            elif kind != b"\0":  # which some encoders write between blocks
                fault = f"no block begins at offset {self._file.tell() - 1} of the GIF"
                warnings.warn(f"{fault}, all from there on is left out", stacklevel=2)
                return

    def _take(self, size: int) -> bytes:
        data = read_bytes(self._file, size)
        if len(data) < size:
            raise OSError(f"the GIF is truncated after frame {len(self._frames) - 1}")
        return data

    def _take_block(self) -> bytes:
        return self._take(self._take(1)[0])

    def _skip_table(self, flags: int) -> tuple[int, int]:
        """Pass over a table of colors, if flags tell of one, and return its place."""
        size = 3 << (flags & 7) + 1 if flags & HAS_TABLE else 0
        place = self._file.tell(), size
        self._take(size)
        return place

    def _layer(self, frame: _Frame) -> Layer:
        image = None
        if frame.width * frame.height:
            image = Image.open(BytesIO(self._alone(frame)), formats=["GIF"])
        disposal = _DISPOSALS.get(frame.control >> 2 & 7, Disposal.KEEP)
        return Layer(image, frame.left, frame.top, True, disposal)

    def _alone(self, frame: _Frame) -> bytes:
        """Return the GIF file of one frame alone."""
        size, transparent = (frame.width, frame.height), frame.transparent
        colors, data = self._read(*frame.table), self._read(*frame.data)
        flags = HAS_TABLE | (len(colors) // 3).bit_length() - 2 if colors else 0
        control = frame.control & HAS_TRANSPARENCY
        return b"".join(
            (
                SCREEN.pack(b"GIF89a", *size, flags, 0, 0),
                colors,
                CONTROL.pack(_EXTENSION, _CONTROL_LABEL, 4, control, 0, transparent, 0),
                bytes([_IMAGE]),
                AREA.pack(0, 0, *size, frame.flags & IS_INTERLACED),
                data,
                bytes([_TRAILER]),
            )
        )

    def _read(self, offset: int, size: int) -> bytes:
        self._file.seek(offset)
        return self._take(size)

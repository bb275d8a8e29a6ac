"""Take GIF files apart into frames, by the rules that browsers show them by."""

import struct
import warnings
from array import array
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

_BODY: Final = struct.Struct("<BHB")  # of a control: flags, hundredths, transparent entry
_EXTENSION: Final = 0x21
_IMAGE: Final = 0x2C
_TRAILER: Final = 0x3B
_CONTROL_LABEL: Final = 0xF9
_APPLICATION_LABEL: Final = 0xFF
_APPLICATIONS: Final = (LOOPING, b"ANIMEXTS1.0")
_HURRY: Final = 1  # hundredths of a second, up to which browsers take the usual duration instead
_USUAL: Final = 10
_DISPOSALS: Final = {2: Disposal.CLEAR, 3: Disposal.RESTORE, 4: Disposal.RESTORE}


class _Area(NamedTuple):
    left: int
    top: int
    width: int
    height: int
    flags: int

    @property
    def pixels(self) -> int:
        return self.width * self.height


class GifReader:
    """The frames of a GIF file, each in twelve bytes of memory until it is decoded.

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
        self.count = 0
        self._offsets = array("Q")  # of the area of each frame
        self._controls = array("I")  # the four bytes of the control of each
        file.seek(0)
        _, width, height, flags, *_ = SCREEN.unpack(self._take(SCREEN.size))
        self._colors = self._take_table(flags)
        pixels = 0
        for area in self._areas():
            if not self.count:
                width, height = (
                    max(width, area.left + area.width),
                    max(height, area.top + area.height),
                )
            self.count += 1
            pixels += max(width * height, area.pixels)
            check_frames(self.count, pixels)
        self.size = width, height

    def duration(self, number: int) -> Fraction:
        """Return how many milliseconds a frame is shown."""
        _, hundredths, _ = self._control(number)
        return Fraction(10 * (_USUAL if hundredths <= _HURRY else hundredths))

    def pictures(self, wanted: range) -> Iterator[Image.Image]:
        """Yield frames, whose numbers ascend, as they are seen."""
        return compose(self.size, map(self._layer, range(self.count)), wanted)

    def _areas(self) -> Iterator[_Area]:
        """Yield the area of each frame, and note on the way where it is, its control and loops."""
        control = 0
        while (kind := self._file.read(1)[:1]) not in (b"", bytes([_TRAILER])):
            if kind == bytes([_EXTENSION]):
                label, block = self._take(1)[0], self._take_block()
                if label == _CONTROL_LABEL and len(block) >= _BODY.size:
                    control = int.from_bytes(block[: _BODY.size], "little")
                is_looping = label == _APPLICATION_LABEL and block in _APPLICATIONS
                while block:
                    block = self._take_block()
                    if is_looping and len(block) >= 3 and block[0] & 7 == 1:
                        again = int.from_bytes(block[1:3], "little")
                        self.loop = again + 1 if again else 0
            elif kind == bytes([_IMAGE]):
                self._offsets.append(self._file.tell())
                self._controls.append(control)
                control = 0
                area, _, _ = self._take_image()
                yield area
            elif kind != b"\0":  # which some encoders write between blocks
                fault = f"no block begins at offset {self._file.tell() - 1} of the GIF"
                warnings.warn(f"{fault}, all from there on is left out", stacklevel=2)
                return

    def _take(self, size: int) -> bytes:
        data = read_bytes(self._file, size)
        if len(data) < size:
            raise OSError(f"the GIF is truncated after frame {self.count - 1}")
        return data

    def _take_block(self) -> bytes:
        return self._take(self._take(1)[0])

    def _take_table(self, flags: int) -> bytes:
        """Take a table of colors, if flags tell of one."""
        return self._take(3 << (flags & 7) + 1 if flags & HAS_TABLE else 0)

    def _take_image(self) -> tuple[_Area, bytes, bytes]:
        """Take a frame's area, its own colors and its coded pixels."""
        area = _Area._make(AREA.unpack(self._take(AREA.size)))
        colors = self._take_table(area.flags)
        data = [self._take(1)]
        while block := self._take_block():
            data += bytes([len(block)]), block
        return area, colors, b"".join((*data, b"\0"))

    def _control(self, number: int) -> tuple[int, int, int]:
        """Return a frame's flags, hundredths of a second and transparent entry."""
        flags, hundredths, transparent = _BODY.unpack(self._controls[number].to_bytes(4, "little"))
        return flags, hundredths, transparent

    def _layer(self, number: int) -> Layer:
        flags, _, transparent = self._control(number)
        self._file.seek(self._offsets[number])
        area, own, data = self._take_image()
        image = None
        if area.pixels:
            control = flags & HAS_TRANSPARENCY, transparent
            alone = _still(area, own or self._colors, data, *control)
            image = Image.open(BytesIO(alone), formats=["GIF"])
        disposal = _DISPOSALS.get(flags >> 2 & 7, Disposal.KEEP)
        return Layer(image, area.left, area.top, True, disposal)


def _still(area: _Area, colors: bytes, data: bytes, flags: int, transparent: int) -> bytes:
    """Return the GIF file of one frame alone."""
    size = area.width, area.height
    table = HAS_TABLE | (len(colors) // 3).bit_length() - 2 if colors else 0
    return b"".join(
        (
            SCREEN.pack(b"GIF89a", *size, table, 0, 0),
            colors,
            CONTROL.pack(_EXTENSION, _CONTROL_LABEL, 4, flags, 0, transparent, 0),
            bytes([_IMAGE]),
            AREA.pack(0, 0, *size, area.flags & IS_INTERLACED),
            data,
            bytes([_TRAILER]),
        )
    )

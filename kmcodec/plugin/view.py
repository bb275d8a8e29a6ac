"""Show rows of a file as Pillow's images hold them: in a mode, and perhaps smaller."""

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..coding.bands import CODERS
from ..coding.container import Head
from ..coding.layout import Band
from ..coding.modelled import look_up
from ..format import Indices
from ..images.pixels import unpacking_table

Part = tuple[tuple[int, int, int, int], bytes]
"""The left, top, right and bottom of a part of an image, and its pixels."""

_SCALES: Final = (8, 4, 2)


class View:
    """How a file's codes become the pixels of an image.

    Attributes:
        mode: of the image, as Pillow calls it.
        size: width and height of the image.
        scale: how many rows and columns of the file become one.
    """

    def __init__(self, head: Head) -> None:
        """Show the file as it is, in its own mode and size."""
        self._header = head.header
        self._head = head
        self._table = unpacking_table(head.header.mode, head.palette)
        self.mode = head.header.mode.pillow
        self.size = head.header.width, head.header.height
        self.scale = 1

    def convert(self, mode: str) -> None:
        """Show the file in another mode, which costs only the conversion of its palette."""
        palette = self._head.palette
        entries = {3: "RGB", 4: "RGBA"}[palette.shape[1]]
        strip = Image.frombytes(entries, (len(palette), 1), palette.tobytes()).convert(mode)
        self._table = np.asarray(strip).reshape(len(palette), -1)
        self.mode = mode

    def reduce(self, most: int) -> None:
        """Show the file 8, 4 or 2 times smaller, if that is at most ``most`` and fits its bands."""
        header = self._header
        for scale in _SCALES:
            if scale <= most and (header.band_count == 1 or header.band_rows % scale == 0):
                self.scale = scale
                self.size = -(-header.width // scale), -(-header.height // scale)
                return

    def band_decoder(self) -> Callable[[bytes, Band], Part]:
        """Return a function that decodes and shows a band of a still."""
        table = self._head.by_code(self._table)

        def decode(payload: bytes, band: Band) -> Part:
            pixels = self._empty(band.bottom - band.top)
            CODERS[self._header.coding].decode_pixels(payload, table, pixels, band.offset)
            return self._part(band.top, pixels)

        return decode

    def look_up_bands(self, codes: Indices) -> Iterator[Part]:
        """Show the codes of a frame, (height, width), band by band."""
        table = self._head.by_code(self._table)
        for number in range(self._header.band_count):
            top, bottom = self._header.rows_of_band(number)
            pixels = self._empty(bottom - top)
            look_up(table, codes[top:bottom], pixels)
            yield self._part(top, pixels)

    def extents(self, top: int, bottom: int) -> tuple[int, int, int, int]:
        """Return left, top, right and bottom of what shows such rows of the file."""
        return 0, top // self.scale, self.size[0], -(-bottom // self.scale)

    def _empty(self, rows: int) -> NDArray[np.uint8]:
        return np.empty((rows, self._header.width, self._table.shape[1]), np.uint8)

    def _part(self, top: int, pixels: NDArray[np.uint8]) -> Part:
        rows, width, _ = pixels.shape
        data = pixels.tobytes()
        if self.scale > 1:
            data = Image.frombytes(self.mode, (width, rows), data).reduce(self.scale).tobytes()
        return self.extents(top, top + rows), data

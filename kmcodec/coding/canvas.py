"""Look up the pixels of decoded frames, where they have changed."""

import numpy as np
from numpy.typing import NDArray

from ..format import Indices
from ..images.pixels import color_palette
from .container import Head
from .frames import FrameDecoder
from .modelled import look_up


class Canvas:
    """The pixels of one frame after the other, RGB or RGBA."""

    def __init__(self, head: Head) -> None:
        """Begin without a frame of the file."""
        header = head.header
        self._table = head.by_code(color_palette(head.palette))
        self._codes: Indices | None = None  # that the pixels show
        self._pixels = np.empty((header.height, header.width, self._table.shape[1]), np.uint8)

    def show(self, decoder: FrameDecoder) -> NDArray[np.uint8]:
        """Return the pixels of the frame that a decoder holds, after each ``seek``.

        Returns:
            (height, width, 3 or 4), which cannot be written to; the array that was returned before,
            if it shows this frame too.
        """
        top, bottom = decoder.changed
        if self._codes is None:
            self._codes = decoder.codes.copy()
        else:
            before, after = self._codes[top:bottom], decoder.codes[top:bottom]
            rows = np.flatnonzero((before != after).any(axis=1))
            if not len(rows):
                return self._pixels
            top, bottom = top + int(rows[0]), top + int(rows[-1]) + 1
            self._codes[top:bottom] = decoder.codes[top:bottom]
            self._pixels = self._pixels.copy()
        look_up(self._table, self._codes[top:bottom], self._pixels[top:bottom])
        self._pixels.setflags(write=False)
        return self._pixels

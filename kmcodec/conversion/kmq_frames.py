"""Take the frames of .kmq files as palette and indices."""

from collections.abc import Iterator
from fractions import Fraction
from typing import IO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kmcodec.coding.container import find_frames, read_head
from kmcodec.coding.frames import FrameDecoder
from kmcodec.decoding import decode_indexed
from kmcodec.format import Indices
from kmcodec.images.pixels import color_palette

from .frames_in import PillowReader


class KmqReader(PillowReader):
    """The frames of an open .kmq image, of which there may be one.

    Attributes:
        palette: (K, 3) or (K, 4) uint8, of all frames.
    """

    def __init__(self, image: Image.Image, file: IO[bytes]) -> None:
        """Find the frames without reading them.

        Raises:
            KmqError: the file is damaged, or has too many frames.
        """
        super().__init__(image)
        head = read_head(file, None)
        self._file = file
        self._order = head.order
        self._animation = head.animation
        self._decoder = None
        if head.animation:
            self.loop = head.animation.loop
            self._decoder = FrameDecoder(file, head, find_frames(file, head))
        self.palette: NDArray[np.uint8] = color_palette(head.palette)

    def duration(self, number: int) -> Fraction:
        """Return how many milliseconds a frame is shown."""
        return self._animation.duration(number) if self._animation else Fraction(0)

    def indices(self, number: int) -> Indices:
        """Return the indices of a frame, (height, width)."""
        if self._decoder is None:
            return decode_indexed(self._file, max_pixels=None)[1]
        self._decoder.seek(number)
        codes = self._decoder.codes
        return codes.copy() if self._order is None else self._order[codes]

    def used(self, wanted: range) -> NDArray[np.bool_]:
        """Return which entries of the palette some frames use, (K,)."""
        counts = np.zeros(len(self.palette), np.int64)
        for number in wanted:
            counts += np.bincount(self.indices(number).ravel(), minlength=len(counts))
        return counts > 0

    def pictures(self, wanted: range) -> Iterator[Image.Image]:
        """Yield frames in their mode, with their exact durations."""
        for number, picture in zip(wanted, super().pictures(wanted), strict=True):
            picture.info["duration"] = self.duration(number)
            yield picture

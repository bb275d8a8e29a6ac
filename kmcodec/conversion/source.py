"""Open what ``kmq-convert`` is to convert: a picture, frames of one that moves, or a directory."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import SEEK_END
from typing import IO, Final

from PIL import Image

from kmcodec.errors import LimitError
from kmcodec.images.pixels import WRITABLE_MODES
from kmcodec.KmqImagePlugin import FORMAT

from .apng_reader import ApngReader
from .directories import DirectoryReader
from .faults import STANDARD, Exit, FileError, explain, plural
from .frames_in import FrameReader, LayerReader, PillowReader
from .gif_reader import GifReader
from .kmq_frames import KmqReader
from .reading import open_input

_PILLOW_FORMATS: Final = frozenset({"AVIF", "FLI", "TIFF", "WEBP"})
"""Formats whose pictures are frames, and put together by Pillow; of MPO they are not frames."""


@dataclass(frozen=True)
class Source:
    """An open input.

    Attributes:
        name: as it was given.
        image: its first picture, as Pillow opened it.
        reader: of its frames; None if there is one, and of another format than KMQ.
        input_bytes: of all its files.
    """

    name: str
    image: Image.Image
    reader: FrameReader | None
    input_bytes: int

    @property
    def kmq(self) -> KmqReader | None:
        """The reader of a .kmq."""
        return self.reader if isinstance(self.reader, KmqReader) else None

    @property
    def count(self) -> int:
        """The number of frames."""
        return self.reader.count if self.reader else 1

    @property
    def loop(self) -> int:
        """How often all frames are shown, 0 for ever."""
        return self.reader.loop if self.reader else 0

    def choose(self, given: slice | None) -> range:
        """Return the numbers of the frames that ``--frames`` chooses.

        Raises:
            FileError: it chooses none.
        """
        wanted = range(self.count)[given or slice(None)]
        if not wanted:
            fault = f"--frames chooses none of {plural(self.count, 'frame')}"
            raise FileError(Exit.FAILED, self.name, fault)
        return wanted

    def pictures(self, wanted: range) -> Iterator[Image.Image]:
        """Yield frames of one size.

        Raises:
            FileError: one cannot be read, or is of another size.
        """
        assert self.reader
        size = None
        try:
            for number, picture in zip(wanted, self.reader.pictures(wanted), strict=True):
                size = size or picture.size
                self._check_size(number, picture.size, wanted[0], size)
                yield picture
        except FileError:
            raise
        except Exception as error:  # Pillow's readers raise many kinds
            raise explain(error, self.name) from error

    def _check_size(
        self, number: int, size: tuple[int, int], first: int, wanted: tuple[int, int]
    ) -> None:
        if size != wanted:
            fault = "frame {} is {}x{}, and frame {} {}x{}; --frames {}:{} leaves it out".format(
                number, *size, first, *wanted, first, number
            )
            raise FileError(Exit.FAILED, self.name, fault)


@contextmanager
def open_source(name: str) -> Iterator[tuple[Source, IO[bytes] | None]]:
    """Open an input, and the file that it is read from, if it is one.

    Raises:
        FileError: it cannot be read.
    """
    if name != STANDARD and os.path.isdir(name):  # noqa: PTH112  (which takes any name)
        try:
            reader = DirectoryReader(name)
        except LimitError as error:
            raise explain(error, name) from error
        yield Source(name, reader.first, reader, reader.input_bytes), None
        return
    with open_input(name) as file:
        try:
            image = Image.open(file)
            source = Source(name, image, find_reader(image, file), file.seek(0, SEEK_END))
        except Exception as error:  # Pillow's readers raise many kinds
            raise explain(error, name) from error
        yield source, file


def find_reader(image: Image.Image, file: IO[bytes]) -> FrameReader | None:
    """Return the reader of an open image's frames; None if it is one picture."""
    if image.format == FORMAT:
        return KmqReader(image, file)
    if not getattr(image, "is_animated", False) or image.mode not in WRITABLE_MODES:
        return None
    if image.format == "GIF":
        return LayerReader(image, GifReader(file))
    if image.format == "PNG":
        return LayerReader(image, ApngReader(file))
    if image.format in _PILLOW_FORMATS:
        return PillowReader(image)
    warnings.warn("more than one frame, only the first is converted", stacklevel=2)
    return None

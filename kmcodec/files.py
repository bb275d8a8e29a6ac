"""Paths and streams: atomic save, load, info."""

import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .bands import check_band
from .codec import MAX_PIXELS, encode_pieces
from .container import Section, find_bands, read_head
from .format import CHECKSUM_BYTES, Header
from .KmqImagePlugin import KmqImageFile


@contextmanager
def atomic_file(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """A binary file that becomes ``path`` when the block ends well, and else never was.

    Until then it has a name of its own in the same directory, so at every moment ``path`` is the
    old file or the complete new one, whatever happens to the disk or the process. A symbolic link
    is followed, permissions of an old file are kept, and what is no regular file (a pipe, a
    terminal) is written directly.
    """
    target = Path(os.path.realpath(path))
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        mode = stat.S_IFREG | (0o666 & ~_umask())
    if not stat.S_ISREG(mode):
        with target.open("wb") as file:
            yield file
        return
    number, temporary = tempfile.mkstemp(".tmp", f".{target.name[:100]}.", target.parent)
    try:
        with os.fdopen(number, "wb") as file:
            yield file
            file.flush()
            with suppress(OSError):  # a file system without permissions
                Path(temporary).chmod(stat.S_IMODE(mode))
            os.fsync(file.fileno())
        Path(temporary).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise
    _sync_directory(target.parent)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _sync_directory(path: Path) -> None:
    """Make a rename last through a power cut, where directories can be synced."""
    with suppress(OSError):
        number = os.open(path, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def save(image: Any, path: str | os.PathLike[str], **options: Any) -> None:
    """Encode a picture to a file that is the old one or the complete new one, never less.

    ``Image.save`` cannot promise that: Pillow empties the file before the encoder runs.

    Args:
        image: as for ``kmcodec.encode``.
        path: the file's name.
        **options: as for ``kmcodec.encode``.

    Raises:
        OSError: the file cannot be written.
        TypeError, ValueError: the image or an option cannot be used.
    """
    pieces = encode_pieces(image, **options)
    with atomic_file(path) as file:
        file.writelines(pieces)


def load(
    path: str | os.PathLike[str],
    *,
    max_pixels: int | None = MAX_PIXELS,
    threads: int | None = None,
) -> Image.Image:
    """A .kmq file as a Pillow image in its source mode, all pixels read and the file closed.

    Args:
        path: the file's name.
        max_pixels: largest width times height to accept; None for any.
        threads: bands decoded at once; None for one a core.

    Raises:
        KmqError: the file is damaged, of another format, or above ``max_pixels``.
        OSError: the file cannot be read.
    """
    with Path(path).open("rb") as file:
        read_head(file, max_pixels)
        file.seek(0)
        image = KmqImageFile(file)
        image.threads = threads
        image.load()
    return image


@dataclass(frozen=True)
class Info:
    """What a file's head and band lengths tell.

    Attributes:
        header: the fixed header.
        metadata: payloads by name, unknown names included.
        palette: (color_count, channels) uint8.
        sections: every stretch of the file in order, without gaps.
        file_bytes: size of the file.
    """

    header: Header
    metadata: Mapping[str, bytes]
    palette: NDArray[np.uint8]
    sections: tuple[Section, ...]
    file_bytes: int

    @property
    def palette_bits(self) -> int:
        """Bits of the palette as it is stored: K times 24 for RGB if it is not coded."""
        return self._bits("palette", "palette_payload")

    @property
    def index_bits(self) -> int:
        """Bits of all bands' payloads."""
        return self._bits("payload")

    @property
    def raw_bits(self) -> int:
        """Bits of the pixels at 24 bits each."""
        return 24 * self.header.width * self.header.height

    @property
    def length_bits(self) -> int:
        """Bits of the lengths of a coded palette and of the bands."""
        return self._bits("palette_length", "length")

    def _bits(self, *names: str) -> int:
        return 8 * sum(section.size for section in self.sections if section.name in names)


def info(source: Any, *, check: bool = False) -> Info:
    """Read a file's header and sections; no pixels are decoded.

    Args:
        source: a path, or the file's bytes.
        check: also verify the checksums and indices of all bands.

    Raises:
        KmqError: the file is damaged, or of another format.
    """
    if isinstance(source, (str, os.PathLike)):
        with Path(source).open("rb") as file:
            return _read_info(file, check)
    return _read_info(BytesIO(memoryview(source)), check)


def _read_info(stream: IO[bytes], check: bool) -> Info:
    head = read_head(stream, None)
    sections = list(head.sections)
    for band in find_bands(stream, head):
        if check:
            check_band(stream, head, band)
        end = band.offset + band.length
        sections.append(Section("length", band.offset - 4, 4))
        sections.append(Section("payload", band.offset, band.length))
        sections.append(Section("checksum", end, CHECKSUM_BYTES))
    last = sections[-1]
    size = last.offset + last.size
    return Info(head.header, head.metadata, head.palette, tuple(sections), size)

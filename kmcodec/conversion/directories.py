"""Read frames from a directory of pictures, and write them as one."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from PIL import Image

from kmcodec.atomic import atomic_directory

from .faults import Exit, FileError, explain
from .reading import check_frames

_OURS: Final = re.compile(r"frame-\d+\.png")
_DIGITS: Final = 4


class DirectoryReader:
    """The pictures in a directory, each a frame, in the order of the numbers in their names.

    Attributes:
        first: the first picture.
        size: of it.
        count: of pictures.
        loop: 0, for ever.
    """

    loop = 0

    def __init__(self, name: str) -> None:
        """Find the pictures.

        Raises:
            FileError: there is none, or one cannot be read.
            LimitError: there are too many.
        """
        self.name = name
        self._paths = list_pictures(name)
        self.count = len(self._paths)
        self.first = self._open(self._paths[0])
        self.size = self.first.size
        check_frames(self.count, self.count * self.size[0] * self.size[1])

    def pictures(self, wanted: range) -> Iterator[Image.Image]:
        """Yield pictures by their numbers.

        Raises:
            FileError: one cannot be read, or is not of the size of the first.
        """
        for number in wanted:
            path = self._paths[number]
            image = self._open(path)
            if image.size != self.size:
                fault = "is {}x{}, and {} {}x{}".format(
                    *image.size, self._paths[0].name, *self.size
                )
                fault += "; -r converts each picture by itself"
                raise FileError(Exit.FAILED, str(path), fault)
            yield image

    @property
    def input_bytes(self) -> int:
        """The size of all files."""
        return sum(path.stat().st_size for path in self._paths)

    def _open(self, path: Path) -> Image.Image:
        """Read a picture, of several in one file the first, and close its file."""
        try:
            with Image.open(path) as image:
                image.load()
                return image
        except Exception as error:  # Pillow's readers raise many kinds
            raise explain(error, str(path)) from error


def list_pictures(name: str) -> list[Path]:
    """Return the regular files of an extension that Pillow reads, but hidden ones, in their order.

    Raises:
        FileError: there is none, or the directory cannot be read.
    """
    try:
        paths = sorted(filter(_is_picture, Path(name).iterdir()), key=_natural_order)
    except OSError as error:
        raise explain(error, name) from error
    if not paths:
        raise FileError(Exit.FAILED, name, "no picture that Pillow reads is in there")
    return paths


def _is_picture(path: Path) -> bool:
    known = Image.registered_extensions().get(path.suffix.lower())
    return known in Image.OPEN and not path.name.startswith(".") and path.is_file()


def _natural_order(path: Path) -> tuple[list[tuple[str, int]], str]:
    """Compare numbers within names as numbers, and what is left in its order."""
    parts = re.findall(r"(\D*)(\d*)", path.name)
    return [(text, int(digits or -1)) for text, digits in parts], path.name


def frame_name(number: int, count: int) -> str:
    """Return the name of the file of a frame, by which names sort as frames do."""
    return f"frame-{number:0{max(_DIGITS, len(str(count)))}}.png"


def check_directory(name: str, force: bool) -> None:
    """Refuse to write frames where something else is.

    Raises:
        FileError: the directory has files, and these are not to be replaced, or not frames.
    """
    path = Path(name)
    try:
        found = [entry.name for entry in path.iterdir()]
    except FileNotFoundError:
        return
    except OSError as error:
        raise explain(error, name) from error
    others = [entry for entry in found if not _OURS.fullmatch(entry)]
    if others:
        fault = f"is a directory with other things than frames in it, such as {min(others)}"
        raise FileError(Exit.REFUSED, name, fault)
    if found and not force:
        raise FileError(Exit.REFUSED, name, "is a directory with frames in it; -f replaces it")


def write_directory(pngs: Iterable[bytes | bytearray], count: int, name: str) -> int:
    """Write a file for each of ``count`` frames, all of them or none, and return their size.

    Raises:
        FileError: that fails.
    """
    size = 0
    try:
        with atomic_directory(name) as directory:
            for number, data in enumerate(pngs, 1):
                (directory / frame_name(number, count)).write_bytes(data)
                size += len(data)
    except OSError as error:
        raise explain(error, name) from error
    return size

"""Find the pictures that are meant by names, trees of directories, and lists."""

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import IO, Final, NamedTuple

from PIL import Image

from kmcodec.atomic import is_descriptor
from kmcodec.conversion.faults import STANDARD, Exit, FileError, explain
from kmcodec.conversion.places import is_url, join, local_path, stat_url, walk_url
from kmcodec.format import FORMAT
from kmcodec.images.formats import named_format

_OF_SYSTEM: Final = ("/dev/", "/proc/")
"""Where descriptors have names."""
_ALONE: Final = "is no regular file, so it is converted alone, to one OUT"

Stamp = tuple[int | None, int | float | str | None]
"""The size of a file, and when it was changed, or what else tells its versions apart."""


class Found(NamedTuple):
    """A picture to convert.

    Attributes:
        name: its path or URL.
        relative: its path below the root it was found in, with slashes, by which a tree is
            mirrored.
        stamp: what its version is known by; None if that cannot be told.
    """

    name: str
    relative: str
    stamp: Stamp | None

    @property
    def bytes(self) -> int:
        """The size of the file; 0 if that cannot be told."""
        return self.stamp[0] or 0 if self.stamp else 0


@dataclass(frozen=True)
class Selection:
    """What is wanted of trees.

    Attributes:
        of_kmq: whether .kmq files are, or else all pictures but these.
        include: patterns, one of which the name or the relative path has to match; none for all.
        exclude: patterns, none of which these may match.
        avoid: a directory that is not entered, as it is written to.
    """

    of_kmq: bool = False
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    avoid: str | None = None

    def takes(self, relative: str) -> bool:
        """Return whether a file in a tree is wanted, by its name."""
        known = named_format(relative)
        if (known == FORMAT) != self.of_kmq or known not in Image.OPEN:
            return False
        return self.matches(relative)

    def matches(self, relative: str) -> bool:
        """Return whether a relative path is one of those that patterns say."""
        names = (relative, os.path.basename(relative))  # noqa: PTH119  (any name is one)
        wanted = not self.include or _match(names, self.include)
        return wanted and not _match(names, self.exclude)


def _match(names: Iterable[str], patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)


def is_of_one_process(name: str) -> bool:
    """Return whether a name means something to this process alone: a descriptor, or memory."""
    if is_url(name):
        return name.lower().startswith("memory://")
    return name == STANDARD or (name.startswith(_OF_SYSTEM) and is_descriptor(name))


def find_pictures(
    names: Iterable[str], selection: Selection, recursive: bool, mirrored: bool
) -> Iterator[Found | FileError]:
    """Yield all pictures that names mean, and for what is none an error.

    Args:
        names: of files, and of directories if recursive.
        selection: what is wanted of directories.
        recursive: whether these are entered.
        mirrored: whether relative names keep their directories, as those of lists do.
    """
    for name in names:
        try:
            place = local_path(name)
        except FileError as error:
            yield error
            continue
        if place == STANDARD:
            yield FileError(Exit.USAGE, name, _ALONE)
        elif is_url(place):
            yield from _find_url(place, selection, recursive)
        elif recursive and os.path.isdir(place):  # noqa: PTH112
            yield from _find_tree(place, selection)
        else:
            yield _find_file(place, mirrored)


def _find_file(name: str, mirrored: bool) -> Found | FileError:
    relative = os.path.basename(name)  # noqa: PTH119
    try:
        found = os.stat(name)  # noqa: PTH116
    except (OSError, ValueError) as error:
        return explain(error, name)
    if stat.S_ISDIR(found.st_mode):
        return FileError(Exit.USAGE, name, "is a directory; -r converts the pictures in it")
    if not stat.S_ISREG(found.st_mode):
        return FileError(Exit.USAGE, name, _ALONE)
    if mirrored:
        relative = os.path.normpath(name).replace(os.sep, "/")
        if os.path.isabs(name) or ".." in Path(name).parts:  # noqa: PTH117
            fault = "has no place below --out-dir, as it is absolute or leads up"
            return FileError(Exit.REFUSED, name, fault)
    return Found(name, relative, (found.st_size, found.st_mtime_ns))


def _find_tree(root: str, selection: Selection) -> Iterator[Found | FileError]:
    found = None
    for found in walk(root, selection):
        yield found
    if found is None:
        others = not selection.of_kmq and any(walk(root, replace(selection, of_kmq=True)))
        yield _tell_none(root, selection, "; --to png converts its .kmq files" if others else "")


def _tell_none(root: str, selection: Selection, hint: str = "") -> FileError:
    wanted = ".kmq file" if selection.of_kmq else "picture to convert"
    return FileError(Exit.FAILED, root, f"has no {wanted}{hint}")


def _find_url(url: str, selection: Selection, recursive: bool) -> Iterator[Found | FileError]:
    try:
        known = stat_url(url)
        if known is not None:
            yield Found(url, url.rstrip("/").rpartition("/")[2], (known.size, known.stamp))
        elif recursive:
            found = None
            for found in _walk_url(url, selection):
                yield found
            if found is None:
                yield _tell_none(url, selection)
        else:
            yield FileError(Exit.FAILED, url, "no such file")
    except FileError as error:
        yield error


def _walk_url(url: str, selection: Selection) -> Iterator[Found | FileError]:
    faults: list[FileError] = []
    for relative, known in walk_url(url, faults.append):
        yield from faults
        faults.clear()
        if selection.takes(relative):
            yield Found(join(url, relative), relative, (known.size, known.stamp))
    yield from faults


def walk(root: str, selection: Selection) -> Iterator[Found | FileError]:
    """Yield the wanted pictures in a tree, directory by directory, each sorted by name.

    Hidden files and directories are passed over, and so is what is no regular file. A symbolic
    link is an error if it is to a directory, or leads out of the tree.
    """
    top = os.path.realpath(root)
    waiting = [""]
    while waiting:
        below = waiting.pop()
        folder = os.path.join(root, below)  # noqa: PTH118
        try:
            with os.scandir(folder) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            yield explain(error, folder)
            continue
        inner = []
        for entry in found:
            relative = f"{below}/{entry.name}" if below else entry.name
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                if not _is_same(entry.path, selection.avoid):
                    inner.append(relative)
            elif entry.is_symlink() and os.path.isdir(entry.path):  # noqa: PTH112  (a circle is none)
                fault = "is a link to a directory, which is not followed"
                yield FileError(Exit.REFUSED, entry.path, fault)
            elif selection.takes(relative):
                yield from _take(entry, relative, top)
        waiting += reversed(inner)


def _take(entry: os.DirEntry[str], relative: str, top: str) -> Iterator[Found | FileError]:
    try:
        if entry.is_symlink() and not _is_within(os.path.realpath(entry.path), top):
            yield FileError(Exit.REFUSED, entry.path, "is a link that leads out of the tree")
            return
        found = entry.stat()  # which tells of a link that leads nowhere
        if stat.S_ISREG(found.st_mode):
            yield Found(entry.path, relative, (found.st_size, found.st_mtime_ns))
    except OSError as error:
        yield explain(error, entry.path)


def _is_within(path: str, top: str) -> bool:
    try:
        return os.path.commonpath((top, path)) == top
    except ValueError:  # they are on two drives
        return False


def _is_same(folder: str, other: str | None) -> bool:
    try:
        return other is not None and os.path.samefile(folder, other)  # noqa: PTH121
    except OSError:
        return False


_PIECE_BYTES: Final = 1 << 16


def read_names(file: IO[bytes], separator: bytes) -> Iterator[str]:
    """Yield the names in a list, each ended by a newline or a NUL; none is empty.

    Of a newline that Windows has made, both characters end a name.

    Raises:
        ValueError: one is longer than any, so this is no list, and not read to its end.
    """

    def strip(name: bytes) -> bytes:
        return name.removesuffix(b"\r") if separator == b"\n" else name

    rest = b""
    while piece := file.read(_PIECE_BYTES):
        *names, rest = (rest + piece).split(separator)
        if len(rest) > _PIECE_BYTES:
            raise ValueError(f"has a name of more than {_PIECE_BYTES:,} bytes")
        yield from (os.fsdecode(name) for name in map(strip, names) if name)
    if strip(rest):
        yield os.fsdecode(strip(rest))

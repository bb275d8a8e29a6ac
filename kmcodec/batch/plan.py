"""Plan where pictures go: each input gets an output that no other input has."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from secrets import token_bytes
from typing import Final

from kmcodec.conversion.faults import Exit, FileError
from kmcodec.conversion.places import is_url, join, local_path
from kmcodec.conversion.reading import is_kmq
from kmcodec.conversion.targets import exists, name_of_copy, replace_extension
from kmcodec.conversion.task import IfExists, Task
from kmcodec.format import EXTENSION, FORMAT, MAGIC
from kmcodec.images.formats import named_format

from .names import Found, Stamp

_FOLDERS: Final = 1024


@dataclass(frozen=True)
class Job:
    """A task of a plan.

    Attributes:
        task: what is to be done.
        stamp: what the input's version is known by; None if that cannot be told.
    """

    task: Task
    stamp: Stamp | None = None

    @property
    def bytes(self) -> int:
        """The size of the input."""
        return self.stamp[0] or 0 if self.stamp else 0


@dataclass
class Plan:
    """Where outputs go.

    Attributes:
        out_dir: a directory or URL below which trees are mirrored; None for beside each input.
        suffix: what takes the place of the input's extension; None for that of the format.
        to: the format as an extension; None for .kmq, and .png for .kmq files.
        if_exists: what to do where there is an output.
        inputs: names that were given, none of which may be an output.
        recursive: whether these may be directories, of which all outputs are of one format.
        copies: whether an output may be a copy of the input, under its name.
    """

    out_dir: str | None = None
    suffix: str | None = None
    to: str | None = None
    if_exists: IfExists = "error"
    inputs: Iterable[str] = ()
    recursive: bool = False
    copies: bool = False

    def __post_init__(self) -> None:
        self._key = token_bytes(16)  # so that nobody can make names that are taken for one another
        self._real_path = lru_cache(_FOLDERS)(_real_path)
        self._taken: set[bytes] = set()
        self._inputs: set[bytes] = set()
        for name in map(_path, self.inputs):
            self._inputs.add(self.digest(name))
            if os.path.islink(name):  # noqa: PTH114
                self._inputs.add(self.digest(os.path.realpath(name)))

    @property
    def makes_kmq(self) -> bool:
        """Whether outputs are .kmq files, if not all inputs are."""
        wanted = (self.to and f".{self.to.removeprefix('.')}") or self.suffix
        return not wanted or named_format(f"a{wanted}") in (None, FORMAT)

    def jobs(self, pictures: Iterable[Found | FileError]) -> Iterator[Job | FileError]:
        """Yield what is to be done with pictures, and an error for each with which that is nothing.

        Of each output a digest is kept, about 100 bytes, as no other input may have it.
        """
        for found in pictures:
            if isinstance(found, FileError):
                yield found
                continue
            try:
                yield self._job(found)
            except FileError as error:
                yield error

    def _job(self, found: Found) -> Job:
        """Return what is to be done with a picture, and take its output.

        Raises:
            FileError: it has none that no other picture has.
        """
        output = self.output(found)
        copy = name_of_copy(found.name, output)
        places = {self.digest(output): output}
        if self.copies and self.digest(copy) != self.digest(found.name):
            places[self.digest(copy)] = copy
        for known, place in places.items():
            if known in self._taken:
                fault = f"another input is converted to {place} already"
                raise FileError(Exit.REFUSED, found.name, fault)
            if known in self._inputs:
                fault = f"is not converted to {place}, which is an input"
                raise FileError(Exit.REFUSED, found.name, fault)
            if is_irregular(place) and not (self.if_exists == "skip" and exists(place)):
                fault = "is no regular file, so it is written only as the one OUT"
                raise FileError(Exit.REFUSED, place, fault)
        self._taken.update(places)
        return Job(Task(found.name, output, self.to, self.if_exists), found.stamp)

    def output(self, found: Found) -> str:
        """Return the name of a picture's output."""
        suffix = self.suffix or self._extension(found.name)
        if self.out_dir is None:
            return replace_extension(found.name, suffix)
        return join(self.out_dir, replace_extension(found.relative, suffix))

    def digest(self, name: str) -> bytes:
        """Return what stands for a name, whichever way it is written."""
        place = name
        if not is_url(name):
            folder, last = os.path.split(name)
            place = os.path.normcase(os.path.join(self._real_path(folder), last))  # noqa: PTH118
        data = place.encode(errors="surrogatepass")
        return blake2b(data, digest_size=16, key=self._key).digest()

    def _extension(self, name: str) -> str:
        if self.to:
            return f".{self.to.lower().removeprefix('.')}"
        if not is_of_kmq(name):
            return EXTENSION
        if self.recursive:
            fault = "is a .kmq file; beside directories, --to says what it is converted to"
            raise FileError(Exit.USAGE, name, fault)
        return ".png"


def _real_path(folder: str) -> str:
    """Return the path of a directory without links in it."""
    try:
        return os.path.realpath(folder)
    except ValueError:  # of a NUL, which no directory has
        return folder


def _path(name: str) -> str:
    try:
        return local_path(name)
    except FileError:  # which is told of the input
        return name


def is_irregular(output: str) -> bool:
    """Return whether a name is that of a link, directory or device, which none is replaced by."""
    return os.path.islink(output) or (os.path.exists(output) and not os.path.isfile(output))  # noqa: PTH110, PTH113, PTH114


def is_of_kmq(name: str) -> bool:
    """Return whether a file is a .kmq, by its extension, or if that is not known by its start."""
    known = named_format(name)
    if known is not None or is_url(name):
        return known == FORMAT
    if not os.path.isfile(name):  # noqa: PTH113  (a pipe is read only once)
        return False
    try:
        with Path(name).open("rb") as file:
            return is_kmq(file.read(len(MAGIC)))
    except OSError:
        return False

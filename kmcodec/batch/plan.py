"""Plan where pictures go: each input gets an output that no other input has."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from secrets import token_bytes

from kmcodec.conversion.faults import Exit, FileError
from kmcodec.conversion.places import is_url, join
from kmcodec.conversion.reading import is_kmq
from kmcodec.conversion.targets import replace_extension
from kmcodec.conversion.task import IfExists, Task
from kmcodec.format import EXTENSION, FORMAT, MAGIC
from kmcodec.images.formats import named_format

from .names import Found, Stamp

_KEY = token_bytes(16)  # so that nobody can make names that are taken for one another


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
    """

    out_dir: str | None = None
    suffix: str | None = None
    to: str | None = None
    if_exists: IfExists = "error"
    inputs: Iterable[str] = ()
    _inputs: set[bytes] = field(init=False)
    _taken: set[bytes] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        self._inputs = {digest(name) for name in self.inputs}

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
                output = self.output(found)
            except FileError as error:
                yield error
                continue
            known = digest(output)
            if known in self._taken:
                fault = f"another input is converted to {output} already"
                yield FileError(Exit.REFUSED, found.name, fault)
            elif known in self._inputs:
                fault = f"is not converted to {output}, which is an input too"
                yield FileError(Exit.REFUSED, found.name, fault)
            elif os.path.islink(output):  # noqa: PTH114
                fault = "is a symbolic link, which is replaced only as the one OUT"
                yield FileError(Exit.REFUSED, output, fault)
            else:
                self._taken.add(known)
                task = Task(found.name, output, self.to, self.if_exists)
                yield Job(task, found.stamp)

    def output(self, found: Found) -> str:
        """Return the name of a picture's output."""
        suffix = self.suffix or self._extension(found.name)
        if self.out_dir is None:
            return replace_extension(found.name, suffix)
        return join(self.out_dir, replace_extension(found.relative, suffix))

    def _extension(self, name: str) -> str:
        if self.to:
            return f".{self.to.lower().removeprefix('.')}"
        return ".png" if is_of_kmq(name) else EXTENSION


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


@lru_cache(maxsize=1024)
def real_path(folder: str) -> str:
    """Return the path of a directory without links in it."""
    return os.path.realpath(folder)


def digest(name: str) -> bytes:
    """Return what stands for a name, whichever way it is written."""
    place = name
    if not is_url(name):
        folder, last = os.path.split(name)
        place = os.path.normcase(os.path.join(real_path(folder), last))  # noqa: PTH118
    return blake2b(os.fsencode(place), digest_size=16, key=_KEY).digest()

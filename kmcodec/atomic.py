"""Write files whole or not at all."""

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import ENOENT
from pathlib import Path
from typing import IO, Final

_DESCRIPTOR: Final = re.compile(r"(?:/dev|/proc/(?P<process>\d+)(?:/task/\d+)?)/fd/(?P<number>\d+)")
_MOST_LINKS: Final = 40  # as Linux follows
_NEW_FILE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


@contextmanager
def atomic_file(path: str | os.PathLike[str], run: str = "") -> Iterator[IO[bytes]]:
    """Open a binary file that becomes ``path`` when the block ends well, and else never was.

    Until then it has a name of its own in the same directory, so at every moment ``path`` is the
    old file or the complete new one, whatever happens to the disk or the process. A symbolic link
    is followed. Of an old file, permissions and extended attributes are kept, and owner and group
    where the system allows it. As with ``mv``, the directory must be writable, not the old file.

    What is no regular file (a pipe, a terminal), or is named by a descriptor (``/dev/stdout``,
    ``/dev/fd/3``), is written directly, from where it stands: whatever it holds stays.

    Args:
        path: a name.
        run: what the temporary name holds, by which a later process finds what a killed one left.
    """
    if not os.fspath(path):
        raise FileNotFoundError(ENOENT, os.strerror(ENOENT), "")  # and not the current folder
    target, descriptor = _resolve(path)
    try:
        old = target.stat()
    except FileNotFoundError:
        old = None
    if descriptor:
        with _open_descriptor(target, descriptor) as file:
            yield file
    elif old and not stat.S_ISREG(old.st_mode):
        with target.open("wb") as file:
            yield file
    else:
        with _replacing(target, old, path, run) as file:
            yield file


@contextmanager
def atomic_directory(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Make a directory that becomes ``path`` when the block ends well, and else never was.

    Until then it has a name of its own beside it. If there is a directory of that name, it is
    replaced with the files in it: it goes out of the way for that, and comes back if that fails.
    The files in the new one are written to disk before. A symbolic link is followed.
    """
    target = Path(os.path.realpath(path))
    made = target.with_name(f".kmq-{os.urandom(8).hex()}.tmp")
    replaced = made.with_suffix(".old")
    try:
        made.mkdir()
        yield made
        for file in made.iterdir():
            _sync(file)
        _sync(made)
        if target.exists():
            made.chmod(stat.S_IMODE(target.stat().st_mode))
            target.rename(replaced)
        made.rename(target)
    except BaseException as error:
        if replaced.exists() and not target.exists():
            replaced.rename(target)
        _remove_directory(made)
        if isinstance(error, OSError) and error.filename == str(made):
            raise type(error)(error.errno, error.strerror, str(path)) from None
        raise
    _remove_directory(replaced)
    _sync(target.parent)


def is_own_name(path: str | os.PathLike[str]) -> bool:
    """Return whether a path names a regular file, or one that can be made, and no descriptor."""
    target, descriptor = _resolve(path)
    return not descriptor and (os.path.isfile(target) or not os.path.exists(target))  # noqa: PTH110, PTH113


def is_descriptor(path: str | os.PathLike[str]) -> bool:
    """Return whether a path, or what it links to, names a descriptor of this process."""
    return _resolve(path)[1] is not None


def _resolve(path: str | os.PathLike[str]) -> tuple[Path, re.Match[str] | None]:
    """Follow links to the name of a file itself, or of a descriptor, which is not resolved.

    A link in /proc shows the file that a descriptor is of, so following it would replace that file
    while others have it open, or make one called "pipe:[1234]".
    """
    name = os.fspath(path)
    for _ in range(_MOST_LINKS):
        folder, last = os.path.split(name)
        name = os.path.join(os.path.realpath(folder), last)  # noqa: PTH118
        if descriptor := _DESCRIPTOR.fullmatch(name):
            return Path(name), descriptor
        if not os.path.islink(name):  # noqa: PTH114
            break
        name = os.path.join(os.path.dirname(name), os.readlink(name))  # noqa: PTH115, PTH118, PTH120
    return Path(name), None


def _open_descriptor(target: Path, descriptor: re.Match[str]) -> IO[bytes]:
    """Open what a descriptor is of, to be written from where this one stands."""
    if descriptor["process"] in {None, str(os.getpid())}:
        return os.fdopen(os.dup(int(descriptor["number"])), "wb")
    return target.open("ab")  # of another process, whose file is not to be emptied


@contextmanager
def _replacing(
    target: Path, old: os.stat_result | None, path: str | os.PathLike[str], run: str
) -> Iterator[IO[bytes]]:
    # The name is chosen before the file is made, so that whatever interrupts this, it is known.
    temporary = target.with_name(f".kmq-{run}{os.urandom(8).hex()}.tmp")
    try:
        # Like any new file, or one that nobody else can read until it is like the old one.
        number = os.open(temporary, _NEW_FILE, 0o600 if old else 0o666)
        with os.fdopen(number, "wb") as file:
            yield file
            file.flush()
            if old:
                _take_over(file.fileno(), target, old)
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException as error:
        try:
            _remove(temporary)
        finally:
            _remove(temporary)  # again, as the first may have been interrupted
        if isinstance(error, OSError) and error.filename == str(temporary):
            raise type(error)(error.errno, error.strerror, str(path)) from None
        raise
    _sync(target.parent)


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def _remove_directory(path: Path) -> None:
    """Remove a directory and the files in it, but none within, which keeps it there."""
    with suppress(OSError):
        for file in path.iterdir():
            _remove(file)
        path.rmdir()


def _take_over(number: int, target: Path, old: os.stat_result) -> None:
    """Give a new file what an old one has, as far as system and file system allow it."""
    mode = stat.S_IMODE(old.st_mode)
    if hasattr(os, "fchown"):
        for owner, group in ((-1, old.st_gid), (old.st_uid, -1)):
            with suppress(OSError):
                os.fchown(number, owner, group)
        new = os.fstat(number)
        if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
            mode &= ~(stat.S_ISUID | stat.S_ISGID)  # which would be rights of someone else
        if new.st_gid != old.st_gid:
            mode &= ~stat.S_IRWXG | (mode & stat.S_IRWXO) << 3  # another group: as others
    if hasattr(os, "listxattr"):
        with suppress(OSError):
            for name in os.listxattr(target):
                if name != "security.capability":  # which was granted to the old content
                    with suppress(OSError):
                        os.setxattr(number, name, os.getxattr(target, name))
    if hasattr(os, "fchmod"):
        with suppress(OSError):
            os.fchmod(number, mode)


def _sync(path: Path) -> None:
    """Make a file, or the names in a directory, last through a power cut, where it is possible."""
    with suppress(OSError):
        number = os.open(path, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)

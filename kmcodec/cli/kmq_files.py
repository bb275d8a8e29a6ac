"""Find the .kmq files that the names on a command line mean, alone and in trees."""

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from kmcodec.batch.names import Found, Selection, Stamp, find_pictures, is_of_one_process
from kmcodec.conversion.faults import STANDARD, Exit, FileError
from kmcodec.conversion.places import is_url, local_path

_FILE_BYTES: Final = 1 << 10
"""What opening a file takes, as the bytes that are checked in that time."""
_BYTES: Final = 1 << 20
"""What is checked in the time that it takes to start processes."""


def find_files(names: Iterable[str], *, recursive: bool) -> Iterator[Found | FileError]:
    """Yield the files that names mean, if recursive of a directory all .kmq files in it."""
    for name in names:
        try:
            place = local_path(name)
        except FileError as error:
            yield error
            continue
        is_directory = place != STANDARD and os.path.isdir(place)  # noqa: PTH112
        if recursive and (is_directory or is_url(place)):
            selection = Selection(of_kmq=True)
            yield from find_pictures([place], selection, recursive=True, mirrored=False)
        elif is_directory:
            yield FileError(Exit.USAGE, name, "is a directory; -r shows the .kmq files in it")
        else:
            yield Found(name, name, _stamp(place))


def _stamp(place: str) -> Stamp | None:
    """Return the size of a file and when it was changed; None of what is not on a disk."""
    try:
        found = os.stat(place)  # noqa: PTH116
    except (OSError, ValueError):  # which whoever opens it will tell
        return None
    return found.st_size, found.st_mtime_ns


def are_worth_it(names: Sequence[str], *, recursive: bool) -> bool:
    """Return whether more processes check files sooner, and find the same by these names."""
    if any(map(is_of_one_process, names)):
        return False
    total = 0
    for count, file in enumerate(find_files(names, recursive=recursive), 1):
        total += _FILE_BYTES + (0 if isinstance(file, FileError) else file.bytes)
        if count > 1 and total > _BYTES:
            return True
    return False

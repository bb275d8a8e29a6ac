"""Choose where a picture is written, and in which format, and refuse to replace other things."""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from PIL import Image

from kmcodec.atomic import atomic_file, is_own_name
from kmcodec.coding.source import write_pieces
from kmcodec.format import EXTENSION, FORMAT
from kmcodec.images.formats import named_format

from .directories import check_directory
from .faults import STANDARD, Exit, FileError, binary, explain, plural
from .places import is_url, stat_url, write_url
from .task import Settings, Task


class LargerError(Exception):
    """The output would be larger than the input."""


def choose_target(task: Task, settings: Settings, from_kmq: bool) -> tuple[str, str]:
    """Choose the name and Pillow format of the output."""
    output = STANDARD if task.output is None and task.input == STANDARD else task.output
    if is_directory(output):
        assert output
        if is_url(output):
            raise FileError(Exit.USAGE, output, "is no name of a file; --out-dir takes directories")
        return output, choose_directory_format(task, output, settings, from_kmq)
    extension = choose_extension(task.to, output, from_kmq)
    target_format = find_format(extension, output or task.input)
    if output and named_format(output) not in (None, target_format):
        fault = f"is a name of {named_format(output)} files, not of {target_format}"
        raise FileError(Exit.USAGE, output, fault)
    if target_format != FORMAT:
        if not from_kmq:
            raise FileError(Exit.USAGE, task.input, "neither the input nor the output is KMQ")
        refuse_coding_options(task, settings)
    for option in ("background", "thumbnail"):
        if target_format == FORMAT and getattr(settings, option) is not None:
            raise FileError(Exit.USAGE, task.input, f"--{option} is not for KMQ output")
    return output or default_name(task.input, extension), target_format


def is_directory(output: str | None) -> bool:
    """Return whether an output is a directory, or is to become one."""
    if output is None or output == STANDARD:
        return False
    return output.endswith(("/", os.sep)) or os.path.isdir(output)  # noqa: PTH112  (any name is one)


def choose_directory_format(task: Task, output: str, settings: Settings, from_kmq: bool) -> str:
    """Return the format of the files in a directory of frames."""
    if not from_kmq:
        fault = "is a directory, and takes the frames of a .kmq only; --out-dir takes other files"
        raise FileError(Exit.USAGE, output, fault)
    if task.to and choose_extension(task.to, None, from_kmq) != ".png":
        raise FileError(Exit.USAGE, output, "is a directory, and takes PNG files only")
    if settings.thumbnail is not None:
        raise FileError(Exit.USAGE, output, "is a directory, and --thumbnail makes one file")
    refuse_coding_options(task, settings)
    return find_format(".png", output)


def refuse_coding_options(task: Task, settings: Settings) -> None:
    """Refuse options that only a .kmq output has a use for."""
    given = [name for name in settings.options if name not in ("progress", "threads")]
    given += ["key_interval"] if settings.key_interval else []
    if given:
        option = given[0].replace("_", "-")
        raise FileError(Exit.USAGE, task.input, f"--{option} is for KMQ output only")


def choose_extension(to: str | None, output: str | None, from_kmq: bool) -> str:
    """Return the extension that says the output's format; none if nothing says it."""
    if to:
        return f".{to.lower().removeprefix('.')}"
    if output is None:
        return ".png" if from_kmq else EXTENSION
    extension = "" if output == STANDARD else Path(output).suffix.lower()
    is_stream = output == STANDARD or not is_own_name(output)
    return EXTENSION if not extension and is_stream and not from_kmq else extension


def find_format(extension: str, name: str) -> str:
    """Find the format that Pillow writes under an extension."""
    if not extension:
        raise FileError(Exit.USAGE, name, "say the output format with --to, as in --to png")
    found = Image.registered_extensions().get(extension, "")
    if found not in Image.SAVE:
        raise FileError(Exit.USAGE, name, f"Pillow writes no format of extension {extension}")
    return found


def default_name(name: str, extension: str) -> str:
    """Return a name with another extension, in place of one that is known: "1.5 mm" is none."""
    name = name.rstrip("/" + os.sep)
    if os.path.basename(name) in {"", ".", ".."}:  # noqa: PTH119  (which takes URLs too)
        raise FileError(Exit.USAGE, name, "say OUT, as this is no name to make one of")
    return replace_extension(name, extension)


def replace_extension(name: str, suffix: str) -> str:
    """Return a path or URL with another extension, in place of one that is known."""
    stem, extension = os.path.splitext(name)  # noqa: PTH122
    return (stem if extension and named_format(name) else name) + suffix


def name_of_copy(name: str, output: str) -> str:
    """Return where a copy of an input is put that has no smaller output: beside where that is."""
    last = os.path.basename(name)  # noqa: PTH119
    if is_url(output):
        return f"{output.rpartition('/')[0]}/{last}"
    return os.path.join(os.path.dirname(output), last)  # noqa: PTH118, PTH120


def find_reason_to_skip(
    task: Task, output: str, target_format: str | None = None, from_kmq: bool = False
) -> str | None:
    """Return why an existing output is to be left, or None if it is to be written.

    Args:
        task: says what to do where there is an output.
        output: its name.
        target_format: of the output; None while that is not known, nor whether it is the input.
        from_kmq: whether the input is a .kmq.

    Raises:
        FileError: it is refused, as that would destroy something.
    """
    replaces = task.if_exists == "overwrite"
    if output == STANDARD:
        if not replaces and binary(sys.stdout).isatty():
            raise FileError(Exit.REFUSED, output, "a terminal shows no pictures; -f writes it")
        return None
    if is_directory(output):
        if target_format is not None:
            check_directory(output, replaces)
        return None
    if not exists(output):
        return None
    same = is_same(task.input, output)
    if same and target_format is None:
        return None
    if task.if_exists == "skip" and not same:
        return "exists"
    if task.if_exists == "newer" and not same:
        return None if is_newer(task.input, output) else "exists, and is not older than the input"
    again = from_kmq and target_format == FORMAT
    if same and not again and os.path.realpath(task.input) == os.path.realpath(output):
        fault = "is the input by another name, and not of its format"
        raise FileError(Exit.REFUSED, output, fault)
    if not replaces:
        fault = "is the input" if same else "exists"
        raise FileError(Exit.REFUSED, output, f"{fault}; -f replaces it")
    return None


def exists(output: str) -> bool:
    """Return whether there is an output that would be replaced."""
    if is_url(output):
        return stat_url(output) is not None
    try:
        return is_own_name(output) and os.path.isfile(output)  # noqa: PTH113
    except (OSError, ValueError):  # writing will tell
        return False


def is_same(name: str, output: str) -> bool:
    """Return whether two names are of one file."""
    if name == STANDARD or is_url(name) or is_url(output):
        return name == output
    try:
        return os.path.samefile(name, output)  # noqa: PTH121
    except (OSError, ValueError):  # reading will tell
        return False


def is_newer(name: str, output: str) -> bool:
    """Return whether an input was changed after an output; True where that cannot be told."""
    mine, others = time_of(name), time_of(output)
    return mine is None or others is None or mine > others


def time_of(name: str) -> float | None:
    """Return when a file was changed, in seconds since 1970, if that can be told."""
    if is_url(name):
        known = stat_url(name)
        return known.modified if known else None
    with suppress(OSError, ValueError):
        return os.stat(name).st_mtime_ns / 1e9  # noqa: PTH116
    return None


def write_output(
    pieces: Iterable[bytes | bytearray], output: str, most: int | None = None, run: str = ""
) -> int:
    """Write the output, and return its size; a file appears complete or not at all.

    Args:
        pieces: of the file.
        output: its name.
        most: bytes that it may have; None for any.
        run: what the name of a temporary file begins with.

    Raises:
        FileError: it cannot be written.
        LargerError: it has more bytes than it may have.
    """
    size = 0

    def counted() -> Iterator[bytes | bytearray]:
        nonlocal size
        for piece in pieces:
            size += len(piece)
            if most is not None and size > most:
                raise LargerError(f"the output would be larger than {plural(most, 'byte')}")
            yield piece

    if output == STANDARD:
        taken = counted()
        write_pieces(binary(sys.stdout), taken if most is None else list(taken))
        return size
    if is_url(output):
        return write_url(output, counted())
    try:
        with atomic_file(output, run) as file:
            file.writelines(counted())
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:
        raise explain(error, output) from error
    return size

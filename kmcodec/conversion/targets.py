"""Choose where ``kmq-convert`` writes, and in which format, and refuse to replace other things."""

import argparse
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from PIL import Image

from kmcodec.atomic import atomic_file, is_own_name
from kmcodec.coding.source import write_pieces
from kmcodec.format import EXTENSION, FORMAT
from kmcodec.saving import named_format

from .directories import check_directory
from .faults import STANDARD, Exit, FileError, binary, explain


def choose_target(args: argparse.Namespace, from_kmq: bool) -> tuple[str, str]:
    """Choose the name and Pillow format of the output."""
    output = STANDARD if args.output is None and args.input == STANDARD else args.output
    if is_directory(output):
        return output, choose_directory_format(args, from_kmq)
    extension = choose_extension(args.to, output, from_kmq)
    target_format = find_format(extension, output or args.input)
    if output and named_format(output) not in (None, target_format):
        fault = f"is a name of {named_format(output)} files, not of {target_format}"
        raise FileError(Exit.USAGE, output, fault)
    if target_format != FORMAT:
        if not from_kmq:
            raise FileError(Exit.USAGE, args.input, "neither the input nor the output is KMQ")
        refuse_coding_options(args)
    elif args.background is not None:
        raise FileError(Exit.USAGE, args.input, "--background is not for KMQ output")
    return output or default_name(args.input, extension), target_format


def is_directory(output: str | None) -> bool:
    """Return whether an output is a directory, or is to become one."""
    if output is None or output == STANDARD:
        return False
    return output.endswith(("/", os.sep)) or os.path.isdir(output)  # noqa: PTH112  (any name is one)


def choose_directory_format(args: argparse.Namespace, from_kmq: bool) -> str:
    """Return the format of the files in a directory of frames."""
    if not from_kmq:
        fault = "is a directory, and takes the frames of a .kmq only"
        raise FileError(Exit.USAGE, args.output, fault)
    if args.to and choose_extension(args.to, None, from_kmq) != ".png":
        raise FileError(Exit.USAGE, args.output, "is a directory, and takes PNG files only")
    refuse_coding_options(args)
    return find_format(".png", args.output)


def refuse_coding_options(args: argparse.Namespace) -> None:
    """Refuse options that only a .kmq output has a use for."""
    given = [*args.options, *(["key_interval"] if args.key_interval else [])]
    if given:
        option = given[0].replace("_", "-")
        raise FileError(Exit.USAGE, args.input, f"--{option} is for KMQ output only")


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
    path = Path(name)
    if path.name in {"", ".."}:
        raise FileError(Exit.USAGE, name, "say OUT, as this is no name to make one of")
    return str(path.with_suffix("" if named_format(path) else path.suffix)) + extension


def check_target(args: argparse.Namespace, output: str, target_format: str, from_kmq: bool) -> None:
    """Refuse what would destroy something, unless forced to, and another input in any case."""
    if output == STANDARD:
        if not args.force and binary(sys.stdout).isatty():
            raise FileError(Exit.REFUSED, output, "a terminal shows no pictures; -f writes it")
        return
    if is_directory(output):
        check_directory(output, args.force)
        return
    with suppress(OSError):  # where the name cannot be looked up, writing will tell why
        if not (is_own_name(output) and Path(output).is_file()):
            return  # new, or written as it is
        again = from_kmq and target_format == FORMAT
        same = args.input != STANDARD and Path(args.input).samefile(output)
        if args.out and not same and again:
            fault = "exists and is of the input's format, as a second input; -o makes it the output"
            raise FileError(Exit.REFUSED, output, fault)
        if same and not again and Path(args.input).resolve() == Path(output).resolve():
            fault = "is the input by another name, and not of its format"
            raise FileError(Exit.REFUSED, output, fault)
        if not args.force:
            fault = "is the input" if same else "exists"
            raise FileError(Exit.REFUSED, output, f"{fault}; -f replaces it")


def write_output(pieces: Iterable[bytes | bytearray], output: str) -> int:
    """Write the output, and return its size; a file appears complete or not at all."""
    size = 0

    def counted() -> Iterator[bytes | bytearray]:
        nonlocal size
        for piece in pieces:
            size += len(piece)
            yield piece

    if output == STANDARD:
        write_pieces(binary(sys.stdout), counted())
        return size
    try:
        with atomic_file(output) as file:
            file.writelines(counted())
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:
        raise explain(error, output) from error
    return size

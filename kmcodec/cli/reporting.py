"""Write the report, and the figures, that ``kmq-report`` is asked for."""

import argparse
import os
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Final

from PIL import Image

from kmcodec.conversion.faults import (
    STANDARD,
    Exit,
    FileError,
    explain,
    explain_refusal,
    plural,
)
from kmcodec.conversion.heard import hear_warnings
from kmcodec.conversion.orientation import orient_image
from kmcodec.conversion.places import local_path, shown
from kmcodec.conversion.source import Source, open_source, raise_limit
from kmcodec.conversion.still import load_image
from kmcodec.conversion.targets import (
    default_name,
    find_reason_to_skip,
    is_directory,
    write_output,
)
from kmcodec.conversion.task import Task
from kmcodec.format import MAX_PIXELS
from kmcodec.options import Options, Progress
from kmcodec.report import make_page, measure_file, measure_picture

from . import tell
from .coding_options import names_files
from .option_files import read_options
from .progress import show_stages

_OF_FIGURES: Final = {"colors": Options.colors, "seed": Options.seed}
"""Options that figures take, with what they are if not given."""


def write_all(command: str, args: argparse.Namespace) -> int:
    """Write what the command line asks for."""
    if names_files(args.options):
        args.options = read_options(args.options)
    args.image = local_path(args.image)
    if is_directory(args.image):
        raise FileError(Exit.USAGE, args.image, "is a directory, and a report is of one file")
    output = choose_output(args)
    drawings = find_drawings(args)
    raise_limit(args.max_pixels)
    with hear_warnings() as heard:
        try:
            with show_stages(args.quiet) as progress:
                with open_source(args.image, args.max_pixels) as (source, file):
                    image = load_first(source)
                    page = report_on(source, file, image, args, progress)
                write_output([page], output)
                for write, folder in drawings:
                    draw(write, image, folder, args, progress)
        finally:
            for message in () if args.quiet else heard:
                tell(command, args.image, f"warning: {message}")
    return Exit.OK


def choose_output(args: argparse.Namespace) -> str:
    """Return the name of the page.

    Raises:
        FileError: it is a directory, or something that is not to be replaced.
    """
    if args.output is not None:
        output = local_path(args.output)
    else:
        output = STANDARD if args.image == STANDARD else default_name(args.image, ".html")
    if is_directory(output):
        raise FileError(Exit.USAGE, output, "is a directory, and the page is a file")
    task = Task(args.image, output, if_exists="overwrite" if args.force else "error")
    find_reason_to_skip(task, output, "HTML")
    return output


def find_drawings(args: argparse.Namespace) -> list[tuple[Callable[..., object], str]]:
    """Return what draws the figures that are asked for, with the directory of each.

    Raises:
        FileError: matplotlib is missing, one of the figures is there, or there is no place for it.
    """
    if args.png is None and args.gif is None:
        return []
    try:
        from kmcodec.report import figures
    except ModuleNotFoundError as error:
        raise FileError(Exit.FAILED, args.png or args.gif, str(error)) from None
    found = [
        (args.png, figures.FIGURES, figures.write_figures),
        (args.gif, figures.ANIMATIONS, figures.write_animations),
    ]
    for folder, names, _ in found:
        if folder is not None:
            check_folder(folder, names, args.force)
    return [(write, folder) for folder, _, write in found if folder]


def check_folder(folder: str, names: Iterable[str], may_replace: bool) -> None:
    """Check that figures can be written.

    Raises:
        FileError: they cannot.
    """
    if folder == STANDARD or (os.path.lexists(folder) and not is_directory(folder)):
        raise FileError(Exit.USAGE, folder, "is no directory, and there are several figures")
    for path in (Path(folder, name) for name in names):
        if path.is_dir():
            raise FileError(Exit.USAGE, str(path), "is a directory, and a figure is a file")
        if path.exists() and not may_replace:
            raise FileError(Exit.REFUSED, str(path), "exists; -f replaces it")


def load_first(source: Source) -> Image.Image:
    """Return the picture that a report is of, upright."""
    if source.count > 1:
        told = f"{plural(source.count, 'frame')}, of which the first is shown"
        warnings.warn(told, stacklevel=2)
    image = load_image(source, range(1))
    orient_image(image)
    return image


def report_on(
    source: Source,
    file: IO[bytes] | None,
    image: Image.Image,
    args: argparse.Namespace,
    progress: Progress | None,
) -> bytes:
    """Make the page about a .kmq file as it is, or about that of the picture, encoded as asked for.

    Raises:
        FileError: the file is damaged, or the picture cannot be encoded so.
    """
    name = title(source.name)
    options = {**args.options, "progress": progress}
    if source.kmq and file and not args.options:
        try:
            most = args.max_pixels or MAX_PIXELS
            return make_page(measure_file(file, max_pixels=most, progress=progress), name)
        except (MemoryError, OSError) as error:
            raise explain(error, source.name) from error
    try:
        return make_page(measure_picture(image, **options), name)
    except (MemoryError, TypeError, ValueError) as error:
        raise explain_refusal(error, source.name) from error


def draw(
    write: Callable[..., object],
    image: Image.Image,
    folder: str,
    args: argparse.Namespace,
    progress: Progress | None,
) -> None:
    """Draw figures of the picture.

    Raises:
        FileError: one cannot be written.
    """
    colors, seed = (args.options.get(name, default) for name, default in _OF_FIGURES.items())
    try:
        write(image, colors, folder, seed=seed, progress=progress)
    except (MemoryError, OSError) as error:
        raise explain(error, folder) from error


def title(name: str) -> str:
    """Return the title of the page about an input."""
    last = os.path.basename(shown(name).rstrip("/" + os.sep))  # noqa: PTH119  (or of a URL)
    return "standard input" if name == STANDARD else last or name

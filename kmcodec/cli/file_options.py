"""Offer on a command line which files are converted, where to, and how many at once."""

import argparse
import os
from typing import Any, Final, get_args

from kmcodec.atomic import is_own_name
from kmcodec.conversion.faults import STANDARD
from kmcodec.conversion.task import IfExists, IfLarger
from kmcodec.format import FORMAT, METADATA_NAMES
from kmcodec.images.formats import named_format

from .frame_options import number_from

MOST_JOBS: Final = 1024


def add_file_options(parser: argparse.ArgumentParser) -> None:
    """Add names, and what becomes of them."""
    add = parser.add_argument
    add(
        "names",
        metavar="IN",
        nargs="*",
        help="a picture, or a directory of frames, or with -r of pictures; - for standard input",
    )
    add("-o", "--output", metavar="OUT", help="the one output, whatever its name; - for stdout")
    add("--to", metavar="FORMAT", help="format of outputs as an extension (default kmq, or png)")
    add(
        "--ext",
        metavar="SUFFIX",
        help="what outputs end with in place of the input's extension, as --ext=-16.kmq",
    )
    add("-f", "--force", action="store_true", help="the same as --if-exists overwrite")
    add(
        "--if-exists",
        choices=get_args(IfExists),
        help="what to do where an output exists (default error); newer replaces older ones",
    )
    add(
        "--if-larger",
        choices=get_args(IfLarger),
        default="keep",
        help="of an output larger than its input: keep it, have none, or copy the input there",
    )
    add("-p", "--preserve-times", action="store_true", help="outputs get the times of inputs")
    add("-n", "--dry-run", action="store_true", help="tell what would be done, and do nothing")
    add("-v", "--verbose", action="store_true", help="tell sizes, colors, seconds and PSNR")
    add(
        "--json",
        action="store_true",
        help="tell the same in JSON, a line a file, on stderr if OUT is -",
    )


def add_jobs(group: Any, done: str) -> None:
    """Add how many files are done at once."""
    group.add_argument(
        "-j",
        "--jobs",
        type=number_from(0, MOST_JOBS),
        default=0,
        metavar="N",
        help=f"files {done} at once, in processes of their own (default: one a core)",
    )


def add_run_options(group: Any) -> None:
    """Add what is for many files."""
    add = group.add_argument
    add("-r", "--recursive", action="store_true", help="convert all pictures in directories")
    add("--out-dir", metavar="DIR", help="where outputs go, directories of inputs mirrored in it")
    add(
        "--include",
        action="append",
        default=[],
        metavar="GLOB",
        help="of directories only names or paths that match; may be given again",
    )
    add(
        "--exclude",
        action="append",
        default=[],
        metavar="GLOB",
        help="none that match; may be given again",
    )
    add("--files-from", metavar="FILE", help="a list of names, one a line; - for standard input")
    add("-0", "--null", action="store_true", help="a NUL ends each name in the list")
    add_jobs(group, "converted")
    add(
        "--one-palette",
        action="store_true",
        help="one palette, chosen for the colors of all inputs",
    )
    add("--cluster", metavar="ADDRESS", help="convert on a Dask cluster, as tcp://host:8786")
    add("--manifest", metavar="FILE", help="record there what is done, for --resume")
    add(
        "--resume",
        action="store_true",
        help="go on where the run that wrote the manifest ended, and repeat what failed",
    )


def if_exists(args: argparse.Namespace) -> IfExists:
    """Return what to do where there is an output."""
    return "overwrite" if args.force else args.if_exists or "error"


def split_names(args: argparse.Namespace) -> tuple[list[str], str | None]:
    """Return the inputs, and the output if there is one for all.

    Raises:
        ValueError: options do not go together.
    """
    names, output = args.names, args.output
    if args.if_exists not in (None, "overwrite") and args.force:
        raise ValueError(f"-f and --if-exists {args.if_exists} exclude each other")
    if args.resume and args.manifest is None:
        raise ValueError("--resume takes --manifest FILE")
    if args.one_palette and (args.options.keys() & {"palette", "palette_from"}):
        raise ValueError(
            "--one-palette is chosen, so --palette and --palette-from do not go with it"
        )
    formats = {named_format(f"a.{given}") for given in (args.to, args.ext) if given}
    if args.one_palette and formats - {FORMAT, None}:
        raise ValueError("--one-palette is for KMQ output only")
    if args.null and args.files_from is None:
        raise ValueError("-0 is for --files-from")
    if (args.include or args.exclude) and not args.recursive:
        raise ValueError("--include and --exclude choose of directories, so they take -r")
    if args.ext and set(args.ext) & {"/", os.sep, "\0"}:
        raise ValueError(f"--ext is the end of a name, and not {args.ext!r}")
    if not names and args.files_from is None:
        raise ValueError("the following arguments are required: IN")
    is_many = has_set(args)
    is_pair = output is None and len(names) == 2 and is_output(*names)
    is_new = is_pair and not os.path.lexists(names[1])
    if output is not None and is_many:
        raise ValueError("-o is for one input without options of sets; --out-dir is for these")
    if output is not None and len(names) > 1:
        raise ValueError("one output (-o) takes one input; --out-dir takes several")
    if is_new and is_many and args.out_dir is None:
        raise ValueError(f"{names[1]} does not exist, and options of sets take inputs only")
    if is_pair and not is_many:
        names, output = names[:1], names[1]
    if args.if_larger == "copy" and (args.keep != frozenset(METADATA_NAMES) or args.auto_orient):
        raise ValueError("--if-larger copy copies all metadata, so nothing can be stripped")
    if args.if_larger == "copy" and output is not None:
        raise ValueError("--if-larger copy takes --out-dir, not one output")
    return names, output


def has_set(args: argparse.Namespace) -> bool:
    """Return whether options say that names are those of a set of inputs, be it of one."""
    of_names = (args.recursive, args.files_from, args.out_dir, args.ext)
    return any((*of_names, args.one_palette, args.manifest, args.cluster))


def is_output(first: str, second: str) -> bool:
    """Return whether the second of two names is the output of the first.

    It is one if it has the format that the first is converted to, if it does not exist, or is no
    file: ``-``, a device, a directory. A .kmq may be encoded again under its own name.
    """
    from kmcodec.batch.plan import is_of_kmq  # not imported for --help

    if second == STANDARD or first == second or not is_own_name(second):
        return True
    if not os.path.lexists(second):
        return True
    known = named_format(second)
    return known is not None and (known == FORMAT) != is_of_kmq(first)

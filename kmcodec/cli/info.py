"""Show what is in .kmq files, down to every bit: the command ``kmq-info``."""

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from textwrap import indent
from typing import Final

from kmcodec.batch.pool import Pool
from kmcodec.conversion.faults import Exit, opened, plural
from kmcodec.format import MAX_FRAMES, MAX_PIXELS, MAX_TOTAL_PIXELS
from kmcodec.workers import count_workers

from . import EXIT_CODES, add_common_options, run, tell
from .file_options import MOST_JOBS, add_jobs
from .inspection import Inspected, Inspection, inspect_files
from .kmq_files import are_worth_it, find_files

_AHEAD: Final = 3  # batches that wait or are worked at, for each worker
COMMAND: Final = "kmq-info"
EXAMPLES: Final = """\
examples:
  kmq-info *.kmq           one line a file: size, mode, frames, colors, bits, ratio, metadata
  kmq-info -v a.kmq        every header field, section, frames and the arithmetic of bits
  kmq-info --check *.kmq   verify every checksum and index
  kmq-info --json a.kmq    the same facts for programs
  kmq-info -r --check art  verify all .kmq files in a tree, on all cores
  kmq-info - < a.kmq       from a pipe

Show what is in .kmq files. Only heads and band lengths are read, unless --check is given.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Show all files, and return the worst exit code of any."""
    parser = make_parser()
    args = parser.parse_args(argv)
    if "" in args.files:
        parser.error("a name is empty")
    return run(COMMAND, lambda: show_files(args))


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog=COMMAND,
        description=EXAMPLES,
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add(
        "files",
        metavar="FILE",
        nargs="+",
        help="a .kmq file or URL, or with -r a directory; - for stdin",
    )
    add("-v", "--verbose", action="store_true", help="all fields, sections, metadata, first bits")
    add("--palette", action="store_true", help="list all colors")
    add("--check", action="store_true", help="verify every checksum and index, of all frames")
    add(
        "--max-pixels",
        type=count,
        default=MAX_PIXELS,
        metavar="N",
        help="most pixels that a file may have to be checked, %(default)s by default",
    )
    add(
        "--max-frames",
        type=count,
        default=MAX_FRAMES,
        metavar="N",
        help="most frames, %(default)s by default",
    )
    add(
        "--max-total-pixels",
        type=count,
        default=MAX_TOTAL_PIXELS,
        metavar="N",
        help="most pixels of all frames, %(default)s by default",
    )
    add("--json", action="store_true", help="an array of objects, see kmcodec.cli.info_json")
    add("-r", "--recursive", action="store_true", help="show all .kmq files in directories")
    add_jobs(parser, "checked")
    add_common_options(parser, "errors only")
    return parser


def count(text: str) -> int:
    """Return the number of an argument."""
    number = int(text)
    if number < 0:
        raise ValueError
    return number


def show_files(args: argparse.Namespace) -> int:
    """Show each file in its order; name a bad one, and go on with the others."""
    if args.json or not args.quiet:
        opened(sys.stdout)
    totals = Totals()
    workers = args.jobs or count_workers(None, MOST_JOBS)
    with ExitStack() as stack:
        executor, inspection = None, Inspection(args)
        if args.check and workers > 1 and are_worth_it(args.files, recursive=args.recursive):
            executor = stack.enter_context(Pool(workers))
            inspection = Inspection(args, threads=1)  # each worker has one core
        files = find_files(args.files, recursive=args.recursive)
        found = inspect_files(files, inspection, executor, _AHEAD * workers)
        (show_json if args.json else show_text)(totals.count(stack.enter_context(closing(found))))
    if totals.files > 1 and not (args.json or args.quiet):
        print(totals.text())
    return totals.code


def show_text(found: Iterable[Inspected]) -> None:
    """Print the lines of each file."""
    for one in found:
        if one.text:
            print(one.text)


def show_json(found: Iterable[Inspected]) -> None:
    """Print one array of all objects, each as soon as it is there."""
    separator = "["
    for one in found:
        print(separator, indent(one.text, "  "), sep="\n", end="")
        separator = ","
    print("\n]" if separator == "," else "[]")


@dataclass
class Totals:
    """The sums of all files.

    Attributes:
        code: the worst exit code of any.
        files: how many there are.
        bad: how many of them cannot be shown.
        file_bytes: sizes of the others.
        raw_bytes: sizes of their pixels at 24 bits each.
    """

    code: int = Exit.OK
    files: int = 0
    bad: int = 0
    file_bytes: int = 0
    raw_bytes: int = 0

    def count(self, found: Iterable[Inspected]) -> Iterator[Inspected]:
        """Yield what is found, sum it up, and tell of faults."""
        for one in found:
            self.files += 1
            self.file_bytes += one.file_bytes
            self.raw_bytes += one.raw_bytes
            if one.fault:
                code, name, message = one.fault
                self.code = max(self.code, code)
                self.bad += 1
                tell(COMMAND, name, message)
            yield one

    def text(self) -> str:
        """Return the sums as one line."""
        parts = [plural(self.files, "file"), *([f"{self.bad:,} bad"] if self.bad else [])]
        if self.raw_bytes:
            share = 100 * self.file_bytes / self.raw_bytes
            parts += [f"{self.file_bytes:,} bytes, {share:.1f} % of 24 bits a pixel"]
        return f"total: {', '.join(parts)}"

"""Show what is in .kmq files, down to every bit: the command ``kmq-info``."""

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Final

from kmcodec.conversion.faults import Exit, explain, opened
from kmcodec.conversion.reading import find_source
from kmcodec.files import info
from kmcodec.format import MAX_FRAMES, MAX_PIXELS, MAX_TOTAL_PIXELS

from . import EXIT_CODES, add_common_options, run, tell
from .info_json import json_error, json_object
from .info_text import text_lines

COMMAND: Final = "kmq-info"
EXAMPLES: Final = """\
examples:
  kmq-info *.kmq           one line a file: size, mode, frames, colors, bits, ratio, metadata
  kmq-info -v a.kmq        every header field, section, frames and the arithmetic of bits
  kmq-info --check *.kmq   verify every checksum and index
  kmq-info --json a.kmq    the same facts for programs
  kmq-info - < a.kmq       from a pipe

Show what is in .kmq files. Only heads and band lengths are read, unless --check is given.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Show all files, and return the worst exit code of any."""
    args = make_parser().parse_args(argv)
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
    add("files", metavar="FILE", nargs="+", help="a .kmq file; - for standard input")
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
    add_common_options(parser, "errors only")
    return parser


def count(text: str) -> int:
    """Return the number of an argument."""
    number = int(text)
    if number < 0:
        raise ValueError
    return number


def show_files(args: argparse.Namespace) -> int:
    """Show each file; name a bad one, and go on with the others."""
    worst = Exit.OK
    objects = []
    if args.json or not args.quiet:
        opened(sys.stdout)
    for name in args.files:
        try:
            source = find_source(name)
            facts = info(
                source,
                check=args.check,
                max_pixels=args.max_pixels,
                max_frames=args.max_frames,
                max_total_pixels=args.max_total_pixels,
            )
            lines = [] if args.json or args.quiet else list(text_lines(name, facts, source, args))
        except (OSError, ValueError, MemoryError) as error:
            fault = explain(error, name)
            tell(COMMAND, fault.name, str(fault))
            worst = max(worst, fault.code)
            objects.append(json_error(name, error))
            continue
        if args.json:
            objects.append(json_object(name, facts, args.check))
        for line in lines:
            print(line)
    if args.json:
        json.dump(objects, sys.stdout, indent=2)
        print()
    return worst

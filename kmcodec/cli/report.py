"""Show a picture and what a .kmq file makes of it, in one HTML page: the command ``kmq-report``."""

import argparse
from collections.abc import Sequence
from typing import Final

from kmcodec.format import MAX_PIXELS

from . import EXIT_CODES, add_common_options, run
from .coding_options import add_coding_options, given_options
from .frame_options import number_from

COMMAND: Final = "kmq-report"
EXAMPLES: Final = """\
examples:
  kmq-report photo.png                     write photo.html, about photo.png in 256 colors
  kmq-report -k 16 photo.png -o small.html
  kmq-report photo.kmq                     about the file as it is
  kmq-report -k 16 photo.kmq               about its picture, encoded again
  kmq-report -k 16 --seeding random photo.png
                                           K-Means from where textbooks start
  kmq-report - < photo.png > photo.html    from and to a pipe

Write a page about a picture and the .kmq file of it: both side by side, where they differ and what
each pixel costs, the colors as a cloud that can be turned, the palette, what K-Means did, the bytes
of each part and of other formats, and size against quality. The page is one file, which needs no
network, and has all numbers as JSON. Pictures are turned as EXIF says (as by kmq-convert
--auto-orient), but not a .kmq that is shown as it is; of frames the first is shown.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Write a report, and return the exit code."""
    parser = make_parser()
    args = parser.parse_args(argv)
    if "" in (args.image, args.output, args.png, args.gif):
        parser.error("a name is empty")
    try:
        args.options = given_options(args)
    except ValueError as error:
        parser.error(str(error))
    return run(COMMAND, lambda: report(args))


def report(args: argparse.Namespace) -> int:
    """Write what the command line asks for."""
    from .reporting import write_all  # with the quantizer, which --help does not need

    return write_all(COMMAND, args)


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
    add("image", metavar="IN", help="a picture, or a .kmq file; - for standard input")
    add("-o", "--output", metavar="OUT", help="the page; - for stdout (default: IN with .html)")
    add(
        "--png",
        metavar="DIR",
        help="draw K-Means there, in seven figures, from random colors; only -k and --seed count",
    )
    add("--gif", metavar="DIR", help="draw there how that converges, in two animations")
    add("-f", "--force", action="store_true", help="replace what is there")
    add(
        "--max-pixels",
        type=number_from(1, MAX_PIXELS * 64),
        metavar="N",
        help="most pixels of a picture that is read (default: Pillow's limit, 178,956,970)",
    )
    add_common_options(parser, "no warnings, no progress")
    add_coding_options(parser.add_argument_group("coding, as of kmq-convert"))
    return parser

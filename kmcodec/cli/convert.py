"""Convert pictures to .kmq, and back: the command ``kmq-convert``."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from kmcodec.conversion.faults import STANDARD
from kmcodec.conversion.task import Settings, Task

from . import EXIT_CODES, add_common_options, run, tell
from .coding_options import add_coding_options, given_options, names_files
from .file_options import add_file_options, add_run_options, has_set, if_exists, split_names
from .frame_options import add_frame_options
from .picture_options import add_picture_options, make_settings
from .progress import show_stages
from .telling import Teller, is_watched

COMMAND: Final = "kmq-convert"
USAGE: Final = """\
%(prog)s [-h] [option ...] IN [OUT]
       %(prog)s [option ...] IN ... [--out-dir DIR]"""
EXAMPLES: Final = """\
examples:
  kmq-convert photo.png                    write photo.kmq, at most 256 colors
  kmq-convert -k 16 photo.png small.kmq    at most 16 colors
  kmq-convert photo.kmq                    write photo.png
  kmq-convert photo.kmq photo.webp         any format that Pillow writes (WebP: lossless)
  kmq-convert --background white sprite.kmq sprite.jpg
  kmq-convert --thumbnail 256 walk.kmq     write walk.png, at most 256 pixels wide and high
  kmq-convert -f -k 64 art.kmq art.kmq     encode again, in place
  kmq-convert walk.gif                     write walk.kmq, all its frames as browsers show them
  kmq-convert walk.kmq walk.png            APNG; or GIF, WebP, AVIF, TIFF, or walk/ of PNG files
  kmq-convert --fps 12 frames/ walk.kmq    pictures in a directory, by the numbers in their names
  kmq-convert - --to png < a.kmq > a.png   from and to a pipe
  kmq-convert *.png                        each to a .kmq beside it, on all cores
  kmq-convert -k 16 --ext=-16.kmq *.png    each to a file of its name and -16.kmq
  kmq-convert -r art --out-dir packed      a tree of pictures to a tree of .kmq files
  kmq-convert -r packed --to png --out-dir back
  kmq-convert -r art --out-dir packed --manifest run.jsonl --resume
                                           go on where a run ended; write the manifest anew if none
  kmq-convert --one-palette -k 32 sprites/*.png --out-dir packed
  find . -name '*.bmp' -print0 | kmq-convert --files-from - -0 --if-exists newer

Convert pictures that Pillow can read to .kmq, or .kmq files to what Pillow can write. A picture of
no more colors than allowed is kept exactly. EXIF, ICC profile, XMP, dpi and comment are kept where
the output format has room for them. An output file is the old one or the complete new one.
Of frames all are converted, unless --frames chooses, or the output format holds one picture.
Two names are IN and OUT where the first is converted to the format of the second; other names are
inputs, and one that fails does not keep the rest from being converted.
In trees, names that begin with a dot are passed over, and links that lead elsewhere are refused.
Of several inputs each is a regular file. No output of theirs replaces an input, another output, or
what is no regular file, such as a link; not even with -f.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Convert pictures, and return the worst exit code of any."""
    parser = make_parser()
    argv = sys.argv[1:] if argv is None else argv
    # IN -k 16 OUT needs the intermixed parser, which in Python 3.11 does not know "--".
    args = (parser.parse_args if "--" in argv else parser.parse_intermixed_args)(argv)
    if args.desktop:
        if len(argv) > 1:
            parser.error(f"{argv[0]} and {argv[1]} exclude each other")
        return run(COMMAND, lambda: change_desktop(args.desktop))
    if "" in (*args.names, args.output, args.out_dir):
        parser.error("a name is empty")
    try:
        args.options = given_options(args)
        args.names, args.output = split_names(args)
    except ValueError as error:
        parser.error(str(error))
    return run(COMMAND, lambda: convert(args))


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog=COMMAND,
        usage=USAGE,
        description=EXAMPLES,
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_file_options(parser)
    add_common_options(parser, "no warnings, no progress, no summary")
    add_run_options(parser.add_argument_group("many files"))
    add_picture_options(parser.add_argument_group("pictures and metadata"))
    add_frame_options(parser.add_argument_group("moving pictures"))
    add_coding_options(parser.add_argument_group("coding, for .kmq output"))
    add_desktop_options(parser.add_argument_group("instead of converting"))
    return parser


def add_desktop_options(group: Any) -> None:
    """Add what is done without any picture."""
    works = {
        "install": "let file managers, file(1) and ImageMagick know .kmq files, for this user",
        "remove": "take away what --install-desktop has put in place",
    }
    for work, text in works.items():
        add = group.add_argument
        add(f"--{work}-desktop", action="store_const", const=work, dest="desktop", help=text)


def change_desktop(work: str) -> int:
    """Put files for other programs in place, or take them away."""
    from .desktop import WORK  # which pictures do not need

    return WORK[work]()


def convert(args: argparse.Namespace) -> int:
    """Convert as the command line says."""
    options = args.options
    if names_files(options):
        from .option_files import read_options  # with the quantizer, which others do not need

        options = read_options(options)
    settings = make_settings(args, options)
    if len(args.names) == 1 and not has_set(args):
        return convert_one(args, settings)
    from .many import convert_many  # with processes and manifests, which one picture does not need

    return convert_many(COMMAND, args, settings)


def convert_one(args: argparse.Namespace, settings: Settings) -> int:
    """Convert one picture in this process, and show its stages."""
    from kmcodec.conversion.picture import convert_picture  # not imported for --help
    from kmcodec.conversion.source import raise_limit

    raise_limit(settings.max_pixels)
    teller = Teller(COMMAND, args, to_stdout=(args.output or args.names[0]) == STANDARD)
    task = Task(args.names[0], args.output, args.to, if_exists(args))
    with show_stages(args.quiet) as progress:
        options = settings.options | ({"progress": progress} if progress else {})
        describe = is_watched() and not args.quiet
        report = convert_picture(task, replace(settings, options=options, describe_loss=describe))
    teller.tell(report)
    if report.status == "skipped" and not (args.quiet or args.verbose):
        tell(COMMAND, report.input, report.text())
    return teller.code

"""Convert pictures to .kmq, and back: the command ``kmq-convert``."""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, Final, TextIO

from kmcodec.conversion.faults import STANDARD, Exit, FileError, explain, opened, plural
from kmcodec.format import FORMAT, METADATA_NAMES

from . import EXIT_CODES, add_common_options, run, tell
from .coding_options import add_coding_options, given_options, parse_color, read_options
from .frame_options import add_frame_options

# What converts is imported by the functions that use it, as --help and wrong usage need none.
if TYPE_CHECKING:
    from PIL import Image

    from kmcodec.codec import Quantized
    from kmcodec.conversion.moving import Made
    from kmcodec.conversion.source import Source

COMMAND: Final = "kmq-convert"
EXAMPLES: Final = """\
examples:
  kmq-convert photo.png                    write photo.kmq, at most 256 colors
  kmq-convert -k 16 photo.png small.kmq    at most 16 colors
  kmq-convert photo.kmq                    write photo.png
  kmq-convert photo.kmq photo.webp         any format that Pillow writes (WebP: lossless)
  kmq-convert --background white sprite.kmq sprite.jpg
  kmq-convert -f -k 64 art.kmq art.kmq     encode again, in place
  kmq-convert walk.gif                     write walk.kmq, all its frames as browsers show them
  kmq-convert walk.kmq walk.png            APNG; or GIF, WebP, AVIF, TIFF, or walk/ of PNG files
  kmq-convert --fps 12 frames/ walk.kmq    pictures in a directory, by the numbers in their names
  kmq-convert - --to png < a.kmq > a.png   from and to a pipe

Convert a picture that Pillow can read to .kmq, or a .kmq to what Pillow can write. A picture with
no more colors than allowed is kept exactly. EXIF, ICC profile, XMP, dpi and comment are kept where
the output format has room for them. The output file is the old one or the complete new one.
Of frames all are converted, unless --frames chooses, or the output format holds one picture.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Convert one picture, and return the exit code."""
    parser = make_parser()
    argv = sys.argv[1:] if argv is None else argv
    # IN -k 16 OUT needs the intermixed parser, which in Python 3.11 does not know "--".
    args = (parser.parse_args if "--" in argv else parser.parse_intermixed_args)(argv)
    if args.out is not None and args.output is not None:
        parser.error("OUT is given twice, by its place and by -o")
    args.output = args.out if args.output is None else args.output
    if "" in (args.input, args.output):
        parser.error("a name is empty")
    try:
        args.options = given_options(args)
    except ValueError as error:
        parser.error(str(error))
    return run(COMMAND, lambda: convert(args))


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
    add("input", metavar="IN", help="the picture, or a directory of frames; - for standard input")
    add("out", metavar="OUT", nargs="?", help="default: IN with .kmq, or .png for a .kmq")
    add("-o", "--output", metavar="OUT", help="OUT, though it looks like a second IN; - for stdout")
    add("--to", metavar="FORMAT", help="format of OUT as an extension, where its name has none")
    add("-f", "--force", action="store_true", help="replace OUT if it exists, even if it is IN")
    add(
        "--background",
        type=parse_color,
        metavar="COLOR",
        help="what is behind transparent pixels, where OUT's format has none",
    )
    add("--auto-orient", action="store_true", help="turn the pixels as EXIF says, and clear that")
    add("--strip", action="store_true", help="the same, and leave out all metadata")
    add("-v", "--verbose", action="store_true", help="tell sizes, colors, seconds and PSNR")
    add(
        "--json",
        action="store_true",
        help="tell the same in JSON, on stderr if OUT is -",
    )
    add_common_options(parser, "no warnings")
    add_frame_options(parser.add_argument_group("moving pictures"))
    add_coding_options(parser.add_argument_group("coding, for .kmq output"))
    return parser


def convert(args: argparse.Namespace) -> int:
    """Convert as the command line says."""
    from kmcodec.conversion.directories import write_directory
    from kmcodec.conversion.moving import convert_frames
    from kmcodec.conversion.report import Report, describe_loss
    from kmcodec.conversion.source import open_source
    from kmcodec.conversion.targets import check_target, choose_target, is_directory, write_output

    start = time.perf_counter()
    with shown_warnings(args), open_source(args.input) as (source, file):
        output, target_format = choose_target(args, source.kmq is not None)
        check_target(args, output, target_format, source.kmq is not None)
        report_to = find_report_stream(args, output)
        wanted = choose_frames(source, args, target_format)
        make = convert_still if len(wanted) == 1 and not is_directory(output) else convert_frames
        image, shown, pieces = make(source, wanted, args, target_format, output)
        pieces = read_then_close(pieces, file)
        if is_directory(output):
            size = write_directory(pieces, len(wanted), output)
        else:
            size = write_output(pieces, output)
        report = Report.of(
            image,
            shown,
            input=args.input,
            output=output,
            format=target_format,
            frames=len(wanted),
            input_bytes=source.input_bytes,
            bytes=size,
            seconds=time.perf_counter() - start,
        )
        if shown and not shown.is_exact and not args.quiet and is_watched():
            keep_hidden = args.options.get("keep_hidden", False)
            tell(COMMAND, args.input, describe_loss(image, shown, len(wanted), keep_hidden))
        if args.verbose:
            tell(COMMAND, args.input, report.text())
        if report_to:
            print(json.dumps(report._asdict()), file=report_to)
    return Exit.OK


def choose_frames(source: Source, args: argparse.Namespace, target_format: str) -> range:
    """Choose the frames to convert: all that are asked for, or the first if one has room."""
    from kmcodec.conversion.frames_out import MOVING_FORMATS

    wanted = source.choose(args.frames)
    if len(wanted) > 1 and target_format not in {FORMAT, *MOVING_FORMATS}:
        warnings.warn(
            f"{target_format} holds one picture: frame {wanted[0]} is converted, "
            f"{plural(len(wanted) - 1, 'frame')} left out",
            stacklevel=2,
        )
        return wanted[:1]
    return wanted


def find_report_stream(args: argparse.Namespace, output: str) -> TextIO | None:
    """Return where ``--json`` is to tell of the conversion, before it is made."""
    if not args.json:
        return None
    return opened(sys.stderr if output == STANDARD else sys.stdout)


def is_watched() -> bool:
    """Return whether somebody at a terminal reads what is told."""
    return sys.stderr is not None and sys.stderr.isatty()


@contextmanager
def shown_warnings(args: argparse.Namespace) -> Iterator[None]:
    """Show warnings, such as Pillow's of very large pictures, in one line each, or not at all."""

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        tell(COMMAND, args.input, f"warning: {message}")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for category in () if args.quiet else (UserWarning, RuntimeWarning):
            warnings.simplefilter("default", category)
        warnings.showwarning = show
        yield


def read_then_close(
    pieces: Iterable[bytes | bytearray], file: IO[bytes] | None
) -> Iterator[bytes | bytearray]:
    """Yield pieces, and close the input after the last: some systems replace no open file."""
    yield from pieces
    if file:
        file.close()


def convert_still(
    source: Source, wanted: range, args: argparse.Namespace, target_format: str, output: str
) -> Made:
    """Convert one picture, or one frame."""
    from kmcodec.conversion.export import EXIF_FORMATS
    from kmcodec.conversion.moving import Made
    from kmcodec.conversion.orientation import orient_image, strip_metadata

    image = load_image(source, wanted)
    exported = fit_target(image, source, wanted[0], args, target_format, output)
    loses_exif = target_format not in {FORMAT, *EXIF_FORMATS}
    if args.auto_orient or args.strip or loses_exif:
        orient_image(image)
        if exported is not None and exported is not image:
            orient_image(exported)
    if args.strip and exported is not None:
        strip_metadata(exported)
    if exported is None:
        return Made(image, *encode_image(image, args))
    return Made(image, None, [export_image(exported, target_format, output)])


def load_image(source: Source, wanted: range) -> Image.Image:
    """Read the pixels of the picture that is wanted."""
    if source.count > 1:
        return next(source.pictures(wanted))
    try:
        source.image.load()
    except Exception as error:  # Pillow's readers raise many kinds
        raise explain(error, source.name) from error
    return source.image


def encode_image(
    image: Image.Image, args: argparse.Namespace
) -> tuple[Quantized, Iterable[bytes | bytearray]]:
    """Encode a picture: return what the .kmq file shows, and the pieces of the file."""
    from kmcodec.codec import encode_pieces
    from kmcodec.errors import QualityError

    options = read_options(args.options)
    if args.strip:
        options |= dict.fromkeys(METADATA_NAMES)
    try:
        return encode_pieces(image, **options)
    except QualityError as error:
        raise FileError(Exit.QUALITY, args.input, str(error)) from error
    except (MemoryError, TypeError, ValueError) as error:
        raise FileError(Exit.FAILED, args.input, str(error) or "not enough memory") from error


def fit_target(
    image: Image.Image,
    source: Source,
    frame: int,
    args: argparse.Namespace,
    target_format: str,
    output: str,
) -> Image.Image | None:
    """Return the picture as a format of Pillow's holds it; None if it is to be encoded."""
    from kmcodec.conversion.modes import ExportError, fit_image

    if target_format == FORMAT:
        return None
    kmq = source.kmq
    assert kmq
    try:
        return fit_image(
            image, lambda: (kmq.palette, kmq.indices(frame)), target_format, args.background
        )
    except (ExportError, MemoryError) as error:
        raise FileError(Exit.FAILED, output, str(error) or "not enough memory") from error


def export_image(image: Image.Image, target_format: str, output: str) -> bytes:
    """Return the picture in a format of Pillow's, complete in memory before a file is touched."""
    from kmcodec.conversion.export import write_image

    try:
        return write_image(image, target_format, lambda lost: warnings.warn(lost, stacklevel=2))
    except Exception as error:  # Pillow's writers raise many kinds, such as struct.error
        fault = f"cannot be written as {target_format}: {error or type(error).__name__}"
        raise FileError(Exit.FAILED, output, fault) from error

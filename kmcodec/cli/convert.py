"""Convert pictures to .kmq, and back: the command ``kmq-convert``."""

import argparse
import json
import sys
import time
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

from PIL import Image, PngImagePlugin, TiffImagePlugin

from kmcodec.atomic import atomic_file
from kmcodec.codec import Quantized, encode_pieces
from kmcodec.errors import QualityError
from kmcodec.format import EXTENSION, METADATA_NAMES
from kmcodec.KmqImagePlugin import FORMAT

from . import EXIT_CODES, CommandError, Exit, add_common_options, binary, explain, run, tell
from .coding_options import add_coding_options, given_options, read_options

COMMAND: Final = "kmq-convert"
STANDARD: Final = "-"
EXAMPLES: Final = """\
examples:
  kmq-convert photo.png                    write photo.kmq, at most 256 colors
  kmq-convert -k 16 photo.png small.kmq    at most 16 colors
  kmq-convert photo.kmq                    write photo.png
  kmq-convert photo.kmq photo.webp         any format that Pillow writes (WebP: lossless)
  kmq-convert -f -k 64 art.kmq art.kmq     encode again, in place
  kmq-convert - --to png < a.kmq > a.png   from and to a pipe

Convert a picture that Pillow can read to .kmq, or a .kmq to what Pillow can write. A picture with
no more colors than allowed is kept exactly. EXIF, ICC profile, XMP, dpi and comment are kept where
the output format has room for them. The output file is the old one or the complete new one.
"""


class Report(NamedTuple):
    """A report of what was done, as ``--json`` tells it; all about colors is None but for .kmq."""

    input: str
    output: str
    format: str
    width: int
    height: int
    mode: str
    bytes: int
    colors: int | None
    psnr: float | None
    """In dB; None if exact, too."""
    exact: bool | None
    seconds: float

    def text(self) -> str:
        """Return the report as one line."""
        share = 100 * self.bytes / (3 * self.width * self.height)
        parts = [
            f"{self.width}x{self.height} {self.mode} to {self.format} of {self.bytes:,} bytes",
            f"{share:.1f} % of 24 bits a pixel",
        ]
        if self.colors is not None:
            parts += [f"{self.colors:,} colors"]
            parts += ["exact" if self.exact else f"PSNR {self.psnr:.2f} dB"]
        return f"{', '.join(parts)}, {self.seconds:.2f} s -> {self.output}"


def main(argv: Sequence[str] | None = None) -> int:
    """Convert one picture, and return the exit code."""
    parser = make_parser()
    argv = sys.argv[1:] if argv is None else argv
    # IN -k 16 OUT needs the intermixed parser, which in Python 3.11 does not know "--".
    args = (parser.parse_args if "--" in argv else parser.parse_intermixed_args)(argv)
    if args.out is not None and args.output is not None:
        parser.error("OUT is given twice, by its place and by -o")
    args.output = args.out if args.output is None else args.output
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
    add("input", metavar="IN", help="the picture; - for standard input")
    add("out", metavar="OUT", nargs="?", help="default: IN with .kmq, or .png for a .kmq")
    add("-o", "--output", metavar="OUT", help="OUT by option; - for standard output")
    add("--to", metavar="FORMAT", help="format of OUT as an extension, where its name has none")
    add("-f", "--force", action="store_true", help="replace OUT if it exists, even if it is IN")
    add("--strip", action="store_true", help="leave out all metadata")
    add("-v", "--verbose", action="store_true", help="tell sizes, colors, seconds and PSNR")
    add(
        "--json",
        action="store_true",
        help="tell the same in JSON, on stderr if OUT is -",
    )
    add_common_options(parser, "no warnings")
    add_coding_options(parser.add_argument_group("coding, for .kmq output"))
    return parser


def convert(args: argparse.Namespace) -> int:
    """Convert as the command line says."""
    start = time.perf_counter()
    with shown_warnings(args):
        with open_input(args.input) as file:
            image = open_image(file, args.input)
            output, target_format = choose_target(args, image.format == FORMAT)
            check_target(args, output)
            load_image(image, args)
        if args.strip:
            for name in METADATA_NAMES:
                image.info.pop(name, None)
        if target_format == FORMAT:
            quantized, pieces = encode_image(image, args)
        else:
            quantized, pieces = None, [write_image(image, target_format, output)]
        size = write_pieces(pieces, output)
        report = Report(
            args.input,
            output,
            target_format,
            image.width,
            image.height,
            image.mode,
            size,
            len(quantized.palette) if quantized else None,
            (None if quantized.is_exact else quantized.psnr) if quantized else None,
            quantized.is_exact if quantized else None,
            time.perf_counter() - start,
        )
        if args.verbose:
            tell(COMMAND, args.input, report.text())
        if args.json:
            print(json.dumps(report._asdict()), file=sys.stderr if output == STANDARD else None)
    return Exit.OK


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


def open_input(name: str) -> IO[bytes]:
    """Open the input as a seekable stream."""
    try:
        if name == STANDARD:
            return BytesIO(binary(sys.stdin).read())
        file = Path(name).open("rb")  # noqa: SIM115  (the caller closes it)
        if file.seekable():
            return file
        with file:
            return BytesIO(file.read())
    except (OSError, ValueError) as error:
        raise explain(error, name) from error


def open_image(file: IO[bytes], name: str) -> Image.Image:
    """Open the picture without reading its pixels."""
    try:
        return Image.open(file)
    except Exception as error:  # Pillow's readers raise many kinds
        raise explain(error, name) from error


def load_image(image: Image.Image, args: argparse.Namespace) -> None:
    """Read the pixels of the first frame."""
    try:
        if getattr(image, "is_animated", False):
            warnings.warn("more than one frame, only the first is converted", stacklevel=1)
        image.load()
    except Exception as error:  # Pillow's readers raise many kinds
        raise explain(error, args.input) from error


def choose_target(args: argparse.Namespace, from_kmq: bool) -> tuple[str, str]:
    """Choose the name and Pillow format of the output."""
    output = STANDARD if args.output is None and args.input == STANDARD else args.output
    if args.to:
        extension = f".{args.to.lower().removeprefix('.')}"
    elif output is None:
        extension = ".png" if from_kmq else EXTENSION
    elif output == STANDARD:
        extension = "" if from_kmq else EXTENSION
    else:
        extension = Path(output).suffix.lower()
    target_format = find_format(extension, output or args.input)
    if target_format != FORMAT:
        if not from_kmq:
            raise CommandError(Exit.USAGE, args.input, "neither the input nor the output is KMQ")
        if args.options:
            option = next(iter(args.options)).replace("_", "-")
            raise CommandError(Exit.USAGE, args.input, f"--{option} is for KMQ output only")
    return output or str(Path(args.input).with_suffix(extension)), target_format


def find_format(extension: str, name: str) -> str:
    """Find the format that Pillow writes under an extension."""
    if not extension:
        raise CommandError(Exit.USAGE, name, "say the output format with --to, as in --to png")
    found = Image.registered_extensions().get(extension, "")
    if found not in Image.SAVE:
        raise CommandError(Exit.USAGE, name, f"Pillow writes no format of extension {extension}")
    return found


def check_target(args: argparse.Namespace, output: str) -> None:
    """Refuse an output that would destroy something, unless forced to."""
    if args.force:
        return
    if output == STANDARD:
        if binary(sys.stdout).isatty():
            raise CommandError(Exit.REFUSED, output, "a terminal shows no pictures; -f writes it")
        return
    with suppress(OSError):  # where the name cannot be looked up, writing will tell why
        if Path(output).is_file():
            same = args.input != STANDARD and Path(args.input).samefile(output)
            fault = "is the input" if same else "exists"
            raise CommandError(Exit.REFUSED, output, f"{fault}; -f replaces it")


def encode_image(
    image: Image.Image, args: argparse.Namespace
) -> tuple[Quantized, Iterable[bytes | bytearray]]:
    """Encode a picture: return what the .kmq file shows, and the pieces of the file."""
    options = read_options(args.options)
    if image.format == "PNG" and "Comment" in image.info and not args.strip:
        options = {"comment": image.info["Comment"], **options}
    try:
        return encode_pieces(image, **options)
    except QualityError as error:
        raise CommandError(Exit.QUALITY, args.input, str(error)) from error
    except (MemoryError, TypeError, ValueError) as error:
        raise CommandError(Exit.FAILED, args.input, str(error) or "not enough memory") from error


def write_image(image: Image.Image, target_format: str, output: str) -> bytes:
    """Write the picture in a format of Pillow's to memory, before a file is touched."""
    buffer = BytesIO()
    try:
        image.save(buffer, target_format, **writer_options(image.info, target_format))
    except Exception as error:  # Pillow's writers raise many kinds
        raise CommandError(Exit.FAILED, output, str(error) or type(error).__name__) from error
    return buffer.getvalue()


def writer_options(metadata: Mapping[Any, Any], target_format: str) -> dict[str, Any]:
    """Return metadata in the form a Pillow writer wants; those without room for it ignore it."""
    options = {name: metadata[name] for name in METADATA_NAMES if name in metadata}
    if target_format == "PNG":
        options["pnginfo"] = chunks = PngImagePlugin.PngInfo()
        if "xmp" in options:
            chunks.add_itxt("XML:com.adobe.xmp", options["xmp"].decode(errors="replace"))
        if "comment" in options:
            chunks.add_text("Comment", options["comment"].decode(errors="replace"))
    elif target_format == "TIFF" and "xmp" in options:
        exif = Image.Exif()
        exif.load(options.get("exif", b""))
        exif[TiffImagePlugin.XMP] = options["xmp"]
        options["exif"] = exif
    elif target_format == "WEBP":
        options |= {"lossless": True, "exact": True}
    return options


def write_pieces(pieces: Iterable[bytes | bytearray], output: str) -> int:
    """Write the output, and return its size; a file appears complete or not at all."""
    size = 0

    def counted() -> Iterator[bytes | bytearray]:
        nonlocal size
        for piece in pieces:
            size += len(piece)
            yield piece

    if output == STANDARD:
        binary(sys.stdout).writelines(counted())
        binary(sys.stdout).flush()
        return size
    try:
        with atomic_file(output) as file:
            file.writelines(counted())
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:
        raise explain(error, output) from error
    return size

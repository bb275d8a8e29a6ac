"""Offer the encoder's options on a command line, one argument for each field of ``Options``."""

import argparse
from collections.abc import Callable
from typing import IO, Any, Final, get_args

import numpy as np
from PIL import Image, ImageColor

from kmcodec.conversion.faults import FileError, explain
from kmcodec.conversion.reading import open_picture
from kmcodec.format import FORMAT
from kmcodec.options import (
    CodingName,
    Dither,
    DitheringName,
    Options,
    SeedingName,
    SpaceName,
    WeightingName,
)

_NAMES: Final = (*Options.__dataclass_fields__, "palette_from")


def add_coding_options(group: Any) -> None:
    """Add the options; what is not given is left out, so that only ``Options`` has defaults."""

    def add(*names: str, **settings: Any) -> None:
        group.add_argument(*names, default=argparse.SUPPRESS, **settings)

    add(
        "-k",
        "--colors",
        type=int,
        metavar="N",
        help="most colors, 1..65536 (default 256, or all of moving GIFs)",
    )
    add("-s", "--speed", type=int, metavar="N", help="1 best .. 10 fastest palette (default 5)")
    add(
        "--psnr",
        type=parse_psnr,
        metavar="[MIN-]DB",
        help="as few colors as reach a PSNR of DB; exit code 99 below MIN",
    )
    add("--exact", action="store_true", help="fail with exit code 99 instead of losing anything")
    add(
        "--keep-hidden",
        action="store_true",
        help="colors under alpha 0 count as others do",
    )
    add(
        "--palette-from",
        action="append",
        metavar="FILE",
        help="the palette of FILE in its order; of several, or if it has none, one for all",
    )
    add(
        "--fixed",
        action="append",
        type=parse_color,
        metavar="COLOR",
        help="a color to keep, as #rrggbb[aa] or a name; may be given again",
    )
    add("--space", choices=get_args(SpaceName), help="where colors are compared (default blend)")
    add(
        "--weighting",
        choices=get_args(WeightingName),
        help="what a color counts: its pixels, or their square root (default pixels)",
    )
    add("--importance", metavar="FILE", help="a gray picture: white pixels count most")
    add(
        "--dither",
        type=parse_dither,
        metavar="X",
        help="strength of dithering, 0..1, or auto: in smooth gradients only (default 0)",
    )
    add("--dithering", choices=get_args(DitheringName), help="its kind (default diffusion)")
    add("--rate", type=float, metavar="X", help="error a bit is worth, 4..32 (default 0)")
    add("--seeding", choices=get_args(SeedingName), help="one start of K-Means, without a search")
    add("--seed", type=int, metavar="N", help="of all that is drawn (default 0)")
    add("--starts", type=int, metavar="N", help="seedings to choose the best of (by --speed)")
    add("--iterations", type=int, metavar="N", help="most of K-Means at the end (by --speed)")
    add("--coding", choices=get_args(CodingName), help="how indices are coded (default modelled)")
    add(
        "--slack",
        type=float,
        metavar="X",
        help="share of bytes to give for faster decoding, 0..1 (default 0.03)",
    )
    add("--band-rows", type=int, metavar="N", help="rows of a band (default: about a megapixel)")
    add("--threads", type=int, metavar="N", help="bands coded at once (default: one a core)")


def given_options(args: argparse.Namespace) -> dict[str, Any]:
    """Return the options on the command line, with files by name, which are not yet read.

    Raises:
        TypeError, ValueError: one is out of range, or two do not go together.
    """
    given = {name: value for name, value in vars(args).items() if name in _NAMES}
    files = {"palette_from", "importance"}
    Options(**{name: value for name, value in given.items() if name not in files})
    if "fixed" in given and "palette_from" in given:
        raise ValueError("--fixed and --palette-from exclude each other")
    if "psnr" in given and "palette_from" in given:
        raise ValueError("--psnr chooses the colors, so it does not go with --palette-from")
    return given


def read_options(given: dict[str, Any]) -> dict[str, Any]:
    """Read the files that options name, and return options for the encoder."""
    options = dict(given)
    if "importance" in options:
        options["importance"] = read_picture(
            options["importance"], lambda image, _: np.asarray(image.convert("L"))
        )
    if "palette_from" in options:
        options["palette"] = read_palette(options.pop("palette_from"), options.get("colors", 256))
    return options


def read_palette(names: list[str], colors: int) -> Any:
    """Return the palette of a picture in its order, or one for several pictures: (K, 3 or 4)."""
    if len(names) == 1:
        return read_picture(names[0], lambda image, file: own_palette(image, file, colors))
    from kmcodec.codec import quantize_many  # here, as this module is also read for --help

    images = [read_picture(name, lambda image, _: image.copy()) for name in names]
    return quantize_many(images, colors)[0].palette


def own_palette(image: Image.Image, file: IO[bytes], colors: int) -> Any:
    """Return the palette that a picture has, or one chosen for it."""
    from kmcodec.codec import quantize
    from kmcodec.files import info
    from kmcodec.images.pixels import color_palette

    if image.format == FORMAT:
        return color_palette(info(file).palette)
    return quantize(image, colors).palette


def read_picture(name: str, take: Callable[[Image.Image, IO[bytes]], Any]) -> Any:
    """Open a picture that an option names, and return what ``take`` takes from it."""
    try:
        with open_picture(name) as file, Image.open(file) as image:
            image.load()
            return take(image, file)
    except FileError:
        raise
    except Exception as error:  # Pillow's readers raise many kinds
        raise explain(error, name) from error


def parse_color(text: str) -> tuple[int, ...]:
    """Parse a color as RGBA."""
    try:
        return tuple(ImageColor.getcolor(text, "RGBA"))  # type: ignore[arg-type]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no color") from None


def parse_dither(text: str) -> Dither:
    """Parse a strength, or ``auto``."""
    if text == "auto":
        return "auto"
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number, nor auto") from None


def parse_psnr(text: str) -> tuple[float, float]:
    """Parse ``DB`` or ``MIN-DB`` as the least PSNR to accept and the one to reach."""
    least, dash, wanted = text.rpartition("-")
    try:
        return float(least if dash else 0), float(wanted)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no PSNR, nor a pair as 30-36") from None

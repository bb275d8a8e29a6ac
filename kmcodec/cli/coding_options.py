"""Offer the encoder's options on a command line, one argument for each field of ``Options``."""

import argparse
from typing import Any, Final, get_args

from kmcodec.options import (
    CodingName,
    Dither,
    DitheringName,
    Options,
    SeedingName,
    SpaceName,
    WeightingName,
)

from .palette_files import Color, parse_palette, read_color

_NAMES: Final = (*Options.__dataclass_fields__, "palette_from")
_FILES: Final = {"importance", "palette", "palette_from"}
"""Options that name files, or may."""

_EXCLUSIVE: Final = (
    {"palette", "palette_from"},
    {"palette", "fixed"},
    {"palette", "psnr"},
    {"palette_from", "fixed"},
    {"palette_from", "psnr"},
)


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
        "--palette",
        type=parse_palette,
        metavar="COLORS",
        help="the palette in its order, as '#000,white', or a file: text, .hex, .gpl, .pal, .act",
    )
    add(
        "--palette-from",
        action="append",
        metavar="FILE",
        help="the palette of FILE in its order; one for all of several, of a directory, or if it "
        "has none",
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


def names_files(options: dict[str, Any]) -> bool:
    """Return whether options have files that are to be read."""
    return bool(_FILES & options.keys())


def given_options(args: argparse.Namespace) -> dict[str, Any]:
    """Return the options on the command line, with files by name, which are not yet read.

    Raises:
        TypeError, ValueError: one is out of range, or two do not go together.
    """
    given = {name: value for name, value in vars(args).items() if name in _NAMES}
    for names in _EXCLUSIVE:
        if len(names & given.keys()) > 1:
            one, other = sorted(name.replace("_", "-") for name in names)
            raise ValueError(f"--{one} and --{other} exclude each other")
    Options(**{name: value for name, value in given.items() if name not in _FILES})
    return given


def parse_color(text: str) -> Color:
    """Parse a color."""
    try:
        return read_color(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


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

"""The pipelines that are compared: whole tools, coders of the same pixels, and lossy codecs.

A *tool* gets the picture, a *coder* the pixels that kmcodec quantized, and a *lossy* codec the
picture and the PSNR to reach.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from PIL import Image

import kmcodec

from .formats import CODECS, CODERS, Format, kmq_decode, opened, oxipng, saved
from .pictures import Coded, Picture, indexed
from .quality import Pixels, mean_squared_error, psnr
from .quantizers import QUANTIZERS, Quantizer, with_kmcodec

MOST_COLORS = 256
RATE = 8.0


class Setting(NamedTuple):
    """At most so many colors, or as few as reach a PSNR."""

    colors: int = MOST_COLORS
    psnr: float | None = None

    @property
    def name(self) -> str:
        """Name it as in tables."""
        return f"{self.colors} colors" if self.psnr is None else f"{self.psnr:g} dB"


@dataclass(frozen=True)
class Case:
    """A picture at a setting, what kmcodec makes of it, and its PSNR, for lossy codecs to reach."""

    picture: Picture
    setting: Setting
    coded: Coded
    psnr: float


def make_case(picture: Picture, setting: Setting) -> Case:
    """Quantize a picture."""
    options: dict[str, Any] = {} if setting.psnr is None else {"psnr": setting.psnr}
    coded = Coded(*with_kmcodec(**options).reduce(picture.image, setting.colors))
    return Case(picture, setting, coded, psnr(mean_squared_error(coded.pixels, picture.pixels)))


Encoder = Callable[[], bytes]
Preparation = Callable[[Case], Encoder | None]


class Pipeline(NamedTuple):
    """A way from a picture to bytes and back.

    Attributes:
        kind: ``"tool"``, ``"coder"`` or ``"lossy"``.
        prepare: gives the call to be timed, or None where the setting is out of reach.
        decode: bytes to (height, width, 3) pixels.
        needs: modules, commands (``$name``) and features of Pillow (``PIL:name``) it needs.
    """

    kind: str
    prepare: Preparation
    decode: Callable[[bytes], Pixels]
    needs: tuple[str, ...] = ()


def least(low: int, high: int, passes: Callable[[int], bool]) -> int | None:
    """Find a number that passes where the one below does not; None if the highest fails.

    It is the least if all above pass, too; PSNR rises with colors and levels nearly always.
    """
    if not passes(high):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if passes(middle) else (middle + 1, high)
    return high


def least_colors(quantizer: Quantizer, case: Case) -> int | None:
    """Take the colors of the setting, or the fewest that reach its PSNR; None if none do."""
    wanted = case.setting.psnr
    if wanted is None:
        return case.setting.colors

    def reaches(colors: int) -> bool:
        palette, indices = quantizer.reduce(case.picture.image, colors)
        return psnr(mean_squared_error(palette[indices], case.picture.pixels)) >= wanted

    return least(2, MOST_COLORS, reaches)


def optimized(image: Image.Image) -> bytes:
    """Save an optimized PNG."""
    return oxipng(saved(image, "PNG"))


def tool(name: str, write: Callable[[Image.Image], bytes], *needs: str) -> Pipeline:
    """Make a tool of a quantizer that writes PNG."""
    quantizer = QUANTIZERS[name]

    def prepare(case: Case) -> Encoder | None:
        colors = least_colors(quantizer, case)
        if colors is None:
            return None
        return lambda: write(indexed(*quantizer.reduce(case.picture.image, colors)))

    return Pipeline("tool", prepare, opened, (*quantizer.needs, *needs))


def kmq(**options: Any) -> Pipeline:
    """Make a tool of kmcodec, with the number of colors that reach the setting's PSNR."""

    def prepare(case: Case) -> Encoder | None:
        colors: int | None = case.setting.colors
        if case.setting.psnr is not None:
            colors = len(case.coded.palette)
            if "rate" in options:  # which lowers the PSNR: it may take more
                colors = least_colors(with_kmcodec(**options), case)
        if colors is None:
            return None
        return lambda: kmcodec.encode(case.picture.image, colors, threads=1, **options)

    return Pipeline("tool", prepare, kmq_decode)


def coder(own: Format) -> Pipeline:
    """Make a pipeline of a coder."""
    return Pipeline("coder", lambda case: lambda: own.encode(case.coded), own.decode, own.needs)


def lossy(codec: Format) -> Pipeline:
    """Make a pipeline of a codec, at the lowest level that reaches the PSNR of kmcodec."""

    def prepare(case: Case) -> Encoder | None:
        level = least_level(codec, case)
        return None if level is None else lambda: codec.encode(case.picture, level)

    return Pipeline("lossy", prepare, codec.decode, codec.needs)


def least_level(codec: Format, case: Case) -> int | None:
    """Find the lowest level that reaches the PSNR of kmcodec; None if there is none."""
    if math.isinf(case.psnr):
        return None
    return least(0, 100, lambda level: psnr_at(codec, case.picture, level) >= case.psnr)


@lru_cache(maxsize=512)  # the settings of a picture follow one another
def psnr_at(codec: Format, picture: Picture, level: int) -> float:
    """Measure a level of a codec."""
    return psnr(mean_squared_error(codec.decode(codec.encode(picture, level)), picture.pixels))


BASE = ".kmq modelled"
"""The pipeline that others are compared with."""

PIPELINES = {
    BASE: kmq(),
    f".kmq rate={RATE:g}": kmq(rate=RATE),
    ".kmq packed": kmq(coding="packed"),
    "Pillow quantize + PNG": tool("Pillow", lambda image: saved(image, "PNG", optimize=True)),
    "imagequant + oxipng -o4": tool("imagequant", optimized, "oxipng"),
    "pngquant + oxipng -o4": tool("pngquant", optimized, "oxipng"),
    **{name: coder(own) for name, own in CODERS.items()},
    **{name: lossy(codec) for name, codec in CODECS.items()},
}

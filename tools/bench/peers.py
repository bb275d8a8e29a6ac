"""The pipelines that are compared: whole tools, coders of the same pixels, and lossy codecs.

A *tool* gets the picture, a *coder* the pixels that kmcodec quantized, and a *lossy* codec the
picture and the PSNR to reach. All run in one thread.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

import kmcodec

from .cases import MOST_COLORS, Case, least
from .formats import (
    avif_opened,
    indexed,
    jxl,
    jxl_decode,
    opened,
    oxipng,
    piped,
    saved,
    webp_lossless,
)
from .installed import is_there
from .lossy import Decoder, Encoder, avif_lossy, jxl_lossy, lossy, webp_lossy
from .measure import Pixels, mean_squared_error, psnr

Reducer = Callable[[Image.Image, int], Image.Image]

RATE = 8.0


@dataclass(frozen=True)
class Pipeline:
    """A way from a picture to bytes and back.

    Attributes:
        name: as it stands in tables.
        kind: ``"tool"``, ``"coder"`` or ``"lossy"``.
        prepare: gives the call to be timed, or None where the setting is out of reach.
        decode: bytes to (height, width, 3) pixels.
        needs: modules, commands (``$name``) and features of Pillow (``PIL:name``) it needs.
    """

    name: str
    kind: str
    prepare: Callable[[Case], Encoder | None]
    decode: Decoder
    needs: tuple[str, ...] = field(default=())

    @property
    def is_command(self) -> bool:
        """Whether it encodes in a process of its own, whose memory is not measured."""
        return any(need.startswith("$") for need in self.needs)

    def missing(self) -> list[str]:
        """What it needs and is not there."""
        return [need for need in self.needs if not is_there(need)]


# Whole tools


def with_pillow(image: Image.Image, colors: int) -> Image.Image:
    return image.quantize(colors)


def with_imagequant(image: Image.Image, colors: int) -> Image.Image:
    import imagequant

    rgba = image.convert("RGBA")
    return imagequant.quantize_pil_image(rgba, dithering_level=0, max_colors=colors)


def with_pngquant(image: Image.Image, colors: int) -> Image.Image:
    png = saved(image, "PNG", compress_level=1)
    return Image.open(BytesIO(piped(png, "pngquant", "--nofs", str(colors), "-")))


def least_colors(reduce: Reducer, case: Case) -> int | None:
    """The colors of the setting, or the fewest that reach its PSNR; None if none do."""

    def reaches(colors: int) -> bool:
        pixels = np.asarray(reduce(case.picture.image, colors).convert("RGB"))
        return psnr(mean_squared_error(pixels, case.picture.pixels)) >= (case.setting.quality or 0)

    return case.setting.colors if case.setting.quality is None else least(2, MOST_COLORS, reaches)


def tool(
    reduce: Reducer, write: Callable[[Image.Image], bytes]
) -> Callable[[Case], Encoder | None]:
    """A tool that reduces colors and writes a file."""

    def prepare(case: Case) -> Encoder | None:
        colors = least_colors(reduce, case)
        return None if colors is None else (lambda: write(reduce(case.picture.image, colors)))

    return prepare


def optimized(image: Image.Image) -> bytes:
    return saved(image, "PNG", optimize=True)


def oxipng_file(image: Image.Image) -> bytes:
    return oxipng(saved(image, "PNG"))


def kmq(**options: Any) -> Callable[[Case], Encoder]:
    """kmcodec, from picture to file; with the number of colors that reach the setting's PSNR."""

    def prepare(case: Case) -> Encoder:
        colors = case.setting.colors if case.setting.quality is None else len(case.palette)
        return lambda: kmcodec.encode(case.picture.image, colors, threads=1, **options)

    return prepare


def kmq_with_rate(case: Case) -> Encoder | None:
    """Kmcodec with a rate, which lowers the PSNR: a setting's PSNR may take more colors."""

    def quantize(image: Image.Image, colors: int) -> Image.Image:
        palette, indices = kmcodec.quantize(image, colors, rate=RATE)
        return Image.fromarray(palette[indices])

    colors = least_colors(quantize, case)
    if colors is None:
        return None
    return lambda: kmcodec.encode(case.picture.image, colors, rate=RATE, threads=1)


def kmq_decode(data: bytes) -> Pixels:
    return kmcodec.decode(data, threads=1)


# Coders of the same pixels


def kmq_coder(coding: str) -> Callable[[Case], Encoder]:
    return lambda case: (
        lambda: kmcodec.encode_indexed(case.palette, case.indices, coding=coding, threads=1)
    )


def png_coder(case: Case) -> Encoder:
    return lambda: oxipng_file(indexed(case.palette, case.indices))


def gif_coder(case: Case) -> Encoder:
    return lambda: saved(indexed(case.palette, case.indices), "GIF")


def gifsicle_coder(case: Case) -> Encoder:
    gif = gif_coder(case)
    return lambda: piped(gif(), "gifsicle", "--no-warnings", "-O3")


def cwebp_coder(case: Case) -> Encoder:
    pixels = saved(Image.fromarray(case.quantized), "PPM")
    return lambda: piped(pixels, "cwebp", "-quiet", "-lossless", "-o", "-", "--", "-")


def webp_coder(case: Case) -> Encoder:
    image = Image.fromarray(case.quantized)
    return lambda: webp_lossless(image)


def jxl_coder(case: Case) -> Encoder:
    pixels = case.quantized
    return lambda: jxl(pixels, lossless=True, effort=9)


PIPELINES = (
    Pipeline(".kmq modelled", "tool", kmq(), kmq_decode),
    Pipeline(f".kmq rate={RATE:g}", "tool", kmq_with_rate, kmq_decode),
    Pipeline(".kmq packed", "tool", kmq(coding="packed"), kmq_decode),
    Pipeline("Pillow quantize + PNG", "tool", tool(with_pillow, optimized), opened),
    Pipeline(
        "imagequant + oxipng -o4",
        "tool",
        tool(with_imagequant, oxipng_file),
        opened,
        ("imagequant", "oxipng"),
    ),
    Pipeline(
        "pngquant + oxipng -o4",
        "tool",
        tool(with_pngquant, oxipng_file),
        opened,
        ("$pngquant", "oxipng"),
    ),
    Pipeline("modelled indices", "coder", kmq_coder("modelled"), kmq_decode),
    Pipeline("packed indices", "coder", kmq_coder("packed"), kmq_decode),
    Pipeline("PNG by oxipng -o4", "coder", png_coder, opened, ("oxipng",)),
    Pipeline("GIF", "coder", gif_coder, opened),
    Pipeline("GIF by gifsicle -O3", "coder", gifsicle_coder, opened, ("$gifsicle",)),
    Pipeline("WebP lossless by cwebp", "coder", cwebp_coder, opened, ("$cwebp", "PIL:webp")),
    Pipeline("WebP lossless -m6", "coder", webp_coder, opened, ("PIL:webp",)),
    Pipeline("JPEG XL lossless -e9", "coder", jxl_coder, jxl_decode, ("imagecodecs",)),
    Pipeline("WebP -m6", "lossy", lossy(webp_lossy, opened), opened, ("PIL:webp",)),
    Pipeline("AVIF -s6 4:4:4", "lossy", lossy(avif_lossy, avif_opened), avif_opened, ("PIL:avif",)),
    Pipeline("JPEG XL -e7", "lossy", lossy(jxl_lossy, jxl_decode), jxl_decode, ("imagecodecs",)),
)

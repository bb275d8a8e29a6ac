"""The pipelines that are compared: whole tools, coders of the same pixels, and lossy codecs.

A *tool* gets the picture, a *coder* the pixels that kmcodec quantized, and a *lossy* codec the
picture and the PSNR to reach. All run in one thread.
"""

import io
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

import numpy as np
from bench_cases import MOST_COLORS, Case, Picture
from bench_measure import Pixels, mean_squared_error, psnr
from PIL import Image, features

import kmcodec

os.environ.setdefault("RAYON_NUM_THREADS", "1")  # of oxipng and imagequant, before they start

Encoder = Callable[[], bytes]

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
    decode: Callable[[bytes], Pixels]
    needs: tuple[str, ...] = field(default=())

    def missing(self) -> list[str]:
        """What it needs and is not there."""
        return [need for need in self.needs if not is_there(need)]


def is_there(need: str) -> bool:
    """Whether a module, a command or a feature of Pillow is installed."""
    if need.startswith("$"):
        return shutil.which(need[1:]) is not None
    if need.startswith("PIL:"):
        return bool(features.check(need[4:]))
    return find_spec(need) is not None


# Through Pillow


def saved(image: Image.Image, format_name: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, format_name, **options)
    return file.getvalue()


def opened(data: bytes) -> Pixels:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))


def oxipng(png: bytes) -> bytes:
    import oxipng

    return oxipng.optimize_from_memory(png, level=4)


def indexed(case: Case) -> Image.Image:
    """The quantized pixels as a picture of mode P."""
    image = Image.fromarray(case.indices.astype(np.uint8))
    image.putpalette(case.palette.tobytes())
    return image


# Whole tools


def with_pillow(image: Image.Image, colors: int) -> Image.Image:
    return image.quantize(colors)


def with_imagequant(image: Image.Image, colors: int) -> Image.Image:
    import imagequant

    rgba = image.convert("RGBA")
    return imagequant.quantize_pil_image(rgba, dithering_level=0, max_colors=colors)


def with_pngquant(image: Image.Image, colors: int) -> Image.Image:
    command = ["pngquant", "--nofs", str(colors), "-"]
    png = saved(image, "PNG", compress_level=1)
    result = subprocess.run(command, input=png, capture_output=True, check=True)
    return Image.open(io.BytesIO(result.stdout))


def tool(
    reduce: Callable[[Image.Image, int], Image.Image], write: Callable[[Image.Image], bytes]
) -> Callable[[Case], Encoder | None]:
    """A tool with the colors of the setting, or the fewest that reach its PSNR."""

    def reaches(case: Case, colors: int) -> bool:
        pixels = np.asarray(reduce(case.picture.image, colors).convert("RGB"))
        return psnr(mean_squared_error(pixels, case.picture.pixels)) >= (case.setting.quality or 0)

    def prepare(case: Case) -> Encoder | None:
        colors: int | None = case.setting.colors
        if case.setting.quality is not None:
            colors = least(2, MOST_COLORS, lambda number: reaches(case, number))
        return None if colors is None else (lambda: write(reduce(case.picture.image, colors)))

    return prepare


def optimized(image: Image.Image) -> bytes:
    return saved(image, "PNG", optimize=True)


def oxipng_file(image: Image.Image) -> bytes:
    return oxipng(saved(image, "PNG"))


def kmq(**options: Any) -> Callable[[Case], Encoder]:
    """kmcodec, from picture to file."""

    def prepare(case: Case) -> Encoder:
        return lambda: kmcodec.encode(case.picture.image, **case.setting.options, **options)

    return prepare


def kmq_decode(data: bytes) -> Pixels:
    return kmcodec.decode(data, threads=1)


# Coders of the same pixels


def kmq_coder(coding: str) -> Callable[[Case], Encoder]:
    return lambda case: (
        lambda: kmcodec.encode_indexed(case.palette, case.indices, coding=coding, threads=1)
    )


def png_coder(case: Case) -> Encoder:
    return lambda: oxipng_file(indexed(case))


def gif_coder(case: Case) -> Encoder:
    return lambda: saved(indexed(case), "GIF")


def webp_coder(case: Case) -> Encoder:
    image = Image.fromarray(case.quantized)
    return lambda: saved(image, "WEBP", lossless=True, quality=100, method=6)


def jxl_coder(case: Case) -> Encoder:
    pixels = case.quantized
    return lambda: jxl(pixels, lossless=True, effort=9)


def jxl(pixels: Pixels, **options: Any) -> bytes:
    import imagecodecs

    return imagecodecs.jpegxl_encode(pixels, numthreads=1, **options)


def jxl_decode(data: bytes) -> Pixels:
    import imagecodecs

    return imagecodecs.jpegxl_decode(data, numthreads=1)


# Lossy codecs


def webp_lossy(picture: Picture, level: int) -> bytes:
    return saved(picture.image, "WEBP", quality=level, method=6)


def avif_lossy(picture: Picture, level: int) -> bytes:
    options = {"quality": level, "speed": 6, "subsampling": "4:4:4", "max_threads": 1}
    return saved(picture.image, "AVIF", **options)


def jxl_lossy(picture: Picture, level: int) -> bytes:
    return jxl(picture.pixels, distance=0.1 + (100 - level) / 8)


def lossy(
    encode: Callable[[Picture, int], bytes], decode: Callable[[bytes], Pixels]
) -> Callable[[Case], Encoder | None]:
    """A codec at the lowest of its 101 levels that reaches what kmcodec's palette does."""

    @lru_cache(maxsize=128)  # the settings of a picture follow one another
    def reached(picture: Picture, level: int) -> float:
        return psnr(mean_squared_error(decode(encode(picture, level)), picture.pixels))

    def prepare(case: Case) -> Encoder | None:
        if np.isinf(case.psnr):
            return None
        level = least(0, 100, lambda number: reached(case.picture, number) >= case.psnr)
        return None if level is None else (lambda: encode(case.picture, level))

    return prepare


def least(low: int, high: int, passes: Callable[[int], bool]) -> int | None:
    """The least number that passes, by bisection; None if the highest does not."""
    if not passes(high):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if passes(middle) else (middle + 1, high)
    return high


PIPELINES = (
    Pipeline(".kmq modelled", "tool", kmq(), kmq_decode),
    Pipeline(f".kmq rate={RATE:g}", "tool", kmq(rate=RATE), kmq_decode),
    Pipeline(".kmq packed", "tool", kmq(coding="packed"), kmq_decode),
    Pipeline("Pillow quantize, PNG", "tool", tool(with_pillow, optimized), opened),
    Pipeline(
        "imagequant, oxipng -o4",
        "tool",
        tool(with_imagequant, oxipng_file),
        opened,
        ("imagequant", "oxipng"),
    ),
    Pipeline(
        "pngquant, oxipng -o4",
        "tool",
        tool(with_pngquant, oxipng_file),
        opened,
        ("$pngquant", "oxipng"),
    ),
    Pipeline("modelled indices", "coder", kmq_coder("modelled"), kmq_decode),
    Pipeline("packed indices", "coder", kmq_coder("packed"), kmq_decode),
    Pipeline("PNG, oxipng -o4", "coder", png_coder, opened, ("oxipng",)),
    Pipeline("GIF", "coder", gif_coder, opened),
    Pipeline("WebP lossless -m6", "coder", webp_coder, opened, ("PIL:webp",)),
    Pipeline("JPEG XL lossless -e9", "coder", jxl_coder, jxl_decode, ("imagecodecs",)),
    Pipeline("WebP -m6", "lossy", lossy(webp_lossy, opened), opened, ("PIL:webp",)),
    Pipeline("AVIF -s6 4:4:4", "lossy", lossy(avif_lossy, opened), opened, ("PIL:avif",)),
    Pipeline("JPEG XL -e7", "lossy", lossy(jxl_lossy, jxl_decode), jxl_decode, ("imagecodecs",)),
)

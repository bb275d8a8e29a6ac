"""The formats that are compared, each read and written in one thread."""

import io
import subprocess
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
from PIL import Image

import kmcodec

from .pictures import Coded, Picture, indexed
from .quality import Pixels


def saved(image: Image.Image, format_name: str, **options: Any) -> bytes:
    """Save with Pillow."""
    file = io.BytesIO()
    image.save(file, format_name, **options)
    return file.getvalue()


def opened(data: bytes) -> Pixels:
    """Open with Pillow."""
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))


def opened_avif(data: bytes) -> Pixels:
    """Open with Pillow in one thread."""
    from PIL import AvifImagePlugin

    with mock.patch.object(AvifImagePlugin, "DEFAULT_MAX_THREADS", 1):
        return opened(data)


def piped(data: bytes, *command: str) -> bytes:
    """Pipe data through a command."""
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout


def oxipng(png: bytes) -> bytes:
    """Optimize a PNG."""
    import oxipng

    optimized: bytes = oxipng.optimize_from_memory(png, level=4)
    return optimized


def gifsicle(gif: bytes) -> bytes:
    """Optimize a GIF."""
    return piped(gif, "gifsicle", "--no-warnings", "-O3")


def webp_lossless(image: Image.Image) -> bytes:
    """Save as lossless WebP, as small as can be."""
    return saved(image, "WEBP", lossless=True, quality=100, method=6)


def jxl(pixels: Pixels, **options: Any) -> bytes:
    """Encode to JPEG XL."""
    import imagecodecs

    data: bytes = imagecodecs.jpegxl_encode(pixels, numthreads=1, **options)
    return data


def jxl_lossless(pixels: Pixels, effort: int = 9) -> bytes:
    """Encode to JPEG XL without loss."""
    return jxl(pixels, lossless=True, effort=effort)


def jxl_decode(data: bytes) -> Pixels:
    """Decode JPEG XL."""
    import imagecodecs

    return np.asarray(imagecodecs.jpegxl_decode(data, numthreads=1))


def kmq_decode(data: bytes) -> Pixels:
    """Decode .kmq."""
    return kmcodec.decode(data, threads=1)


class Format(NamedTuple):
    """A lossless format of a ``Coded``, or a lossy one of a ``Picture`` and a level up to 100."""

    encode: Callable[..., bytes]
    decode: Callable[[bytes], Pixels]
    needs: tuple[str, ...] = ()


def kmq_indices(coded: Coded, **options: Any) -> bytes:
    """Encode a palette and indices to .kmq."""
    return kmcodec.encode_indexed(coded.palette, coded.indices, threads=1, **options)


def gif(coded: Coded) -> bytes:
    """Encode to GIF with Pillow."""
    return saved(indexed(coded.palette, coded.indices), "GIF")


def avif(picture: Picture, level: int) -> bytes:
    """Encode to AVIF."""
    options = {"quality": level, "speed": 6, "subsampling": "4:4:4", "max_threads": 1}
    return saved(picture.image, "AVIF", **options)


CODERS = {
    "modelled indices": Format(partial(kmq_indices, coding="modelled"), kmq_decode),
    "packed indices": Format(partial(kmq_indices, coding="packed"), kmq_decode),
    "PNG by oxipng -o4": Format(
        lambda coded: oxipng(saved(indexed(coded.palette, coded.indices), "PNG")),
        opened,
        ("oxipng",),
    ),
    "GIF": Format(gif, opened),
    "GIF by gifsicle -O3": Format(lambda coded: gifsicle(gif(coded)), opened, ("$gifsicle",)),
    "WebP lossless by cwebp": Format(
        lambda coded: piped(
            saved(coded.image, "PPM"), "cwebp", "-quiet", "-lossless", "-o", "-", "--", "-"
        ),
        opened,
        ("$cwebp", "PIL:webp"),
    ),
    "WebP lossless -m6": Format(lambda coded: webp_lossless(coded.image), opened, ("PIL:webp",)),
    "JPEG XL lossless -e9": Format(
        lambda coded: jxl_lossless(coded.pixels), jxl_decode, ("imagecodecs",)
    ),
}
CODECS = {
    "WebP -m6": Format(
        lambda picture, level: saved(picture.image, "WEBP", quality=level, method=6),
        opened,
        ("PIL:webp",),
    ),
    "AVIF -s6 4:4:4": Format(avif, opened_avif, ("PIL:avif",)),
    "JPEG XL -e7": Format(
        lambda picture, level: jxl(picture.pixels, distance=0.1 + (100 - level) / 8, effort=7),
        jxl_decode,
        ("imagecodecs",),
    ),
}

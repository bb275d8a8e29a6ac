"""Reading and writing the formats of peers, in one thread."""

import io
import os
import subprocess
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from PIL import Image

from .measure import Pixels

os.environ["RAYON_NUM_THREADS"] = "1"  # of oxipng, before it starts
os.environ["OMP_NUM_THREADS"] = "1"  # of pngquant


def open_colors(path: Path) -> Image.Image:
    """A picture as RGB or RGBA: what peers keep is pixels, not metadata or a palette's order."""
    with Image.open(path) as image:
        image.load()
        alpha = "transparency" in image.info or image.mode in ("LA", "PA", "RGBA")
        colors = image.convert("RGBA" if alpha else "RGB")
    colors.info.clear()
    return colors


def saved(image: Image.Image, format_name: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, format_name, **options)
    return file.getvalue()


def avif_opened(data: bytes) -> Pixels:
    from PIL import AvifImagePlugin

    with mock.patch.object(AvifImagePlugin, "DEFAULT_MAX_THREADS", 1):
        return opened(data)


def opened(data: bytes) -> Pixels:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))


def oxipng(png: bytes) -> bytes:
    import oxipng

    return oxipng.optimize_from_memory(png, level=4)


def piped(data: bytes, *command: str) -> bytes:
    """What a command makes of its input."""
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout


def indexed(palette: Pixels, indices: np.ndarray) -> Image.Image:
    """A picture of mode P."""
    image = Image.fromarray(indices.astype(np.uint8))
    image.putpalette(palette.tobytes())
    return image


def webp_lossless(image: Image.Image) -> bytes:
    return saved(image, "WEBP", lossless=True, quality=100, method=6)


def jxl(pixels: Pixels, **options: Any) -> bytes:
    import imagecodecs

    return imagecodecs.jpegxl_encode(pixels, numthreads=1, **options)


def jxl_decode(data: bytes) -> Pixels:
    import imagecodecs

    return imagecodecs.jpegxl_decode(data, numthreads=1)

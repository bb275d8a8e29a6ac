"""Pictures made in code whose patterns other coders are good at, beside those coders."""

import lzma
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import kmcodec

from .formats import jxl, webp_lossless
from .installed import is_there, stamp
from .measure import Pixels, seconds

COLUMNS = [
    "picture",
    "width",
    "height",
    "colors",
    "bytes",
    "webp_bytes",
    "jxl_bytes",
    "xz_bytes",
    "decode_seconds",
]
SIDE = 512
GRAYS = np.repeat(np.arange(256, dtype=np.uint8)[:, np.newaxis], 3, axis=1)
WORDS = ("palette", "index", "centroid", "band", "inertia", "seeding", "a", "of", "the", "and")


def bayer_matrix() -> np.ndarray:
    """The 8 x 8 thresholds of ordered dithering, between 0 and 1."""
    matrix = np.zeros((1, 1), int)
    for _ in range(3):
        matrix = np.block([[4 * matrix, 4 * matrix + 2], [4 * matrix + 3, 4 * matrix + 1]])
    return (matrix + 0.5) / 64


def barcode() -> Pixels:
    """Random modules of 4 x 4 pixels, as in a large two-dimensional code."""
    modules = np.random.default_rng(0).integers(0, 2, (151, 151))
    return GRAYS[255 * np.kron(modules, np.ones((4, 4), int))]


def bayer_ramp(levels: int) -> Pixels:
    """A ramp from black to white, dithered in order to so many levels."""
    ramp = np.linspace(0, levels - 1, SIDE)
    thresholds = np.tile(bayer_matrix(), (SIDE // 8, SIDE // 8))
    return GRAYS[np.floor(ramp + thresholds).clip(0, levels - 1).astype(int) * 255 // (levels - 1)]


def dots() -> Pixels:
    """Black dots on white, 12 pixels apart."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] % 12 - 5.5
    return GRAYS[np.where(x * x + y * y < 9, 0, 255)]


def ordered() -> Pixels:
    """A diagonal gradient in 16 colors, dithered in order by kmcodec."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] / (SIDE - 1)
    channels = 127.5 * (x + y), 255 * (0.6 * x + 0.4 * y), 255 - 100 * (x + y)
    gradient = np.stack(channels, axis=-1).astype(np.uint8)
    palette, indices = kmcodec.quantize(gradient, 16, dithering="ordered", dither=1)
    return palette[indices]


def gray_ramp(width: int, height: int) -> Pixels:
    """All grays from left to right."""
    return GRAYS[np.broadcast_to(np.arange(width) * 256 // width, (height, width))]


def two_colors(right: int, down: int) -> Pixels:
    """From red to blue in 256 steps, falling by so much to the right and down."""
    first, last = np.array((255, 40, 0)), np.array((0, 60, 255))
    steps = np.linspace(first, last, 256).round().astype(np.uint8)
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    return steps[(right * x + down * y) * 256 // ((right + down) * SIDE)]


def tile_map() -> Pixels:
    """A map of 16 x 16 tiles of noise in 32 colors, as in old games."""
    rng = np.random.default_rng(0)
    tiles = rng.integers(0, 32, (24, 16, 16)).astype(np.uint8)
    chosen = tiles[rng.integers(0, 24, (32, 32))]
    palette = rng.integers(0, 256, (32, 3)).astype(np.uint8)
    return palette[chosen.transpose(0, 2, 1, 3).reshape(SIDE, SIDE)]


def page() -> Pixels:
    """A page of text with smooth edges."""
    rng = np.random.default_rng(0)
    image = Image.new("RGB", (800, 600), "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(14)
    for y in range(8, 580, 18):
        draw.text((8, y), " ".join(rng.choice(WORDS, 14)), fill="black", font=font)
    return np.asarray(image)


def made_pictures() -> Iterator[tuple[str, Pixels]]:
    """All of them by name, of at most 256 colors each."""
    yield "barcode", barcode()
    yield "Bayer ramp of 2 levels", bayer_ramp(2)
    yield "Bayer ramp of 8 levels", bayer_ramp(8)
    yield "dots", dots()
    yield "ordered dithering", ordered()
    yield "gray ramp", gray_ramp(1024, 512)
    yield "two colors", two_colors(1, 0)
    yield "two colors, slanted", two_colors(8, 3)
    yield "tile map", tile_map()
    yield "page of text", page()
    yield "large gray ramp", gray_ramp(4096, 4096)


def measure_made(only: list[str] | None) -> dict[str, Any]:
    """Bytes of all pictures or some by kmcodec and by others, and seconds to decode them."""
    rows = []
    for name, pixels in made_pictures():
        if not only or name in only:
            rows.append([name, *measure_picture(name, pixels)])
            print(name, file=sys.stderr, flush=True)
    return {**stamp(), "columns": COLUMNS, "rows": rows}


def measure_picture(name: str, pixels: Pixels) -> list[float | None]:
    """The columns of a picture, which must be exact; xz gets a byte a pixel, not colors."""
    data = kmcodec.encode(pixels)
    if not np.array_equal(kmcodec.decode(data), pixels):
        sys.exit(f"kmq-bench-modelled: {name} does not decode to its pixels")
    palette, indices = kmcodec.decode_indexed(data)
    height, width = indices.shape
    return [
        width,
        height,
        len(palette),
        len(data),
        len(webp_lossless(Image.fromarray(pixels))),
        len(jxl(pixels, lossless=True, effort=9)) if is_there("imagecodecs") else None,
        len(lzma.compress(indices.tobytes(), preset=9 | lzma.PRESET_EXTREME)),
        *seconds(lambda: kmcodec.decode(data, threads=1), runs=3),
    ]

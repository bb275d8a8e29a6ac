"""Pictures that are generated, for benches that need no files."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

import kmcodec
from kmcodec.format import Indices, index_dtype

from .pictures import Coded
from .quality import Pixels

SIDE = 512
GRAYS = np.repeat(np.arange(256, dtype=np.uint8)[:, np.newaxis], 3, axis=1)
WORDS = ("palette", "index", "centroid", "band", "inertia", "seeding", "a", "of", "the", "and")


def photo(megapixels: float) -> Pixels:
    """Make smooth color with grain: more distinct colors than any palette, as in a photograph."""
    side = round((megapixels * 1e6) ** 0.5)
    y, x = (np.arange(side, dtype=np.float32) / side for _ in range(2))
    rng = np.random.default_rng(0)
    pixels = np.empty((side, side, 3), np.uint8)
    for channel, (fast, slow) in enumerate(((9, 4), (7, 5), (5, 11))):
        waves = np.sin(fast * x)[np.newaxis] + np.cos(slow * y)[:, np.newaxis]
        waves = 127 + 55 * waves + 4 * rng.standard_normal(waves.shape, np.float32)
        pixels[:, :, channel] = waves.clip(0, 255)
    return pixels


def surface(size: int, levels: int, noise: float) -> Indices:
    """Make indices of a smooth surface in so many levels, with some noise: like a picture's."""
    y, x = np.mgrid[0:size, 0:size] / size
    waves = np.sin(9 * x + 4 * y) + np.cos(11 * y - 3 * x * y)
    waves += noise * np.random.default_rng(0).standard_normal(waves.shape)
    low, high = waves.min(), waves.max()
    indices = np.minimum((waves - low) / (high - low) * levels, levels - 1)
    return np.asarray(indices, index_dtype(levels))


def grays(levels: NDArray[np.integer]) -> Pixels:
    """Color levels gray."""
    return Coded(GRAYS, levels.astype(np.uint8)).pixels


def bayer_matrix() -> NDArray[np.float64]:
    """Make the 8 x 8 thresholds of ordered dithering, between 0 and 1."""
    matrix = np.zeros((1, 1), int)
    for _ in range(3):
        matrix = np.block([[4 * matrix, 4 * matrix + 2], [4 * matrix + 3, 4 * matrix + 1]])
    return np.asarray((matrix + 0.5) / 64)


def barcode() -> Pixels:
    """Draw random modules of 4 x 4 pixels, as in a large two-dimensional code."""
    modules = np.random.default_rng(0).integers(0, 2, (151, 151))
    return grays(255 * np.kron(modules, np.ones((4, 4), int)))


def bayer_ramp(levels: int) -> Pixels:
    """Draw a ramp from black to white, dithered in order to so many levels."""
    ramp = np.linspace(0, levels - 1, SIDE)
    thresholds = np.tile(bayer_matrix(), (SIDE // 8, SIDE // 8))
    return grays(np.floor(ramp + thresholds).clip(0, levels - 1).astype(int) * 255 // (levels - 1))


def dots() -> Pixels:
    """Draw black dots on white, 12 pixels apart."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] % 12 - 5.5
    return grays(np.where(x * x + y * y < 9, 0, 255))


def ordered() -> Pixels:
    """Draw a diagonal gradient in 16 colors, dithered in order by kmcodec."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] / (SIDE - 1)
    channels = 127.5 * (x + y), 255 * (0.6 * x + 0.4 * y), 255 - 100 * (x + y)
    gradient = np.stack(channels, axis=-1).astype(np.uint8)
    palette, indices = kmcodec.quantize(gradient, 16, dithering="ordered", dither=1)
    return Coded(palette, indices).pixels


def gray_ramp(width: int, height: int) -> Pixels:
    """Draw all grays from left to right."""
    return grays(np.broadcast_to(np.arange(width) * 256 // width, (height, width)))


def two_colors(right: int, down: int) -> Pixels:
    """Go from red to blue in 256 steps, falling by so much to the right and down."""
    first, last = np.array((255, 40, 0)), np.array((0, 60, 255))
    steps = np.linspace(first, last, 256).round().astype(np.uint8)
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    indices = (right * x + down * y) * 256 // ((right + down) * SIDE)
    return Coded(steps, indices.astype(np.uint8)).pixels


def tile_map() -> Pixels:
    """Draw a map of 16 x 16 tiles of noise in 32 colors, as in old games."""
    rng = np.random.default_rng(0)
    tiles = rng.integers(0, 32, (24, 16, 16)).astype(np.uint8)
    chosen = tiles[rng.integers(0, 24, (32, 32))]
    palette = rng.integers(0, 256, (32, 3)).astype(np.uint8)
    return palette[chosen.transpose(0, 2, 1, 3).reshape(SIDE, SIDE)]


def cutout(seed: int, side: int = 64, scale: int = 4) -> Image.Image:
    """Cut a disc or a sprite out of a shaded square: smooth edges, and a soft shadow.

    Colors are black where alpha is 0.
    """
    rng = np.random.default_rng(seed)
    large = side * scale
    mask = Image.new("L", (large, large))
    x, y = large * rng.uniform(0.45, 0.55, 2)
    radii = large * rng.uniform(0.15, 0.38, 1 if seed % 2 else 12)
    turns = np.linspace(0, 2 * np.pi, len(radii) if seed % 2 == 0 else 90, endpoint=False)
    outline = np.stack((x + radii * np.cos(turns), y + radii * np.sin(turns)), axis=1)
    ImageDraw.Draw(mask).polygon(outline.ravel().tolist(), fill=255)
    mask = mask.resize((side, side), Image.Resampling.BOX)
    steps = np.linspace(0, 1, side)[:, np.newaxis] * np.linspace(0.5, 1, side)
    first, last = rng.integers(0, 256, (2, 3))
    shaded = first + steps[:, :, np.newaxis] * (last - first)
    body = Image.fromarray(shaded.astype(np.uint8))
    body.putalpha(mask)
    shadow = Image.new("RGBA", (side, side))
    shadow.paste("#00000080", (3, 3), mask)
    layers = Image.new("RGBA", (side, side))
    for layer in (shadow.filter(ImageFilter.GaussianBlur(2)), body):
        layers.alpha_composite(layer)
    return layers


def page() -> Pixels:
    """Write a page of text with smooth edges."""
    rng = np.random.default_rng(0)
    image = Image.new("RGB", (800, 600), "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(14)
    for y in range(8, 580, 18):
        draw.text((8, y), " ".join(rng.choice(WORDS, 14)), fill="black", font=font)
    return np.asarray(image)


MADE: dict[str, Callable[[], Pixels]] = {
    "barcode": barcode,
    "Bayer ramp of 2 levels": lambda: bayer_ramp(2),
    "Bayer ramp of 8 levels": lambda: bayer_ramp(8),
    "dots": dots,
    "ordered dithering": ordered,
    "gray ramp": lambda: gray_ramp(1024, 512),
    "two colors": lambda: two_colors(1, 0),
    "two colors, slanted": lambda: two_colors(8, 3),
    "tile map": tile_map,
    "page of text": page,
    "large gray ramp": lambda: gray_ramp(4096, 4096),
}
"""Pictures of at most 256 colors whose patterns some coder is good at."""

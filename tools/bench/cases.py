"""What pipelines are given: pictures at a setting, and what kmcodec makes of them."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from PIL import Image

import kmcodec

from .measure import Pixels, mean_squared_error, psnr

T = TypeVar("T")

MOST_COLORS = 256


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture as RGB, equal to itself only."""

    name: str
    image: Image.Image

    @cached_property
    def pixels(self) -> Pixels:
        """(height, width, 3) uint8."""
        return np.asarray(self.image, np.uint8)


@dataclass(frozen=True)
class Setting:
    """At most so many colors, or as few as reach a PSNR."""

    colors: int = MOST_COLORS
    quality: float | None = None

    @property
    def name(self) -> str:
        """As it stands in tables."""
        return f"{self.colors} colors" if self.quality is None else f"{self.quality:g} dB"

    @property
    def options(self) -> dict[str, Any]:
        """The options of kmcodec."""
        quality: dict[str, Any] = {} if self.quality is None else {"psnr": self.quality}
        return {"colors": self.colors, "threads": 1} | quality


@dataclass(frozen=True)
class Case:
    """A picture at a setting, and what kmcodec makes of it."""

    picture: Picture
    setting: Setting
    palette: Pixels
    indices: np.ndarray

    @cached_property
    def quantized(self) -> Pixels:
        """The pixels that coders get."""
        return np.asarray(self.palette[self.indices], np.uint8)

    @cached_property
    def psnr(self) -> float:
        """Of the quantized pixels: what lossy codecs are to reach."""
        return psnr(mean_squared_error(self.quantized, self.picture.pixels))


def make_case(picture: Picture, setting: Setting) -> Case:
    """Quantize a picture."""
    palette, indices = kmcodec.quantize(picture.image, **setting.options)
    return Case(picture, setting, palette[:, :3], indices)


def read_picture(path: Path) -> Picture | None:
    """A picture as RGB, laid on white where it has alpha; None if Pillow cannot open it."""
    try:
        with Image.open(path) as file:
            layer = file.convert("RGBA")
    except (OSError, SyntaxError, ValueError):
        return None
    white = Image.new("RGBA", layer.size, "white")
    return Picture(path.name, Image.alpha_composite(white, layer).convert("RGB"))


def read_set(folder: Path, most: int) -> list[Picture]:
    """At most so many pictures below a folder, evenly spaced in the order of their paths."""
    found = [read_picture(path) for path in sorted(folder.rglob("*")) if path.is_file()]
    pictures = [picture for picture in found if picture]
    if not pictures:
        sys.exit(f"kmq-bench: no pictures in {folder}")
    return evenly(pictures, most)


def evenly(items: Sequence[T], most: int) -> list[T]:
    """At most so many of them, evenly spaced."""
    count = min(most, len(items))
    return [items[(2 * number + 1) * len(items) // (2 * count)] for number in range(count)]


def least(low: int, high: int, passes: Callable[[int], bool]) -> int | None:
    """A number that passes where the one below does not, by bisection; None if the highest fails.

    It is the least if all above pass, too; PSNR rises with colors and levels nearly always.
    """
    if not passes(high):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if passes(middle) else (middle + 1, high)
    return high

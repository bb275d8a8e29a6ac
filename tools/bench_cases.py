"""What pipelines are given: a picture at a setting, and what kmcodec makes of it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from bench_measure import Pixels, mean_squared_error, psnr
from PIL import Image

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
        quality: dict[str, Any] = {} if self.quality is None else {"quality": self.quality}
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

"""Turn colors into points of the space they are compared in, 12 bits a channel, and back.

Squared distances between points are what K-Means and the mapping of pixels keep small. Those of
colors with alpha are the mean of two: as the colors are laid on black, and on white. So what shows
less counts less, and all colors of alpha 0 are one.

With p the point of a color, G that of the middle of black and white and W the way from the one to
the other, two colors of alpha a and a', laid on both, differ by d - e W/2 and d + e W/2, if d is
the difference of a (p - G) and e that of a. The mean of the squares is |d|^2 + e^2 |W/2|^2. So
points are G + a (p - G), with a channel of alpha that reaches |W/2|.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..options import SpaceName
from .blend import blend_colors, blend_points
from .oklab import Floats, oklab_colors, oklab_points
from .points import LEVEL


class Axis(NamedTuple):
    """What is between black and white in a space: their middle (c,), and half their distance."""

    middle: Floats
    half: int


@dataclass(frozen=True)
class Space:
    """A space, by the functions that turn opaque colors into points, and back.

    Attributes:
        opaque_points: (n, 1 or 3) uint8 colors to (n, 1 or 3) float64 points, not yet rounded.
        opaque_colors: (k, 1 or 3) float64 points to the nearest (k, 1 or 3) uint8 colors.
        level: the units of a level of 0..255: root mean square over what palettes of 16 to 256
            colors make of photographs.
        straight: whether colors count alike whatever their alpha, and so those of alpha 0 too;
            alpha is then a channel as the others.
    """

    opaque_points: Callable[[NDArray[np.uint8]], Floats]
    opaque_colors: Callable[[Floats], NDArray[np.uint8]]
    level: int
    straight: bool = False

    def to_points(self, colors: NDArray[np.uint8]) -> NDArray[np.uint16]:
        """Return the points of colors: (n, c) uint8 to (n, c) uint16 in 0..4095, c in 1..4."""
        opaque = opaque_channels(colors)
        points = self.opaque_points(colors[:, :opaque])
        if opaque < colors.shape[1]:
            middle, full = self._alpha_scale(opaque)
            alpha = colors[:, opaque:] / 255
            if not self.straight:
                points = (points - middle) * alpha + middle
            points = np.column_stack((points, alpha * full))
        return np.rint(points).clip(0, 4095).astype(np.uint16)

    def to_colors(self, points: Floats) -> NDArray[np.uint8]:
        """Return the nearest colors: (k, c) float64 to (k, c) uint8, black where alpha is 0."""
        opaque = opaque_channels(points)
        colors, alpha = points[:, :opaque], points[:, opaque:]
        if not alpha.shape[1]:
            return self.opaque_colors(colors)
        middle, full = self._alpha_scale(opaque)
        levels = np.rint(alpha / full * 255).clip(0, 255)
        if self.straight:
            return np.column_stack((self.opaque_colors(colors), levels.astype(np.uint8)))
        colors = (colors - middle) / np.maximum(levels / 255, 1 / 255) + middle
        found = np.column_stack((self.opaque_colors(colors), levels.astype(np.uint8)))
        return np.where(levels > 0, found, 0).astype(np.uint8)

    @property
    def is_rgb(self) -> bool:
        """Whether opaque points are colors as they are stored, so that distances are errors."""
        return self.opaque_points is rgb_points

    def find_ends(self, channels: int) -> Floats:
        """Return what the points of alpha 0, and those of alpha 255, have in common.

        Returns:
            (2, c) the coordinates that all have, NaN where they differ; (0, c) without alpha.
        """
        if channels not in (2, 4):
            return np.empty((0, channels))
        middle, full = self._alpha_scale(channels - 1)
        ends = np.full((2, channels), np.nan)
        ends[:, -1] = 0, full
        if not self.straight:
            ends[0, :-1] = np.rint(middle)
        return ends

    def _alpha_scale(self, channels: int) -> tuple[Floats, int]:
        """Return the middle of black and white, (c,), and the alpha of points that are opaque."""
        middle, half = _axis(self.opaque_points, channels)
        return middle, 255 * LEVEL if self.straight else half


@cache
def _axis(to_points: Callable[[NDArray[np.uint8]], Floats], channels: int) -> Axis:
    black, white = to_points(np.array([[0] * channels, [255] * channels], np.uint8))
    half: Floats = (white - black) / 2
    return Axis(black + half, round(math.sqrt(math.fsum((half * half).tolist()))))


def rgb_points(colors: NDArray[np.uint8]) -> Floats:
    """Return gray or RGB as it is stored."""
    return colors.astype(np.float64) * LEVEL


def rgb_colors(points: Floats) -> NDArray[np.uint8]:
    """Invert ``rgb_points``, rounding."""
    levels: Floats = np.rint(points / LEVEL).clip(0, 255)
    return levels.astype(np.uint8)


def find_space(name: SpaceName, channels: int) -> Space:
    """Return the space of a name for colors of so many channels.

    Levels of gray are about as far apart as they look, so they need no blend with Oklab.
    """
    return SPACES["rgb" if name == "blend" and channels <= 2 else name]


SPACES: Final[dict[SpaceName, Space]] = {
    "blend": Space(blend_points, blend_colors, level=13),
    "rgb": Space(rgb_points, rgb_colors, level=LEVEL),
    "oklab": Space(oklab_points, oklab_colors, level=8),
}


def opaque_channels(values: NDArray[np.generic]) -> int:
    """Count the channels of (..., c) colors or points but alpha, which is the last of 2 or 4."""
    channels: int = values.shape[-1]
    return channels - (channels in (2, 4))

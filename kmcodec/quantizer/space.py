"""Turn colors into points of the space they are compared in, 12 bits a channel, and back.

Squared distances between points are what K-Means and the mapping of pixels keep small. Those of
colors with alpha are the mean of two: as the colors are laid on black, and on white. So what shows
less counts less, and all colors of alpha 0 are one.

With p the point of a color, G that of the middle of black and white and W the way from the one to
the other, two colors of alpha a and a', laid on both, differ by d - e W/2 and d + e W/2, if d is
the difference of a (p - G) and e that of a. The mean of the squares is |d|^2 + e^2 |W/2|^2. So
points are G + a (p - G), with a channel of alpha that reaches |W/2|.

Points are the same on every machine: roots and powers, in which mathematical libraries differ,
are taken of integers or rounded far above their last bit.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..options import SpaceName

Floats = NDArray[np.float64]

LEVEL: Final = 16
"""The units of a level of 0..255, so that points reach 4080."""

_FULL: Final = 255.0 * LEVEL

# Ottosson, A perceptual color space for image processing, 2020: linear sRGB to LMS, the cube roots
# of these to Lab, and the two inverses.
_LMS: Final = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
_LAB: Final = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)
_ROOTS: Final = (
    (1.0, 0.3963377774, 0.2158037573),
    (1.0, -0.1055613458, -0.0638541728),
    (1.0, -0.0894841775, -1.2914855480),
)
_LINEAR: Final = (
    (4.0767416621, -3.3077115913, 0.2309699292),
    (-1.2684380046, 2.6097574011, -0.3413193965),
    (-0.0041960863, -0.7034186147, 1.7076147010),
)
_SHIFT: Final = 0.4
"""Added to a and b of Oklab, which are from -0.32 to 0.28, to make them positive."""


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
        straight: whether colors count alike whatever their alpha, and so those of alpha 0 too;
            alpha is then a channel as the others.
    """

    opaque_points: Callable[[NDArray[np.uint8]], Floats]
    opaque_colors: Callable[[Floats], NDArray[np.uint8]]
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
        return middle, round(_FULL) if self.straight else half


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


def oklab_points(colors: NDArray[np.uint8]) -> Floats:
    """Return lightness, or Oklab's L, a and b."""
    linear = [_LINEAR_LEVELS[channel] for channel in colors.T]
    if len(linear) == 1:
        lab = _cube_roots(linear[0])[np.newaxis]
    else:
        lab = _transform(_LAB, [_cube_roots(cone) for cone in _transform(_LMS, linear)])
        lab[1:] += _SHIFT
    return lab.T * _FULL


def oklab_colors(points: Floats) -> NDArray[np.uint8]:
    """Invert ``oklab_points``, rounding, and bring colors into gamut."""
    lab = points.T / _FULL
    if len(lab) == 1:
        linear = lab**3
    else:
        lab[1:] -= _SHIFT
        linear = _transform(_LINEAR, [root**3 for root in _transform(_ROOTS, list(lab))])
    halfway = (_LINEAR_LEVELS[1:] + _LINEAR_LEVELS[:-1]) / 2
    return np.searchsorted(halfway, linear.T).astype(np.uint8)


SPACES: Final[dict[SpaceName, Space]] = {
    "rgb": Space(rgb_points, rgb_colors),
    "oklab": Space(oklab_points, oklab_colors),
}


def opaque_channels(values: NDArray[np.generic]) -> int:
    """Count the channels of (..., c) colors or points but alpha, which is the last of 2 or 4."""
    channels: int = values.shape[-1]
    return channels - (channels in (2, 4))


def _transform(matrix: tuple[tuple[float, ...], ...], channels: list[Floats]) -> Floats:
    """Multiply a matrix by channels in a fixed order of evaluation, which `@` does not have."""
    x, y, z = channels
    return np.stack([a * x + b * y + c * z for a, b, c in matrix])


def _cube_roots(values: Floats) -> Floats:
    """Return cube roots of 0..1 in units of 2**-15, rounded down, exact as integers."""
    cubes = (values * 2.0**45).astype(np.int64)
    roots = np.rint(np.cbrt(cubes.astype(np.float64))).astype(np.int64)
    roots -= roots**3 > cubes
    return roots / 2.0**15


def _linear_levels() -> Floats:
    """Return linear light of each level of sRGB (IEC 61966-2-1), in units of 2**-30: (256,)."""
    levels = np.arange(256) / 255
    curve = np.array([((level + 0.055) / 1.055) ** 2.4 for level in levels.tolist()])
    linear = np.where(levels <= 0.04045, levels / 12.92, curve)
    return np.rint(linear * 2.0**30) / 2.0**30


_LINEAR_LEVELS: Final = _linear_levels()

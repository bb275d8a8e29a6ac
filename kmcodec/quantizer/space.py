"""Turn colors into points of the space they are compared in, 12 bits a channel, and back.

Squared distances between points are what K-Means and the mapping of pixels keep small. Colors with
alpha are premultiplied, so that what shows less counts less, and all colors of alpha 0 are one.

Points are the same on every machine: roots and powers, in which mathematical libraries differ,
are taken of integers or rounded far above their last bit.
"""

from collections.abc import Callable
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


class Space(NamedTuple):
    """A space, by the functions that turn colors into points, and back.

    Attributes:
        to_points: (n, c) uint8 colors to (n, c) uint16 points.
        to_colors: (k, c) float64 centroids in 0..4095 to the nearest (k, c) uint8 colors.
    """

    to_points: Callable[[NDArray[np.uint8]], NDArray[np.uint16]]
    to_colors: Callable[[Floats], NDArray[np.uint8]]


def rgb_points(colors: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Return gray or RGB as it is stored, premultiplied by alpha."""
    points = colors.astype(np.uint32) * LEVEL
    opaque = points.shape[1] - 1
    if opaque in (1, 3):
        points[:, :opaque] = (points[:, :opaque] * colors[:, opaque:] + 127) // 255
    return points.astype(np.uint16)


def rgb_colors(points: Floats) -> NDArray[np.uint8]:
    """Invert ``rgb_points``, rounding; colors are black where alpha is 0."""
    colors, alpha = _unmultiply(points / LEVEL, 255.0)
    levels: Floats = np.rint(np.column_stack((colors, alpha)).clip(0, 255))
    return levels.astype(np.uint8)


def oklab_points(colors: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Return lightness, or Oklab's L, a and b, premultiplied by alpha."""
    opaque = opaque_channels(colors)
    linear = [_LINEAR_LEVELS[channel] for channel in colors[:, :opaque].T]
    if opaque == 1:
        lab = _cube_roots(linear[0])[np.newaxis]
    else:
        lab = _transform(_LAB, [_cube_roots(cone) for cone in _transform(_LMS, linear)])
    alpha = colors[:, opaque:].T / 255
    if len(alpha):
        lab = lab * alpha
    lab[1:] += _SHIFT
    points = np.rint(np.vstack((lab, alpha)).T * _FULL).clip(0, 4095)
    return points.astype(np.uint16)


def oklab_colors(points: Floats) -> NDArray[np.uint8]:
    """Invert ``oklab_points``, rounding, and bring colors into gamut."""
    channels = points.shape[1]
    shifts = np.zeros(channels)
    if channels >= 3:
        shifts[1:3] = _SHIFT
    lab, alpha = _unmultiply(points / _FULL - shifts, 1.0)
    if lab.shape[1] == 1:
        linear = lab.T**3
    else:
        linear = _transform(_LINEAR, [root**3 for root in _transform(_ROOTS, list(lab.T))])
    halfway = (_LINEAR_LEVELS[1:] + _LINEAR_LEVELS[:-1]) / 2
    colors = np.searchsorted(halfway, linear.T)
    levels = np.column_stack((colors, np.rint(alpha * 255))).clip(0, 255)
    return levels.astype(np.uint8)


SPACES: Final[dict[SpaceName, Space]] = {
    "rgb": Space(rgb_points, rgb_colors),
    "oklab": Space(oklab_points, oklab_colors),
}


def opaque_channels(values: NDArray[np.generic]) -> int:
    """Count the channels of (..., c) colors or points but alpha, which is the last of 2 or 4."""
    channels: int = values.shape[-1]
    return channels - (channels in (2, 4))


def _unmultiply(values: Floats, full: float) -> tuple[Floats, Floats]:
    """Divide color channels by alpha, zero where that is; return them and (k, 0 or 1) alpha."""
    opaque = opaque_channels(values)
    colors, alpha = values[:, :opaque], values[:, opaque:]
    if alpha.shape[1]:
        seen = alpha > 0
        colors = np.where(seen, colors / np.where(seen, alpha, 1) * full, 0)
    return colors, alpha


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

"""Turn opaque colors into points of Oklab, and back, alike on every machine.

Roots and powers, in which mathematical libraries differ, are taken of integers or rounded far
above their last bit.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from .points import LEVEL

Floats = NDArray[np.float64]

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


def oklab_points(colors: NDArray[np.uint8]) -> Floats:
    """Return lightness, or Oklab's L, a and b."""
    if colors.shape[1] == 1:
        lab = _cube_roots(_LINEAR_LEVELS[colors.T])
    else:
        lab = transform(_LAB, cone_roots(colors))
        lab[1:] += _SHIFT
    return lab.T * _FULL


def oklab_colors(points: Floats) -> NDArray[np.uint8]:
    """Invert ``oklab_points``, rounding, and bring colors into gamut."""
    lab = points.T / _FULL
    if len(lab) == 1:
        linear = lab**3
    else:
        lab[1:] -= _SHIFT
        linear = transform(_LINEAR, [root**3 for root in transform(_ROOTS, list(lab))])
    halfway = (_LINEAR_LEVELS[1:] + _LINEAR_LEVELS[:-1]) / 2
    return np.searchsorted(halfway, linear.T).astype(np.uint8)


def cone_roots(colors: NDArray[np.uint8]) -> list[Floats]:
    """Return the cube roots of the responses of three kinds of cones, (n,) each, to (n, 3) RGB."""
    linear = [_LINEAR_LEVELS[channel] for channel in colors.T]
    return [_cube_roots(cone) for cone in transform(_LMS, linear)]


def transform(matrix: tuple[tuple[float, ...], ...], channels: list[Floats]) -> Floats:
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

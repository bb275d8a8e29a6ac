"""Turn opaque colors into points of a space between RGB and Oklab, and back.

RGB gives the least squared error, Oklab what looks nearest, and most of either can be had at once:
a point is the color as it is stored, plus its cube roots of cone responses, turned so that the axes
of Oklab come to lie along those of RGB. Turning changes no distance in Oklab, and along common
axes the sum is nearly as good as to compare all six coordinates (`tools/kmq-bench quantizer front`
shows what it gains). It has no inverse in closed form, so that is searched for.
"""

from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .oklab import Floats, cone_roots, transform

_UNIT: Final = 2208.0
"""The units of a point in a level of 255 / 255, so that green, at 1.85, stays below 4096."""

# Oklab's matrix, turned by the rotation that brings differences of colors in photographs nearest
# to those of RGB (orthogonal Procrustes problem: Schonemann 1966); four digits of it.
_TURNED: Final = (
    (1.7039, -1.3088, 0.1359),
    (-1.0008, 2.2290, -0.4550),
    (0.2297, -0.6777, 0.7947),
)
_LEVELS: Final = (
    (0.0859, -0.0046, -0.0013),
    (-0.0030, 0.0717, 0.0019),
    (-0.0011, 0.0029, 0.0873),
)
"""The levels in a unit of each channel, by least squares over all colors."""

_SLOPED_STEPS: Final = 6  # more find nothing nearer
_NEIGHBOR_STEPS: Final = 16  # few move after the first
_NEIGHBORS: Final = np.array(list(product((0, -1, 1), repeat=3)), np.float64)


def blend_points(colors: NDArray[np.uint8]) -> Floats:
    """Return (n, 3) points of (n, 3) colors."""
    stored = colors.T / 255
    return (stored + transform(_TURNED, cone_roots(colors))).T * _UNIT


def blend_colors(points: Floats) -> NDArray[np.uint8]:
    """Invert ``blend_points``: find the nearest colors, by steps of the average slope at first.

    Near black, where slopes are steep, these go too far; there, and to end with, from neighbor to
    neighbor.
    """
    colors = np.full(points.shape, 128, np.uint8)
    for _ in range(_SLOPED_STEPS):
        ahead = points - blend_points(colors)
        colors = _move(colors, np.rint(transform(_LEVELS, list(ahead.T))).T)
    moving = np.arange(len(points))
    for _ in range(_NEIGHBOR_STEPS):
        nearest = _nearest_neighbors(points[moving], colors[moving])
        changed = np.any(nearest != colors[moving], axis=1)
        colors[moving] = nearest
        moving = moving[changed]
    return colors


def _nearest_neighbors(points: Floats, colors: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the color nearest to each point of its own and the 26 around, the own on a tie."""
    tried = _move(colors[:, np.newaxis], _NEIGHBORS)
    placed = blend_points(tried.reshape(-1, 3)).reshape(tried.shape)
    x, y, z = np.moveaxis((points[:, np.newaxis] - placed) ** 2, -1, 0)
    nearest = np.argmin(x + y + z, axis=1)
    best: NDArray[np.uint8] = tried[np.arange(len(tried)), nearest]
    return best


def _move(colors: NDArray[np.uint8], steps: Floats) -> NDArray[np.uint8]:
    return (colors + steps).clip(0, 255).astype(np.uint8)

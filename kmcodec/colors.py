"""Read the caller's colors, in whatever form they are given."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ImageColor, ImagePalette

Colors = str | bytes | Sequence[Any] | NDArray[Any] | ImagePalette.ImagePalette
"""Palette entries: a list of colors, each "#rrggbb", "#rrggbbaa", a name, or 1 to 4 numbers (gray,
gray and alpha, RGB, RGBA); an array (K, 1 to 4); or what Pillow takes for a palette: ImagePalette,
or RGB values one after the other, in a list or as bytes."""


def read_colors(name: str, given: Colors | None, most: int) -> NDArray[np.uint8] | None:
    """Read palette entries that are given in any form of ``Colors``.

    Args:
        name: the option's name, for errors.
        given: colors, or None.
        most: how many there may be.

    Returns:
        (k, 1 to 4) uint8, or None.

    Raises:
        TypeError, ValueError: they are no colors.
    """
    if given is None:
        return None
    colors = _unpack_colors(name, given)
    try:
        entries = np.asarray(colors)
    except ValueError:
        raise ValueError(f"{name} has colors of several numbers of channels") from None
    if not entries.size:
        raise ValueError(f"{name} has no colors")
    if entries.ndim == 1 and len(entries) % 3 == 0:
        entries = entries.reshape(-1, 3)
    if entries.dtype.kind not in "ui":
        raise TypeError(f"{name} is of {entries.dtype}, must be of integers")
    if entries.ndim != 2 or not 1 <= entries.shape[1] <= 4 or not 1 <= len(entries) <= most:
        raise ValueError(f"{name} is of shape {entries.shape}, must be (1 to {most}, 1 to 4)")
    if entries.min() < 0 or entries.max() > 255:
        raise ValueError(f"{name} has values from {entries.min()} to {entries.max()}, not 0 to 255")
    return entries.astype(np.uint8)


def _unpack_colors(name: str, given: Any) -> Any:
    """Return colors as numbers, whatever form they are given in."""
    if isinstance(given, ImagePalette.ImagePalette):
        return np.frombuffer(given.tobytes(), np.uint8).reshape(-1, len(given.mode))
    if isinstance(given, (bytes, bytearray)):
        return np.frombuffer(given, np.uint8)
    if isinstance(given, np.ndarray) and given.dtype.kind == "U":
        given = given.tolist()
    colors = [given] if isinstance(given, str) else given
    if not isinstance(colors, np.ndarray) and not isinstance(colors, Sequence):
        raise TypeError(f"{name} is {type(given).__name__}, which is no list of colors")
    if isinstance(colors, np.ndarray) or not any(isinstance(color, str) for color in colors):
        return colors
    try:
        numbers = [ImageColor.getrgb(c) if isinstance(c, str) else tuple(c) for c in colors]
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name}: {error}") from None
    longest = max(map(len, numbers))
    return [(*n, 255) if len(n) == 3 < longest else n for n in numbers]

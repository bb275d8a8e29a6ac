"""Make a small picture of a frame of a .kmq: ``--thumbnail``."""

from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .faults import explain
from .source import Source

_MEANS: Final = MappingProxyType({"1": "L", "P": "RGBA", "PA": "RGBA"})
"""Modes in which pixels have no means, and those in which they have."""


def make_thumbnail(source: Source, frame: int, side: int) -> Image.Image:
    """Return a frame of a .kmq made to fit a square, with means of pixels weighted by alpha.

    It is made of fewer pixels where the plugin can read it smaller.

    Args:
        source: the .kmq, which has no more than this to give then.
        frame: its number.
        side: of the square.

    Raises:
        FileError: the frame cannot be read.
    """
    image = source.image
    try:
        image.seek(frame)
        image.draft("RGB", None)  # of P without transparency, so that it too is read smaller
        if image.mode in _MEANS:
            image = image.convert(_MEANS[image.mode])
        image.thumbnail((side, side))
    except Exception as error:  # Pillow's readers raise many kinds
        raise explain(error, source.name) from error
    return image


def find_entries(image: Image.Image) -> tuple[NDArray[np.uint8], NDArray[Any]]:
    """Return the distinct colors of a picture, (K, 4), and which of them each pixel has."""
    pixels = np.asarray(image.convert("RGBA")).view(np.uint32)[..., 0]
    colors, entries = np.unique(pixels, return_inverse=True)
    return colors[:, np.newaxis].view(np.uint8), entries.reshape(pixels.shape)

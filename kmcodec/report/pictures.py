"""Make the pictures of a page, and tell what they take in other formats."""

from io import BytesIO
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, features

from ..format import Indices
from ..images.pixels import has_alpha_channel, to_channels

_LEVELS: Final = 32
"""The colors of a heat map: more cannot be told apart, and would take more bytes."""
HEAT: Final = ("#0b0a1f", "#3b0f6f", "#8c2981", "#de4968", "#fe9f6d", "#fcfdbf")
"""From none to much: dark to light in steps alike (the map "magma" of Smith and van der Walt)."""
_PEERS: Final[dict[str, dict[str, Any]]] = {
    "PNG": {"optimize": True},
    "WebP": {"lossless": True, "quality": 100, "method": 4, "exact": True},
}
"""Formats that keep all pixels, with options for few bytes.

At method 6 WebP has up to 5 % fewer, in 60 times the time.
"""
_MOST_WEBP: Final = 16383
"""The pixels that a side of a WebP may have."""


def in_color(values: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Convert entries or pixels (..., c) of any mode to RGB or RGBA: (..., 3 or 4) uint8."""
    return to_channels(values, 3 + has_alpha_channel(values.shape[-1]))


def shown_image(palette: NDArray[np.uint8], indices: Indices) -> Image.Image:
    """Return a picture in the form that is smallest in other formats.

    Args:
        palette: (K, 3 or 4) uint8.
        indices: (height, width).
    """
    if len(palette) > 256:
        return Image.fromarray(palette[indices])
    image = Image.fromarray(indices)
    image.putpalette(palette.tobytes(), "RGBA" if palette.shape[1] == 4 else "RGB")
    return image


def peer_bytes(image: Image.Image) -> dict[str, int]:
    """Return the bytes that a picture takes without loss in each of the formats that hold it."""
    peers = dict(_PEERS)
    if max(image.size) > _MOST_WEBP or not features.check("webp"):
        del peers["WebP"]
    return {name: len(save_image(image, name, **options)) for name, options in peers.items()}


def save_image(image: Image.Image, name: str = "PNG", **options: Any) -> bytes:
    """Return a picture as a file of a format of Pillow's."""
    file = BytesIO()
    image.save(file, name, **options)
    return file.getvalue()


def heat_map(values: NDArray[np.float32], top: float) -> Image.Image:
    """Return a picture of (height, width) values, light where they reach ``top``, dark at 0."""
    levels = np.rint(values / (top or 1) * (_LEVELS - 1)).clip(0, _LEVELS - 1).astype(np.uint8)
    anchors = np.array([list(bytes.fromhex(color[1:])) for color in HEAT])
    places = np.linspace(0, len(anchors) - 1, _LEVELS)
    channels = [np.interp(places, np.arange(len(anchors)), channel) for channel in anchors.T]
    return shown_image(np.rint(np.stack(channels, axis=-1)).astype(np.uint8), levels)

"""Tell how far pixels are from one another, as people see it."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..format import Indices
from ..images.pixels import has_alpha_channel, to_channels
from ..quantizer.loss import Loss, pixel_loss
from ..quantizer.oklab import oklab_points
from .pictures import in_color

_PIXELS_AT_ONCE: Final = 1 << 18  # whose points are held in memory
_LIGHTNESS: Final = float(np.ptp(oklab_points(np.array([[0] * 3, [255] * 3], np.uint8))[:, 0]))
"""How far white is from black, which is 1 in Oklab."""


class Difference(NamedTuple):
    """The difference of a picture from its original.

    Attributes:
        loss: MSE and PSNR, as the encoder tells them.
        distances: (height, width) float32, distances in Oklab, where black and white are 1 apart;
            about 0.02 can be seen.
    """

    loss: Loss
    distances: NDArray[np.float32]


def compare(
    original: NDArray[np.uint8], palette: NDArray[np.uint8], indices: Indices, *, straight: bool
) -> Difference:
    """Compare a picture with its original.

    Args:
        original: (height, width, 1 to 4) uint8.
        palette: (K, 3 or 4) uint8.
        indices: (height, width).
        straight: whether alpha is a channel as the others to MSE and PSNR.
    """
    original = in_color(original)
    channels = max(original.shape[2], palette.shape[1])
    original, palette = to_channels(original, channels), to_channels(palette, channels)
    loss = pixel_loss(original, palette, indices, straight=straight)
    return Difference(loss, oklab_distances(original, palette[indices]))


def oklab_distances(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the distance in Oklab of each pixel of one picture from that of another.

    Args:
        one: (height, width, 3 or 4) uint8. Colors with alpha are laid on black, and on white, and
            the distance is the mean of both.
        other: likewise, of the same shape.

    Returns:
        (height, width) float32; that of black and white is 1.
    """
    shape, channels = one.shape[:2], one.shape[2]
    first, second = one.reshape(-1, channels), other.reshape(-1, channels)
    distances = np.empty(len(first), np.float32)
    for start in range(0, len(first), _PIXELS_AT_ONCE):
        part = slice(start, start + _PIXELS_AT_ONCE)
        pairs = zip(_laid(first[part]), _laid(second[part]), strict=True)
        distances[part] = np.mean([_distances(*pair) for pair in pairs], axis=0)
    return distances.reshape(shape)


def _laid(colors: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """Return (n, 3 or 4) colors as they look: opaque ones, or those laid on black and on white."""
    if not has_alpha_channel(colors.shape[1]):
        return [colors]
    alpha = colors[:, 3:].astype(np.uint32)
    on_black = (colors[:, :3] * alpha + 127) // 255
    return [(on_black + ground).astype(np.uint8) for ground in (0, 255 - alpha)]


def _distances(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.float64]:
    delta = oklab_points(one) - oklab_points(other)
    distances: NDArray[np.float64] = np.sqrt((delta * delta).sum(axis=1)) / _LIGHTNESS
    return distances

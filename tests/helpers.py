"""Pictures made in code, for all tests."""

import numpy as np
from numpy.typing import NDArray


def picture(
    width: int, height: int, colors: int, channels: int = 3, seed: int = 0
) -> NDArray[np.uint8]:
    """A (height, width, channels) picture with exactly that many distinct colors.

    Of one channel it is (height, width), as Pillow makes and takes it.
    """
    assert colors <= min(width * height, 256**channels)
    rng = np.random.default_rng(seed)
    numbers = rng.choice(256**channels, colors, replace=False).astype("<u4")
    palette = numbers[:, np.newaxis].view(np.uint8)[:, :channels]
    rest = rng.integers(0, colors, width * height - colors)
    indices = rng.permutation(np.concatenate((np.arange(colors), rest)))
    pixels = palette[indices].reshape(height, width, channels)
    return pixels[..., 0] if channels == 1 else pixels


def photo(width: int, height: int, seed: int = 0) -> NDArray[np.uint8]:
    """A smooth, noisy (height, width, 3) picture with many colors."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / max(width, height)
    waves = rng.uniform(1, 7, (3, 2))
    smooth = [np.sin(a * x + b * y) + np.cos(b * x - a * y * y) for a, b in waves]
    pixels = 128 + 60 * np.stack(smooth, axis=-1) + rng.normal(0, 4, (height, width, 3))
    return pixels.clip(0, 255).astype(np.uint8)

"""Pictures and indices that are generated, for benches that need no files."""

import numpy as np

from .measure import Pixels


def photo(megapixels: float) -> Pixels:
    """Smooth color with grain: more distinct colors than any palette here, as in a photograph."""
    side = round((megapixels * 1e6) ** 0.5)
    y, x = (np.arange(side, dtype=np.float32) / side for _ in range(2))
    rng = np.random.default_rng(0)
    pixels = np.empty((side, side, 3), np.uint8)
    for channel, (fast, slow) in enumerate(((9, 4), (7, 5), (5, 11))):
        waves = np.sin(fast * x)[np.newaxis] + np.cos(slow * y)[:, np.newaxis]
        waves = 127 + 55 * waves + 4 * rng.standard_normal(waves.shape, np.float32)
        pixels[:, :, channel] = waves.clip(0, 255)
    return pixels


def surface(size: int, levels: int, noise: float) -> np.ndarray:
    """Indices of a smooth surface in so many levels, with some noise: like a picture's."""
    y, x = np.mgrid[0:size, 0:size] / size
    waves = np.sin(9 * x + 4 * y) + np.cos(11 * y - 3 * x * y)
    waves += noise * np.random.default_rng(0).standard_normal(waves.shape)
    low, high = waves.min(), waves.max()
    return np.minimum((waves - low) / (high - low) * levels, levels - 1).astype(int)

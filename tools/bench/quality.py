"""What a picture has lost: in squared error, in structure, and as people see it."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

SSIM_WINDOW = 7
FLIP_SIDE = 256
BLUR = 1.5
"""Standard deviation, in pixels, of the blur that stands for looking from a distance."""

# IEC 61966-2-1, and Ottosson, A perceptual color space for image processing, 2020. A measure has
# its own: it must not move with what it measures.
LEVELS = np.arange(256) / 255
LINEAR = np.where(LEVELS <= 0.04045, LEVELS / 12.92, ((LEVELS + 0.055) / 1.055) ** 2.4)
LINEAR = LINEAR.astype(np.float32)
CONES = np.array((
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
), np.float32)  # fmt: skip
LAB = np.array((
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
), np.float32)  # fmt: skip


def mean_squared_error(a: Pixels, b: Pixels) -> float:
    """Return the mean over pixels and channels."""
    delta = a.astype(np.int32) - b
    return float(np.mean(delta * delta))


def psnr(error: float) -> float:
    """Return the dB of a mean squared error, infinite where there is none."""
    return 10 * math.log10(255**2 / error) if error else math.inf


def ssim(a: Pixels, b: Pixels) -> float | None:
    """Return scikit-image's structural similarity; None below its window, or without it.

    In single precision it takes half the time, and differs in the eighth digit.
    """
    if min(a.shape[:2]) < SSIM_WINDOW:
        return None
    try:
        from skimage.metrics import structural_similarity
    except ImportError:
        return None
    single = a.astype(np.float32), b.astype(np.float32)
    return float(structural_similarity(*single, channel_axis=2, data_range=255))


def delta_e(a: Pixels, b: Pixels) -> float:
    """Return the mean distance in Oklab, times 100: lightness is then from 0 to 100."""
    return distance(LINEAR[a], LINEAR[b])


def blurred_delta_e(a: Pixels, b: Pixels) -> float:
    """Return the mean distance in Oklab, times 100, as seen from a distance.

    Both are blurred by a Gaussian of ``BLUR`` pixels in linear light, where light adds up: what
    dithering is for, and what banding shows in.
    """
    return distance(blurred(LINEAR[a]), blurred(LINEAR[b]))


def flip(a: Pixels, b: Pixels) -> float | None:
    """Return the mean error by FLIP, from 0 to 1, of the middle; None without its package.

    Andersson et al., FLIP: A difference evaluator for alternating images, 2020, as its authors'
    package has it, at their 67 pixels a degree. Whole photographs would take longer than all else.
    """
    try:
        import flip_evaluator
    except ImportError:
        return None
    height, width = a.shape[:2]
    top, left = (max(side - FLIP_SIDE, 0) // 2 for side in (height, width))
    middle = np.s_[top : top + FLIP_SIDE, left : left + FLIP_SIDE]
    shown = [pixels[middle].astype(np.float32) / 255 for pixels in (a, b)]
    return float(flip_evaluator.evaluate(*shown, "LDR", applyMagma=False)[1])


def distance(a: Floats, b: Floats) -> float:
    """Return the mean distance in Oklab of linear light, times 100."""
    return float(100 * np.linalg.norm(oklab(a) - oklab(b), axis=-1).mean())


def oklab(linear: Floats) -> Floats:
    """Turn linear light, 0 to 1, into L, a and b."""
    return np.asarray(np.cbrt(linear @ CONES.T) @ LAB.T, np.float32)


def blurred(linear: Floats) -> Floats:
    """Blur (height, width, 3) linear light."""
    return np.asarray(gaussian_filter(linear, (BLUR, BLUR, 0)), np.float32)

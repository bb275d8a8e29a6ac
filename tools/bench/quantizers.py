"""The quantizers that are compared, each in one thread, and how their work is measured."""

import sys
import time
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image

import kmcodec

from . import measure, peers
from .installed import is_there

Quantizer = Callable[[Image.Image, int], np.ndarray]


def with_kmcodec(**options: object) -> Quantizer:
    """Kmcodec under some options."""

    def run(image: Image.Image, colors: int) -> np.ndarray:
        palette, indices = kmcodec.quantize(image, colors, **options)
        return palette[indices]

    return run


def with_imagequant(image: Image.Image, colors: int) -> np.ndarray:
    return np.asarray(peers.with_imagequant(image, colors).convert("RGB"))


def with_opencv(image: Image.Image, colors: int) -> np.ndarray:
    import cv2

    cv2.setNumThreads(1)
    cv2.setRNGSeed(0)
    pixels = np.asarray(image).reshape(-1, 3).astype(np.float32)
    stop = (cv2.TERM_CRITERIA_MAX_ITER, 10, 0)
    _, labels, centers = cv2.kmeans(pixels, colors, None, stop, 1, cv2.KMEANS_PP_CENTERS)
    palette = np.rint(centers).clip(0, 255).astype(np.uint8)
    return palette[labels.ravel()].reshape(image.height, image.width, 3)


def with_sklearn(image: Image.Image, colors: int) -> np.ndarray:
    from sklearn.cluster import KMeans

    pixels = np.asarray(image).reshape(-1, 3).astype(np.float64)
    fitted = KMeans(colors, n_init=1, random_state=0).fit(pixels)
    palette = np.rint(fitted.cluster_centers_).clip(0, 255).astype(np.uint8)
    return palette[fitted.labels_].reshape(image.height, image.width, 3)


def with_pillow(image: Image.Image, colors: int) -> np.ndarray:
    return np.asarray(peers.with_pillow(image, colors).convert("RGB"))


PEERS: dict[str, Quantizer] = {
    "imagequant": with_imagequant,
    "OpenCV 10 iterations": with_opencv,
    "scikit-learn": with_sklearn,
    "Pillow": with_pillow,
}
MODULES = {"imagequant": "imagequant", "OpenCV 10 iterations": "cv2", "scikit-learn": "sklearn"}


def installed_peers(names: Sequence[str]) -> dict[str, Quantizer]:
    """The peers of these names that can be imported."""
    found = {}
    for peer in names:
        module = MODULES.get(peer, "PIL")
        if is_there(module):
            found[peer] = PEERS[peer]
        else:
            print(f"left out, for want of {module}: {peer}", file=sys.stderr)
    return found


def squared_error(image: Image.Image, pixels: np.ndarray) -> float:
    """MSE, channels summed."""
    delta = np.asarray(image).astype(np.int64) - pixels
    return float((delta * delta).sum() / (image.width * image.height))


def psnr(mse: float) -> float:
    """In dB, of an MSE with three channels summed."""
    return measure.psnr(mse / 3)


def timed(run: Quantizer, image: Image.Image, colors: int) -> tuple[float, float]:
    """MSE and seconds."""
    start = time.perf_counter()
    pixels = run(image, colors)
    passed = time.perf_counter() - start
    return squared_error(image, pixels), passed

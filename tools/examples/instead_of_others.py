"""Quantize with kmcodec where scikit-learn, imagequant or Pillow does, and print both.

instead_of_others.py PICTURE COLORS
"""

import sys
import time
from collections.abc import Callable
from importlib import import_module

import numpy as np
from PIL import Image

import kmcodec


def pixels_by_sklearn(image: Image.Image, colors: int) -> np.ndarray:
    """Cluster the pixels with K-Means."""
    from sklearn.cluster import KMeans

    pixels = np.asarray(image, np.float32)
    found = KMeans(colors, n_init=1, random_state=0).fit(pixels.reshape(-1, 3))
    palette = found.cluster_centers_.round().astype(np.uint8)
    return palette[found.labels_].reshape(pixels.shape)


def pixels_by_kmcodec(image: Image.Image, colors: int) -> np.ndarray:
    """Do the same: K-Means on the colors of the pixels, each with its count."""
    palette, indices = kmcodec.quantize(image, colors)
    return palette[indices]


def image_by_imagequant(image: Image.Image, colors: int) -> Image.Image:
    """Make an image of mode P with libimagequant, without dithering."""
    import imagequant

    rgba = image.convert("RGBA")
    return imagequant.quantize_pil_image(rgba, dithering_level=0, max_colors=colors)


def image_by_pillow(image: Image.Image, colors: int) -> Image.Image:
    """Make an image of mode P with Pillow's median cut."""
    return image.quantize(colors)


def image_by_kmcodec(image: Image.Image, colors: int) -> Image.Image:
    """Make an image of mode P with kmcodec, of at most 256 colors."""
    palette, indices = kmcodec.quantize(image, colors)
    result = Image.fromarray(indices)
    result.putpalette(palette.tobytes(), "RGBA" if palette.shape[1] == 4 else "RGB")
    return result


Way = Callable[[Image.Image, int], np.ndarray | Image.Image]
PAIRS: dict[str, tuple[Way, Way]] = {
    "sklearn": (pixels_by_sklearn, pixels_by_kmcodec),
    "imagequant": (image_by_imagequant, image_by_kmcodec),
    "PIL": (image_by_pillow, image_by_kmcodec),
}


def measure(way: Way, image: Image.Image, colors: int) -> tuple[float, float]:
    """Return the squared error of a pixel, channels summed, and the seconds."""
    start = time.perf_counter()
    result = way(image, colors)
    seconds = time.perf_counter() - start
    shown = result if isinstance(result, np.ndarray) else np.asarray(result.convert("RGB"))
    delta = shown.astype(float) - np.asarray(image)
    return float((delta**2).sum(axis=2).mean()), seconds


def main(path: str, colors: int) -> None:
    """Print a line for each of the others that is installed."""
    with Image.open(path) as file:
        image = file.convert("RGB")
    kmcodec.quantize(image, 2)  # what is loaded at the first call is loaded here
    for module, pair in PAIRS.items():
        try:
            import_module(module)
        except ImportError:
            print(f"{module:10} is not installed")
            continue
        (error, seconds), (own_error, own_seconds) = (measure(way, image, colors) for way in pair)
        print(
            f"{module:10} MSE {error:.1f}, kmcodec {own_error:.1f} "
            f"in {own_seconds / seconds:.2f} of its time"
        )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

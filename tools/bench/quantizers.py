"""The quantizers that are compared, each in one thread."""

import io
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

import kmcodec
from kmcodec.format import Indices

from .formats import piped, saved
from .quality import Pixels

Reduced = tuple[Pixels, Indices]


class Quantizer(NamedTuple):
    """A way from a picture to a palette of so many colors, and indices."""

    reduce: Callable[[Image.Image, int], Reduced]
    needs: tuple[str, ...] = ()


def with_kmcodec(**options: Any) -> Quantizer:
    """Quantize with kmcodec under some options."""

    def reduce(image: Image.Image, colors: int) -> Reduced:
        palette, indices = kmcodec.quantize(image, colors, threads=1, **options)
        return palette, indices

    return Quantizer(reduce)


def parts_of(image: Image.Image, mode: str = "RGB") -> Reduced:
    """Take the palette, RGB or RGBA, and the indices of a picture of mode P."""
    palette = np.array(image.getpalette(mode), np.uint8)
    return palette.reshape(-1, len(mode)), np.asarray(image)


def reduce_with_imagequant(image: Image.Image, colors: int, dither: float = 0) -> Reduced:
    """Quantize with libimagequant."""
    import imagequant

    found = imagequant.quantize_pil_image(
        image.convert("RGBA"), dithering_level=dither, max_colors=colors
    )
    return parts_of(found, image.mode)


def reduce_with_pillow(image: Image.Image, colors: int) -> Reduced:
    """Quantize with Pillow: by median cut, or with alpha by its octree."""
    return parts_of(image.quantize(colors), image.mode)


def dither_with_pillow(image: Image.Image, colors: int) -> Reduced:
    """Quantize with Pillow, and dither with the palette, which it does not do in one."""
    return parts_of(image.quantize(palette=image.quantize(colors)))


def reduce_with_pngquant(image: Image.Image, colors: int) -> Reduced:
    """Quantize with pngquant, by way of PNG."""
    png = saved(image, "PNG", compress_level=1)
    return parts_of(Image.open(io.BytesIO(piped(png, "pngquant", "--nofs", str(colors), "-"))))


def rounded(centers: Any, labels: Any, image: Image.Image) -> Reduced:
    """Round centers to a palette."""
    palette = np.rint(centers).clip(0, 255).astype(np.uint8)
    return palette, labels.reshape(image.height, image.width)


def reduce_with_opencv(image: Image.Image, colors: int) -> Reduced:
    """Quantize with 10 iterations of K-Means of OpenCV."""
    import cv2

    cv2.setNumThreads(1)
    cv2.setRNGSeed(0)
    pixels = np.asarray(image).reshape(-1, 3).astype(np.float32)
    stop = (cv2.TERM_CRITERIA_MAX_ITER, 10, 0)
    _, labels, centers = cv2.kmeans(pixels, colors, None, stop, 1, cv2.KMEANS_PP_CENTERS)
    return rounded(centers, labels, image)


def reduce_with_scikit_learn(image: Image.Image, colors: int) -> Reduced:
    """Quantize with K-Means of scikit-learn."""
    from sklearn.cluster import KMeans

    pixels = np.asarray(image).reshape(-1, 3).astype(np.float64)
    fitted = KMeans(colors, n_init=1, random_state=0).fit(pixels)
    return rounded(fitted.cluster_centers_, fitted.labels_, image)


def chosen(*names: str) -> dict[str, Quantizer]:
    """Choose some of the peers."""
    return {name: QUANTIZERS[name] for name in names}


QUANTIZERS = {
    "OpenCV 10 iterations": Quantizer(reduce_with_opencv, ("cv2",)),
    "scikit-learn": Quantizer(reduce_with_scikit_learn, ("sklearn",)),
    "imagequant": Quantizer(reduce_with_imagequant, ("imagequant",)),
    "imagequant dithered": Quantizer(partial(reduce_with_imagequant, dither=1), ("imagequant",)),
    "pngquant": Quantizer(reduce_with_pngquant, ("$pngquant",)),
    "Pillow": Quantizer(reduce_with_pillow),
    "Pillow dithered": Quantizer(dither_with_pillow),
}

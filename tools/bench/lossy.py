"""Lossy codecs at the lowest of their levels that reaches a PSNR."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from .cases import Case, Picture, least
from .formats import jxl, saved
from .measure import Pixels, mean_squared_error, psnr

Encoder = Callable[[], bytes]
Decoder = Callable[[bytes], Pixels]
LossyEncoder = Callable[[Picture, int], bytes]


def webp_lossy(picture: Picture, level: int) -> bytes:
    return saved(picture.image, "WEBP", quality=level, method=6)


def avif_lossy(picture: Picture, level: int) -> bytes:
    options = {"quality": level, "speed": 6, "subsampling": "4:4:4", "max_threads": 1}
    return saved(picture.image, "AVIF", **options)


def jxl_lossy(picture: Picture, level: int) -> bytes:
    return jxl(picture.pixels, distance=0.1 + (100 - level) / 8, effort=7)


def lossy(encode: LossyEncoder, decode: Decoder) -> Callable[[Case], Encoder | None]:
    """A codec at the lowest of its 101 levels that reaches what kmcodec's palette does."""

    def prepare(case: Case) -> Encoder | None:
        if np.isinf(case.psnr):
            return None
        level = least_level(case, encode, decode)
        return None if level is None else (lambda: encode(case.picture, level))

    return prepare


def least_level(case: Case, encode: LossyEncoder, decode: Decoder) -> int | None:
    """The lowest level whose PSNR is at least that of kmcodec's palette; None if there is none."""
    return least(0, 100, lambda level: lossy_psnr(case.picture, level, encode, decode) >= case.psnr)


@lru_cache(maxsize=512)  # the settings of a picture follow one another
def lossy_psnr(picture: Picture, level: int, encode: LossyEncoder, decode: Decoder) -> float:
    """Of a picture at a level of a codec."""
    return psnr(mean_squared_error(decode(encode(picture, level)), picture.pixels))

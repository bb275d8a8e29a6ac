"""Find what a picture takes, and loses, in fewer and in more colors."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..codec import encode
from ..format import METADATA_NAMES
from ..options import Options
from ..quantizer.histogram import Histogram
from ..stages import Stages

_FIRST: Final = 2
_LAST: Final = 256
_LEFT_OUT: Final = {"palette", "fixed", "psnr", "exact", "progress", *METADATA_NAMES}
"""Options for one number of colors alone, or of no matter for size and quality."""


class Point(NamedTuple):
    """What a picture is in so many colors.

    Attributes:
        colors: most entries of the palette.
        bytes: of the file, without metadata.
        psnr: in dB; infinite if nothing is lost.
    """

    colors: int
    bytes: int
    psnr: float


def find_curve(
    pixels: NDArray[np.uint8],
    distinct: int,
    settings: Options,
    given: Mapping[str, Any],
    stages: Stages,
) -> list[Point]:
    """Encode pixels in more and more colors, until nothing is lost.

    Args:
        pixels: (height, width, 1 to 4) uint8.
        distinct: how many colors they have.
        settings: those of the file that this is about, which has one point more.
        given: its options, which are those of all points, but for those of the number of colors.
        stages: is told how far this is.
    """
    options = {name: value for name, value in given.items() if name not in _LEFT_OUT}
    counts = list(_counts(distinct, max(settings.colors, _LAST)))
    points = []
    with stages("curve", len(counts)):
        for colors in counts:
            encoded = encode(pixels, colors, **options)
            points.append(Point(colors, len(encoded), encoded.psnr))
            stages.step()
            if encoded.is_exact:
                break
    return points


def count_colors(pixels: NDArray[np.uint8]) -> int:
    """Count the distinct colors of (height, width, 1 to 4) pixels."""
    return len(Histogram.of(pixels).colors)


def _counts(distinct: int, most: int) -> Iterator[int]:
    """Yield powers of two, and at last the number of colors that is exact, if that is not more."""
    colors = _FIRST
    while colors < min(distinct, most + 1):
        yield colors
        colors *= 2
    if distinct <= most:
        yield distinct

"""Tell where the bits of a picture went."""

import numpy as np
from numpy.typing import NDArray

from ..coding.container import open_head
from ..coding.costs import measure_costs
from ..coding.source import Source
from ..format import MAX_PIXELS


def pixel_costs(
    data: Source,
    /,
    frame: int = 0,
    *,
    max_pixels: int | None = MAX_PIXELS,
    threads: int | None = None,
) -> NDArray[np.float32]:
    """Measure what each pixel of a .kmq file costs.

    A decision of the range coder costs the binary logarithm of what it leaves of the interval, and
    a pixel all decisions since the one before. What one decision tells of a row, or of several
    pixels, is spread over them. Packed pixels cost their share of their rows.

    Args:
        data: a path, the file's bytes in any buffer, or a binary file, read from its start.
        frame: number of the frame, from 0; its pixels cost what it takes after the one before.
        max_pixels: largest width times height to accept; None for any.
        threads: bands decoded at once; None for one a core.

    Returns:
        (height, width) float32, in bits. The sum is within some bits of the payloads', for each
        band.

    Raises:
        KmqError: the data is damaged, hostile, of another format or above ``max_pixels``.
        TypeError, ValueError: ``frame`` is no number of a frame.
    """
    with open_head(data, max_pixels) as (stream, head):
        return measure_costs(stream, head, frame, threads)

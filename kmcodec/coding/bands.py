"""Code and decode bands, several at once: indices to payloads, payloads to indices or pixels.

The kernels release the GIL, so threads are enough. Results come in order and at most a few bands
are held at a time, whatever the size of the picture.
"""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from operator import index
from typing import IO, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..format import MAX_BAND_BYTES, MAX_BAND_ROWS, Coding, Header, Indices, index_dtype
from ..images.pixels import color_palette
from ..options import Progress
from ..stages import Stages
from ..workers import count_workers, map_in_order
from . import modelled, packed
from .container import Head, find_bands, read_band
from .layout import Band, Bands

Result = TypeVar("Result")

CODERS: Final = {Coding.PACKED: packed, Coding.MODELLED: modelled}
"""The module of each coding, with ``decode_indices``, ``decode_pixels`` and ``check_indices``."""

_BAND_PIXELS: Final = 1 << 20
"""The most pixels of a band, unless the caller says otherwise."""

TASK_PIXELS: Final = 1 << 10
"""Pixels below which a thread is given several bands at once, as a task takes as long itself."""


def choose_band_rows(width: int, height: int, wanted: int | None) -> int:
    """Choose the rows of a band: what the caller wants, or equal heights up to a megapixel.

    There are 1, 2, 4, 8 or a multiple of 8 bands, so that they keep all cores busy to the end.
    Whole bands are a multiple of 8 rows high, so that reduced sizes can be read band by band.
    """
    if wanted is not None:
        return min(wanted, height)
    bands = -(-width * height // _BAND_PIXELS)
    step = min(8, 1 << (bands - 1).bit_length())
    bands = -(-bands // step) * step
    rows = -(-height // bands)
    if rows > 8:
        rows = -(-rows // 8) * 8
    return min(rows, height, MAX_BAND_ROWS, max(1, MAX_BAND_BYTES // (2 * width)))


def pack_bands(header: Header, indices: Indices) -> Iterator[bytearray]:
    """Yield the packed payload of each band, on one thread, as it is no slower than copying."""
    for number in range(header.band_count):
        rows = indices[slice(*header.rows_of_band(number))]
        yield packed.encode_indices(np.ascontiguousarray(rows), header.color_count)


def model_bands(
    header: Header,
    codes: Indices,
    slack: float,
    threads: int | None,
    progress: Callable[[], object],
) -> list[bytes] | None:
    """Return the modelled payload of each band, or None if one is longer than packed.

    Call ``progress`` after each band.
    """

    def encode(number: int) -> bytes | None:
        rows = codes[slice(*header.rows_of_band(number))]
        return modelled.encode_indices(rows, header.color_count, slack)

    workers = count_workers(threads, header.band_count)
    payloads = []
    with closing(map_in_order(encode, range(header.band_count), workers)) as bands:
        for payload in bands:
            if payload is None:
                return None
            payloads.append(payload)
            progress()
    return payloads


def read_bands(
    stream: IO[bytes],
    bands: Bands,
    decode: Callable[[bytes, Band], Result],
    threads: int | None,
    progress: Progress | None,
) -> Iterator[Result]:
    """Read and verify bands in order on the caller's thread, and decode them on several."""
    payloads = ((read_band(stream, band), band) for band in bands)
    size = max(1, TASK_PIXELS // (bands.header.band_rows * bands.header.width))
    tasks = iter(lambda: list(islice(payloads, size)), [])
    workers = count_workers(threads, -(-len(bands) // size))
    stages = Stages(progress)
    decoded = map_in_order(lambda task: [decode(*item) for item in task], tasks, workers)
    with stages("decoding", len(bands)), closing(decoded):
        for results in decoded:
            for result in results:
                stages.step()
                yield result


def decode_pixel_bands(
    stream: IO[bytes],
    head: Head,
    box: tuple[int, int, int, int] | None,
    threads: int | None,
    progress: Progress | None,
) -> NDArray[np.uint8]:
    """Decode the pixels of a part of a picture, (height, width, 3 or 4).

    Args:
        stream: the file.
        head: its head.
        box: left, top, right and bottom of the part; None for all.
        threads: bands decoded at once; None for one a core.
        progress: told the stage "decoding", and bands done and in all.

    Raises:
        KmqError: a band is damaged.
        ValueError: ``box`` is empty or not within the picture.
    """
    width, height = head.header.width, head.header.height
    try:
        corners = [index(corner) for corner in ((0, 0, width, height) if box is None else box)]
    except TypeError:
        raise TypeError(f"box is {box!r}, must be four integers") from None
    if len(corners) != 4:
        raise ValueError(f"box is {box!r}, must be four integers")
    left, top, right, bottom = corners
    if not (0 <= left < right <= width and 0 <= top < bottom <= height):
        raise ValueError(f"box {box} is empty or not within {width} x {height} pixels")
    bands = find_bands(stream, head).of_rows(top, bottom)
    table = head.by_code(color_palette(head.palette))
    pixels = np.empty((bottom - top, right - left, table.shape[1]), np.uint8)

    def decode(payload: bytes, band: Band) -> None:
        whole = band.top >= top and band.bottom <= bottom and right - left == width
        if whole:
            out = pixels[band.top - top : band.bottom - top]
        else:
            out = np.empty((band.bottom - band.top, width, table.shape[1]), np.uint8)
        CODERS[head.header.coding].decode_pixels(payload, table, out, band.offset)
        if not whole:
            first, last = max(band.top, top), min(band.bottom, bottom)
            rows = out[first - band.top : last - band.top]
            pixels[first - top : last - top] = rows[:, left:right]

    deque(read_bands(stream, bands, decode, threads, progress), 0)
    return pixels


def decode_indexed_bands(
    stream: IO[bytes], head: Head, threads: int | None, progress: Progress | None
) -> Indices:
    """Decode all palette indices of a picture: (height, width).

    Raises:
        KmqError: a band is damaged.
    """
    header = head.header
    bands = find_bands(stream, head)
    indices: Indices = np.empty((header.height, header.width), index_dtype(header.color_count))
    order = None if head.order is None else head.order.astype(indices.dtype)

    def decode(payload: bytes, band: Band) -> None:
        out = indices[band.top : band.bottom]
        CODERS[header.coding].decode_indices(payload, header.color_count, out, band.offset)
        if order is not None:
            modelled.look_up(order, out, out)

    deque(read_bands(stream, bands, decode, threads, progress), 0)
    return indices


def check_bands(
    stream: IO[bytes],
    head: Head,
    bands: Bands,
    threads: int | None = None,
    progress: Progress | None = None,
) -> None:
    """Verify bands without keeping their pixels.

    Raises:
        KmqError: a band is damaged.
    """
    header = head.header

    def check(payload: bytes, band: Band) -> None:
        rows = band.bottom - band.top
        CODERS[header.coding].check_indices(
            payload, header.color_count, rows, header.width, band.offset
        )

    deque(read_bands(stream, bands, check, threads, progress), 0)

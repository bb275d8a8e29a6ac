"""Bands, several at once: indices to payloads, and payloads to indices or pixels.

The kernels release the GIL, so threads are enough. Results come in order and at most a few bands
are held at a time, whatever the size of the picture.
"""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from typing import IO, TypeVar

import numpy as np
from numpy.typing import NDArray

from .container import Band, Head, read_band
from .format import Coding, Header, Indices, index_dtype
from .modelled import decode_indices, encode_indices
from .packed import check_indices, pack_indices, unpack_indices, unpack_pixels

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_in_order(
    function: Callable[[Item], Result], items: Iterable[Item], workers: int
) -> Generator[Result]:
    """``map`` on threads, at most two items a worker ahead of the result that is taken."""
    if workers <= 1:
        yield from map(function, items)
        return
    from concurrent.futures import Future, ThreadPoolExecutor  # slow to import, often not needed

    pending: deque[Future[Result]] = deque()
    pool = ThreadPoolExecutor(workers, "kmcodec")
    try:
        for item in items:
            pending.append(pool.submit(function, item))
            if len(pending) >= 2 * workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def count_workers(threads: int | None, bands: int) -> int:
    """Threads to use for some bands: what the caller wants, or one for each core."""
    if threads is not None and threads < 1:
        raise ValueError(f"threads is {threads}, must be at least 1")
    if threads is None:
        affinity = getattr(os, "sched_getaffinity", None)
        threads = len(affinity(0)) if affinity else os.cpu_count() or 1
    return min(threads, bands)


def pack_bands(header: Header, indices: Indices) -> Iterator[bytearray]:
    """The packed payload of each band: on one thread, as it is no slower than copying."""
    for number in range(header.band_count):
        rows = indices[slice(*header.rows_of_band(number))]
        yield pack_indices(np.ascontiguousarray(rows), header.color_count)


def model_bands(
    header: Header, codes: Indices, slack: float, threads: int | None
) -> list[bytes] | None:
    """The modelled payload of each band; None if one is longer than packed."""

    def encode(number: int) -> bytes | None:
        rows = codes[slice(*header.rows_of_band(number))]
        return encode_indices(rows, header.color_count, slack)

    workers = count_workers(threads, header.band_count)
    payloads = []
    with closing(map_in_order(encode, range(header.band_count), workers)) as bands:
        for payload in bands:
            if payload is None:
                return None
            payloads.append(payload)
    return payloads


def read_bands(
    stream: IO[bytes],
    bands: Iterable[Band],
    decode: Callable[[bytes, Band], Result],
    workers: int,
) -> Iterator[Result]:
    """Bands read and verified in order by the caller's thread, and decoded on ``workers``."""
    payloads = ((read_band(stream, band), band) for band in bands)
    return map_in_order(lambda item: decode(*item), payloads, workers)


def decode_band_indices(head: Head, payload: bytes, band: Band, out: Indices) -> None:
    """Palette indices of a band: ``out`` is (rows, width) of ``index_dtype``, C-contiguous."""
    count = head.header.color_count
    if head.header.coding == Coding.PACKED:
        unpack_indices(payload, count, out, band.offset)
        return
    decode_indices(payload, count, out, band.offset)
    if head.order is not None:
        out[:] = head.order.astype(out.dtype)[out]


def decode_band_pixels(
    head: Head, table: NDArray[np.uint8], payload: bytes, band: Band, out: NDArray[np.uint8]
) -> None:
    """Pixels of a band: what ``table`` (color_count, channels) has for each palette index.

    ``out`` is (rows, width, channels), C-contiguous.
    """
    header = head.header
    if header.coding == Coding.PACKED:
        unpack_pixels(payload, table, out, band.offset)
        return
    codes: Indices = np.empty(out.shape[:2], index_dtype(header.color_count))
    decode_indices(payload, header.color_count, codes, band.offset)
    np.take(table if head.order is None else table[head.order], codes, 0, out, "clip")


def check_band(stream: IO[bytes], head: Head, band: Band) -> None:
    """Verify a band without keeping its pixels.

    Raises:
        KmqError: the band is damaged.
    """
    header = head.header
    payload = read_band(stream, band)
    rows = band.bottom - band.top
    if header.coding == Coding.PACKED:
        check_indices(payload, header.color_count, rows, header.width, band.offset)
    else:
        scratch: Indices = np.empty((rows, header.width), index_dtype(header.color_count))
        decode_indices(payload, header.color_count, scratch, band.offset)

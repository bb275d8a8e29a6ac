"""Tell what each pixel of a picture, or of a frame, costs in its file."""

from collections import deque
from collections.abc import Iterator
from typing import IO

import numpy as np
from numpy.typing import NDArray

from ..checks import check_integer
from ..errors import FormatError
from ..format import Coding, Header
from ..libkmq import binding, costs
from ..workers import count_workers, map_in_order
from . import modelled
from .container import Head, find_bands, find_frames, read_band
from .layout import Band, Bands


def measure_costs(
    stream: IO[bytes], head: Head, frame: int = 0, threads: int | None = None
) -> NDArray[np.float32]:
    """Measure the bits that each pixel of a frame takes of its payloads.

    Args:
        stream: the file.
        head: its head.
        frame: number of the frame, from 0; of a still picture there is one.
        threads: bands decoded at once; None for one a core.

    Returns:
        (height, width) float32; their sum is within some bits of the payloads', for each band.

    Raises:
        KmqError: a band is damaged.
        ValueError: there is no such frame.
    """
    header = head.header
    bits = np.zeros((header.height, header.width), np.float32)
    frames = _find_frames(stream, head, frame)

    def measure(successive: list[tuple[Band, bytes]]) -> None:
        out = bits[successive[0][0].top : successive[0][0].bottom]
        if header.coding == Coding.PACKED:
            out[:] = 8 * len(successive[-1][1]) / out.size
        elif header.color_count > 1:
            _measure_band(header, successive, out)

    workers = count_workers(threads, header.band_count)
    deque(map_in_order(measure, _read_bands(stream, header, frames), workers), 0)
    return bits


def _find_frames(stream: IO[bytes], head: Head, frame: int) -> list[Bands]:
    """Return the bands of all frames from the key frame before a frame up to this."""
    check_integer("frame", frame, 0)
    count = head.animation.frame_count if head.animation else 1
    if frame >= count:
        raise ValueError(f"frame is {frame}, of {count} frames from 0")
    if not head.animation:
        return [find_bands(stream, head)]
    frames = find_frames(stream, head)
    return [frames[number] for number in range(head.animation.key_before(frame), frame + 1)]


def _read_bands(
    stream: IO[bytes], header: Header, frames: list[Bands]
) -> Iterator[list[tuple[Band, bytes]]]:
    """Read and verify each band, of one frame after the other."""
    for number in range(header.band_count):
        bands = [frame[number] for frame in frames]
        yield [(band, read_band(stream, band)) for band in bands]


def _measure_band(
    header: Header, successive: list[tuple[Band, bytes]], out: NDArray[np.float32]
) -> None:
    """Decode a band of a key frame, and of those that follow; the last one's costs stay."""
    rows, width = out.shape
    memory = modelled.aligned(binding.frames_memory(rows, width, header.color_count))
    for number, (band, payload) in enumerate(successive):
        out.fill(0)
        status = costs.decode_costs(payload, header.color_count, number == 0, memory, out)
        if status != binding.OK:
            raise FormatError("no indices have this payload", offset=band.offset, field="payload")

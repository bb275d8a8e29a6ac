"""Take bytes back up to pixels, or to indices: of pictures, and of frames."""

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .checks import check_integer
from .coding.bands import decode_indexed_bands, decode_pixel_bands
from .coding.canvas import Canvas
from .coding.container import check_frame_limits, find_frames, open_head
from .coding.frames import FrameDecoder
from .coding.source import Source
from .format import MAX_FRAMES, MAX_PIXELS, MAX_TOTAL_PIXELS, Indices
from .images.pixels import color_palette
from .options import Progress


def decode(
    data: Source,
    /,
    *,
    box: tuple[int, int, int, int] | None = None,
    max_pixels: int | None = MAX_PIXELS,
    threads: int | None = None,
    progress: Progress | None = None,
) -> NDArray[np.uint8]:
    """Decode a .kmq file, or a part of it, to colors.

    Args:
        data: a path, the file's bytes in any buffer, or a binary file, read from its start.
        box: left, top, right and bottom of the part to decode, as of ``Image.crop``, within the
            picture; None for all. Bands without a row of it are neither read nor verified.
        max_pixels: largest width times height to accept; None for any.
        threads: bands decoded at once; None for one a core.
        progress: called with "decoding", and the bands done and in all; what it raises ends that.

    Returns:
        (height, width, 3) uint8 RGB, or (height, width, 4) RGBA if the picture has alpha.

    Raises:
        KmqError: the data is damaged, hostile, of another format or above ``max_pixels``.
        ValueError: ``box`` is empty or not within the picture.
    """
    with open_head(data, max_pixels) as (stream, head):
        return decode_pixel_bands(stream, head, box, threads, progress)


def decode_indexed(
    data: Source,
    /,
    *,
    max_pixels: int | None = MAX_PIXELS,
    threads: int | None = None,
    progress: Progress | None = None,
) -> tuple[NDArray[np.uint8], Indices]:
    """Decode a .kmq file to its palette and indices, as ``encode_indexed`` takes them.

    Arguments and errors are those of ``decode``. The palette is (K, 3 or 4) uint8, indices are
    (height, width) uint8, or uint16 above 256 colors.
    """
    with open_head(data, max_pixels) as (stream, head):
        return color_palette(head.palette), decode_indexed_bands(stream, head, threads, progress)


class Frame(NamedTuple):
    """A frame of an animation.

    Attributes:
        pixels: (height, width, 3 or 4) uint8, which cannot be written to.
        duration: how long it is shown, in milliseconds.
    """

    pixels: NDArray[np.uint8]
    duration: Fraction


def decode_frames(
    source: Source,
    /,
    *,
    start: int = 0,
    stop: int | None = None,
    max_pixels: int | None = MAX_PIXELS,
    max_frames: int | None = MAX_FRAMES,
    max_total_pixels: int | None = MAX_TOTAL_PIXELS,
    threads: int | None = None,
) -> Iterator[Frame]:
    """Decode the frames of a .kmq file one at a time; a still file has one, of duration 0.

    A frame that is as the one before has the same array. What is opened here is closed when the
    iterator ends, or is closed.

    Args:
        source: a path, the file's bytes in any buffer, or a binary file.
        start: number of the first frame to decode, from 0.
        stop: number of the frame after the last one; None for all, as are larger numbers.
        max_pixels: largest width times height to accept; None for any.
        max_frames: most frames to accept; None for any.
        max_total_pixels: largest product of both to accept; None for any.
        threads: bands decoded at once; None for one a core.

    Raises:
        KmqError: the data is damaged, hostile, of another format or above a limit; this is found
            when frames are taken.
        TypeError, ValueError: ``start`` or ``stop`` is no number of a frame.
    """
    wanted = slice(
        check_integer("start", start, 0), None if stop is None else check_integer("stop", stop, 0)
    )
    return _decode_frames(source, wanted, max_pixels, max_frames, max_total_pixels, threads)


def _decode_frames(
    source: Source,
    wanted: slice,
    max_pixels: int | None,
    max_frames: int | None,
    max_total_pixels: int | None,
    threads: int | None,
) -> Iterator[Frame]:
    with open_head(source, max_pixels) as (stream, head):
        check_frame_limits(head, max_frames, max_total_pixels)
        if head.animation is None:
            still = decode_pixel_bands(stream, head, None, threads, None)
            still.setflags(write=False)
            yield from [Frame(still, Fraction(0))][wanted]
            return
        decoder = FrameDecoder(stream, head, find_frames(stream, head), threads)
        canvas = Canvas(head)
        for number in range(head.animation.frame_count)[wanted]:
            decoder.seek(number)
            yield Frame(canvas.show(decoder), head.animation.duration(number))

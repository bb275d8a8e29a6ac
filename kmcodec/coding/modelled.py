"""Code each index by range coding, as a model predicts it from its neighborhood (spec 6.3).

A band is coded by one of two models: photo, for noise around slow changes, or graphics, for what
repeats itself and has flat areas. Small bands are coded with both, large ones that are flat with
graphics. For all others, some rows tell which: there photo decodes several times as fast, so it
may take a few more bytes.
That choice is the encoder's affair; the first decision of a payload tells the decoder.
"""

from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..errors import FormatError
from ..format import Indices, index_bits, index_dtype
from ..libkmq import binding

SMALL_PIXELS: Final = 1 << 16
"""Up to so many pixels, a band is coded with both models, a picture in each order of codes."""

_SAMPLE_PIXELS: Final = 1 << 15
"""On so many pixels of larger ones, models and orders are tried."""

_HEAD_START: Final = (0.03, 0.05)
"""Share of bytes by which photo, which learns more slowly, is better on a whole band than on the
sample: in general, and for more than 6 bits. Measured on photographs."""

_FLAT_SHARE: Final = 0.9
"""Share of pixels in flat surroundings above which graphics decodes as fast as photo, or faster."""


_MOST_BYTES: Final = 48
"""The most bytes that a pixel of a frame can take: no decision takes more than 22 bits."""

_PIECE_PIXELS: Final = 1 << 14
"""Pixels that are looked up at once: what the cache holds the long indices of."""


class Model(IntEnum):
    """The models, by the value of the decision that names them (spec 6.3.1)."""

    PHOTO = 0
    GRAPHICS = 1


class MovingBand:
    """A band of frames, each coded by what has changed since the one before (spec 6.5.2)."""

    def __init__(self, rows: int, width: int, color_count: int) -> None:
        """Begin before the first frame, which is a key frame."""
        self._color_count = color_count
        self._memory = aligned(binding.frames_memory(rows, width, color_count))

    def encode(self, indices: Indices, is_key: bool, slack: float = 0) -> bytes:
        """Encode the next frame.

        Args:
            indices: (rows, width) uint8 up to 256 colors, else uint16, C-contiguous.
            is_key: whether the payload is to be decoded without the frame before.
            slack: as of ``encode_indices``.

        Returns:
            The payload, empty if the frame is as the one before.
        """
        model = _choose(indices, self._color_count, slack) if is_key else Model.GRAPHICS
        payload = np.empty(_MOST_BYTES * indices.size + 64, np.uint8)  # of which few are touched
        length = binding.encode_frame(
            indices, self._color_count, is_key, model, self._memory, payload
        )
        assert length >= 0, "the room always suffices"
        return payload[:length].tobytes()

    def decode(self, payload: bytes, is_key: bool, out: Indices, offset: int = 0) -> None:
        """Decode the next frame; the inverse of ``encode``.

        Args:
            payload: any bytes.
            is_key: whether it is to be decoded without the frame before.
            out: (rows, width) uint8 up to 256 colors, else uint16, C-contiguous: the frame before,
                in which what has changed is filled.
            offset: place of the payload in the file, for errors.

        Raises:
            FormatError: no indices have this payload; what comes next has to be a key frame.
        """
        status = binding.decode_frame(payload, self._color_count, is_key, self._memory, out)
        if status != binding.OK:
            raise FormatError("no frame has this payload", offset=offset, field="payload")


def encode_indices(indices: Indices, color_count: int, slack: float = 0.0) -> bytes | None:
    """Encode a band's indices.

    Args:
        indices: (rows, width) uint8 or uint16, each below ``color_count``.
        color_count: 1..65536.
        slack: share of bytes that the payload of a large band may be longer for being decoded
            several times as fast, as estimated from some of its rows.

    Returns:
        The payload, or None if it would be longer than the same rows packed.
    """
    if color_count == 1:
        return b""
    rows, width = indices.shape
    room = rows * ((width * index_bits(color_count) + 7) // 8)
    indices = np.ascontiguousarray(indices)
    if indices.size > SMALL_PIXELS:
        return _encode_band(indices, color_count, _choose(indices, color_count, slack), room)
    payloads = (_encode_band(indices, color_count, model, room) for model in Model)
    return min((payload for payload in payloads if payload is not None), key=len, default=None)


def _choose(indices: Indices, color_count: int, slack: float) -> Model:
    """Choose the model for a large band."""
    flat = _flat_share(indices)
    if flat > _FLAT_SHARE:
        return Model.GRAPHICS
    sample = choose_sample(indices)
    photo, graphics = (_length(sample, color_count, model) for model in Model)
    allowance = slack + _HEAD_START[index_bits(color_count) > 6]
    allowance *= 1 - flat * flat  # graphics loses less time where more is flat
    return Model.PHOTO if photo <= graphics * (1 + allowance) else Model.GRAPHICS


def choose_sample(indices: Indices) -> Indices:
    """Return rows from the middle, on which to try both models, or orders of codes."""
    height, width = indices.shape
    rows = min(height, -(-_SAMPLE_PIXELS // width))
    top = (height - rows) // 2
    return indices[top : top + rows]


def estimate(indices: Indices, color_count: int) -> int:
    """Return the bytes that some rows take under the better model."""
    return min(_length(indices, color_count, model) for model in Model)


def decode_indices(payload: bytes, color_count: int, out: Indices, offset: int = 0) -> None:
    """Decode a band's indices; the inverse of ``encode_indices``.

    Args:
        payload: any bytes.
        color_count: 1..65536.
        out: (rows, width) uint8 up to 256 colors, else uint16; filled.
        offset: place of the payload in the file, for errors.

    Raises:
        FormatError: no indices have this payload.
    """
    if color_count == 1:
        out.fill(0)
        return
    indices = out if out.flags.c_contiguous else np.empty_like(out, order="C")
    if binding.decode_band(payload, color_count, _memory(out, color_count), indices) != binding.OK:
        raise FormatError("no indices have this payload", offset=offset, field="payload")
    if indices is not out:
        out[:] = indices


def _length(indices: Indices, color_count: int, model: Model) -> int:
    """Return the bytes that indices take under a model, at most two bytes an index."""
    indices = np.ascontiguousarray(indices)
    payload = _encode_band(indices, color_count, model, 2 * indices.size)
    return 2 * indices.size if payload is None else len(payload)


def decode_pixels(
    payload: bytes, table: NDArray[np.uint8], out: NDArray[np.uint8], offset: int = 0
) -> None:
    """Decode a band's indices, and look them up in a table.

    Args:
        payload: any bytes.
        table: (color_count, channels) uint8.
        out: (rows, width, channels) uint8; filled.
        offset: place of the payload in the file, for errors.

    Raises:
        FormatError: no indices have this payload.
    """
    indices: Indices = np.empty(out.shape[:2], index_dtype(len(table)))
    decode_indices(payload, len(table), indices, offset)
    look_up(table, indices, out)


def look_up(
    table: NDArray[np.uint8 | np.uint16], indices: Indices, out: NDArray[np.uint8 | np.uint16]
) -> None:
    """Fill ``out`` (rows, width, ...) with what a table (K, ...) has for indices (rows, width).

    All are C-contiguous; ``out`` may be ``indices``. NumPy makes indices of eight bytes first, so
    they are taken by pieces.
    """
    flat, filled = indices.reshape(-1), out.reshape(-1, *table.shape[1:])
    for start in range(0, flat.size, _PIECE_PIXELS):
        piece = slice(start, start + _PIECE_PIXELS)
        np.take(table, flat[piece], 0, filled[piece], "clip")


def check_indices(payload: bytes, color_count: int, rows: int, width: int, offset: int) -> None:
    """Refuse what ``decode_indices`` would refuse."""
    decode_indices(payload, color_count, np.empty((rows, width), index_dtype(color_count)), offset)


def _encode_band(indices: Indices, color_count: int, model: Model, room: int) -> bytes | None:
    payload = np.empty(room + 8, np.uint8)  # the coder ends with up to 8 zeros, which it cuts off
    memory = _memory(indices, color_count)
    length = binding.encode_band(indices, color_count, model, memory, payload)
    return None if not 0 <= length <= room else payload[:length].tobytes()


def _flat_share(indices: Indices) -> float:
    """Return the share of pixels that are as the one to the left and those above both."""
    if min(indices.shape) < 2:
        return 0.0
    above, row = indices[:-1], indices[1:]
    same = (row[:, :-1] == row[:, 1:]) & (above[:, :-1] == above[:, 1:])
    return float((same & (above[:, 1:] == row[:, 1:])).mean())


def _memory(indices: Indices, color_count: int) -> NDArray[np.uint8]:
    """Allocate scratch for a band."""
    rows, width = indices.shape
    return aligned(binding.band_memory(rows, width, color_count))


def aligned(size: int) -> NDArray[np.uint8]:
    """Allocate bytes at an address that 64 divides."""
    raw = np.empty(size + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + size]

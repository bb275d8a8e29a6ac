"""Modelled coding: each index is predicted from its neighborhood and range coded (spec 6.3).

A band is coded by one of two models: for photographs, whose neighbors are similar, or for
graphics, which repeat themselves and have flat areas. Which is better is tried: on the whole of a
small band, on some rows of a large one. That choice is the encoder's affair; the first decision
of the payload tells the decoder.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._kernels import modelling
from .errors import FormatError
from .format import MODEL_BORDER, Indices, index_bits

TINY_PIXELS: Final = 512
"""Up to here trials would take longer than all the rest."""

TRIAL_PIXELS: Final = 1 << 12
"""Pixels that models and orders are tried on, of sixteen times as many or more."""

_FLAT_SHARE: Final = 0.5
"""Share of pixels in flat surroundings from which a picture is graphics without a trial."""


class _Space(NamedTuple):
    """What a band learns, before it: zeros (spec 6.3.5, 6.3.6, 6.3.9)."""

    lines: NDArray[np.int16]
    weights: NDArray[np.int16]
    places: NDArray[np.uint32]
    log_lines: int
    log_places: int


def encode_indices(indices: Indices, color_count: int) -> bytes | None:
    """Code a band.

    Args:
        indices: (rows, width) uint8 or uint16, each below ``color_count``.
        color_count: 1..65536.

    Returns:
        The payload, or None if it would be longer than the same rows packed.
    """
    if color_count == 1:
        return b""
    rows, width = indices.shape
    room = rows * ((width * index_bits(color_count) + 7) // 8)
    plane = _plane(rows, width)
    plane[3:, MODEL_BORDER:-MODEL_BORDER] = indices
    if indices.size <= TINY_PIXELS or _flat_share(indices) > _FLAT_SHARE:
        graphics = indices.size > TINY_PIXELS
        return _encode_plane(plane, color_count, room, graphics=graphics)
    if indices.size <= 16 * TRIAL_PIXELS:
        payloads = [_encode_plane(plane, color_count, room, graphics=g) for g in (False, True)]
        return min((p for p in payloads if p is not None), key=len, default=None)
    sample = choose_sample(indices)
    graphics = estimate(sample, color_count, graphics=True) < estimate(sample, color_count)
    return _encode_plane(plane, color_count, room, graphics=graphics)


def choose_sample(indices: Indices) -> Indices:
    """Rows from the middle that both models, or orders of codes, are tried on."""
    height, width = indices.shape
    rows = min(height, -(-TRIAL_PIXELS // width))
    top = (height - rows) // 2
    return indices[top : top + rows]


def estimate(indices: Indices, color_count: int, *, graphics: bool = False) -> int:
    """Bytes of some rows under one of the models."""
    rows, width = indices.shape
    plane = _plane(rows, width)
    plane[3:, MODEL_BORDER:-MODEL_BORDER] = indices
    payload = _encode_plane(plane, color_count, 4 * indices.size, graphics=graphics)
    return 4 * indices.size if payload is None else len(payload)


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
    rows, width = out.shape
    plane = _plane(rows, width)
    space = _space(rows * width, width, color_count)
    if not modelling.decode_plane(payload, color_count, *space, plane):
        raise FormatError("no indices have this payload", offset=offset, field="payload")
    out[:] = plane[3:, MODEL_BORDER:-MODEL_BORDER]


def _encode_plane(
    plane: NDArray[np.uint16], color_count: int, room: int, *, graphics: bool
) -> bytes | None:
    rows, width = plane.shape[0] - 3, plane.shape[1] - 2 * MODEL_BORDER
    payload = np.empty(room + 8, np.uint8)  # the coder ends with up to 8 zeros, then cut off
    space = _space(rows * width, width, color_count)
    length = modelling.encode_plane(plane, color_count, graphics, *space, payload)
    return None if not 0 <= length <= room else payload[:length].tobytes()


def _flat_share(indices: Indices) -> float:
    """Share of pixels that are as the one to the left and those above both."""
    if min(indices.shape) < 2:
        return 0.0
    above, row = indices[:-1], indices[1:]
    same = (row[:, :-1] == row[:, 1:]) & (above[:, :-1] == above[:, 1:])
    return float((same & (above[:, 1:] == row[:, 1:])).mean())


def _plane(rows: int, width: int) -> NDArray[np.uint16]:
    """Rows with a border (spec 6.3.2), all zero."""
    return np.zeros((3 + rows, width + 2 * MODEL_BORDER), np.uint16)


def _space(pixels: int, width: int, color_count: int) -> _Space:
    bits = index_bits(color_count)
    log_lines = min(max(7, (2 * pixels - 1).bit_length()), 13 if bits <= 4 else 14)
    log_places = min(max(8, (pixels - 1).bit_length()), 16)
    return _Space(
        _aligned(modelling.line_slots(log_lines, bits)),
        _aligned(modelling.weight_count(bits)),
        np.zeros((2 << log_places) + width, np.uint32),
        log_lines,
        log_places,
    )


def _aligned(count: int) -> NDArray[np.int16]:
    """Zeros from a multiple of 64 bytes on, so that a bucket of lines is one cache line."""
    raw = np.zeros(2 * count + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + 2 * count].view(np.int16)

"""The coded palette: entries as residuals, range coded (spec 5.3).

Entries are coded in the order of the codes, which is what the indices of a coded picture are
called before they are palette indices again. Where the palette's own order matters, as in mode P,
and another one is better to code, the payload ends with that order.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from .errors import FormatError
from .format import index_dtype
from .libkmq import binding

_NO_ORDER: Final = np.zeros(0, np.uint16)


def encode_palette(palette: NDArray[np.uint8], order: NDArray[np.uint16] | None) -> bytes:
    """Code a palette.

    Args:
        palette: (K, 1 to 4) uint8, K in 1..65536.
        order: (K,) uint16, the codes' palette indices; None if each code is its own.

    Returns:
        The payload, of palette[order].
    """
    entries = palette if order is None else palette[order]
    payload = np.empty(entries.size + 6 * len(entries) + 16, np.uint8)
    unused = np.empty(0 if order is None else len(order) + 1, np.int32)
    length = binding.encode_palette(
        np.ascontiguousarray(entries), _NO_ORDER if order is None else order, unused, payload
    )
    assert length >= 0, "the room always suffices, and the order is one"
    return payload[:length].tobytes()


def decode_palette(
    payload: bytes, color_count: int, channels: int, *, may_have_order: bool, offset: int = 0
) -> tuple[NDArray[np.uint8], NDArray[np.uint16] | None]:
    """Decode a palette; the inverse of ``encode_palette``.

    Args:
        payload: any bytes.
        color_count: K, 1..65536.
        channels: samples of an entry, 1 to 4.
        may_have_order: whether an order is not a fault.
        offset: place of the payload in the file, for errors.

    Returns:
        palette (K, channels) uint8, and the order (K,) or None.

    Raises:
        FormatError: no palette has this payload.
    """
    entries = np.empty((color_count, channels), np.uint8)
    order = np.empty(color_count if may_have_order else 0, np.uint16)
    unused = np.empty(len(order) + 1, np.int32)
    status = binding.decode_palette(payload, entries, order, unused)
    if status < 0:
        fault = "no palette has this payload"
        if status == binding.UNEXPECTED_ORDER:
            fault = "a palette beside packed indices has an order"
        raise FormatError(fault, offset=offset, field="palette_payload")
    if status == binding.OK:
        return entries, None
    if (order == np.arange(color_count)).all():
        fault = "the order leaves all entries in their places"
        raise FormatError(fault, offset=offset, field="palette_payload")
    palette = np.empty_like(entries)
    palette[order] = entries
    return palette, order


def invert(order: NDArray[np.uint16]) -> NDArray[np.uint8 | np.uint16]:
    """The code of each palette index."""
    codes: NDArray[np.uint8 | np.uint16] = np.empty(len(order), index_dtype(len(order)))
    codes[order] = np.arange(len(order), dtype=codes.dtype)
    return codes

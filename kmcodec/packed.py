"""Packed coding: fixed-width indices, most significant bit first, rows padded to bytes (spec 6.2).

Which form packs fastest was measured at each width (``kmq-bench packing``): NumPy's ``packbits``
for one bit; a kernel of our own, several times as fast as NumPy's words and tens of times as fast
as bitarray's planes, for all others. At 8 and 16 bits NumPy would only copy, but the kernel is fast
enough not to need an exception. bitarray is the form that tests hold the kernel against, and what
``kmq-info`` shows bits with. Pixels of 1, 2 and 4 bits are looked up a byte at a time.
"""

import numpy as np
from numpy.typing import NDArray

from ._kernels import packing
from .errors import FormatError
from .format import Indices, index_bits, index_dtype


def pack_indices(indices: Indices, color_count: int) -> bytearray:
    """Pack rows of indices.

    Args:
        indices: (rows, width) uint8 or uint16, C-contiguous, each below ``color_count``.
        color_count: 1..65536; its ``index_bits`` is the width of an index.

    Returns:
        ``rows`` times ``ceil(width * bits / 8)`` bytes.
    """
    rows, width = indices.shape
    bits = index_bits(color_count)
    if bits == 1:
        return bytearray(np.packbits(indices, axis=1))
    packed = bytearray(rows * ((width * bits + 7) // 8))
    if bits:
        packing.pack_rows(indices, bits, packed)
    return packed


def unpack_indices(payload: bytes, color_count: int, out: Indices, offset: int = 0) -> None:
    """Unpack a band's indices; the inverse of ``pack_indices``.

    Args:
        payload: as many bytes as ``pack_indices`` makes of ``out``.
        color_count: 1..65536.
        out: (rows, width) uint8 up to 256 colors, else uint16, C-contiguous; filled.
        offset: place of the payload in the file, for errors.

    Raises:
        FormatError: an index is not below ``color_count``, or a padding bit is set.
    """
    bits = index_bits(color_count)
    if not bits:
        out.fill(0)
        return
    _check_padding(payload, color_count, len(out), out.shape[1], offset)
    if not packing.unpack_rows(payload, bits, color_count, out):
        y, x = np.argwhere(out >= color_count)[0]
        fault = f"index {out[y, x]} at row {y}, column {x} of a band, of {color_count} colors"
        row_bytes = len(payload) // len(out)
        raise FormatError(
            fault, offset=offset + int(y * row_bytes + x * bits // 8), field="payload"
        )


def unpack_pixels(
    payload: bytes, palette: NDArray[np.uint8], out: NDArray[np.uint8], offset: int = 0
) -> None:
    """Unpack a band's indices and look them up in the palette, in one pass.

    Args:
        payload: as many bytes as ``pack_indices`` makes of the band's indices.
        palette: (color_count, channels) uint8, 1 to 4 channels.
        out: (rows, width, channels) uint8, C-contiguous; filled.
        offset: place of the payload in the file, for errors.

    Raises:
        FormatError: an index is not below ``color_count``, or a padding bit is set.
    """
    color_count, channels = palette.shape
    rows, width, _ = out.shape
    bits = index_bits(color_count)
    if not bits:
        out[:] = palette[0]
        return
    _check_padding(payload, color_count, rows, width, offset)
    table = np.zeros((1 << bits, 4), np.uint8)
    table[:color_count, :channels] = palette
    lines = out.reshape(rows, width * channels)
    if 8 % bits == 0 and bits < 8:
        entries, faulty = _byte_table(table[:, :channels], bits, color_count)
        good = packing.look_up_bytes(payload, entries, 8 // bits * channels, faulty, lines)
    else:
        good = packing.look_up_rows(payload, bits, color_count, table, channels, lines)
    if not good:
        # The fault is found once more, with its place.
        _find_fault(payload, color_count, rows, width, offset)


def _byte_table(
    table: NDArray[np.uint8], bits: int, color_count: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The pixels that each byte holds, (256, 32), and whether it holds an index out of range."""
    count = 8 // bits
    shifts = np.arange(8 - bits, -1, -bits)
    indices = np.arange(256)[:, np.newaxis] >> shifts & ((1 << bits) - 1)
    entries = np.zeros((256, 32), np.uint8)
    entries[:, : count * table.shape[1]] = table[indices].reshape(256, -1)
    return entries, np.max(indices >= color_count, axis=1).astype(np.uint8)


def check_indices(payload: bytes, color_count: int, rows: int, width: int, offset: int) -> None:
    """Refuse what ``unpack_indices`` would refuse, unpacking only where an index can be wrong."""
    bits = index_bits(color_count)
    _check_padding(payload, color_count, rows, width, offset)
    if color_count < 1 << bits:
        _find_fault(payload, color_count, rows, width, offset)


def _find_fault(payload: bytes, color_count: int, rows: int, width: int, offset: int) -> None:
    scratch: Indices = np.empty((rows, width), index_dtype(color_count))
    unpack_indices(payload, color_count, scratch, offset)


def _check_padding(payload: bytes, color_count: int, rows: int, width: int, offset: int) -> None:
    padding = -width * index_bits(color_count) % 8
    if padding:
        last = np.frombuffer(payload, np.uint8).reshape(rows, -1)[:, -1]
        faults = np.flatnonzero(last & ((1 << padding) - 1))
        if faults.size:
            fault = f"padding of row {faults[0]} of a band is not zero"
            end = len(payload) // rows * int(faults[0] + 1)
            raise FormatError(fault, offset=offset + end - 1, field="payload")

"""Pack indices in a fixed width, most significant bit first, rows padded to bytes (spec 6.2).

Tests compare it with bitarray, which ``kmq-info`` uses to show bits.
"""

import numpy as np
from numpy.typing import NDArray

from ..errors import FormatError
from ..format import Indices, index_bits
from ..libkmq import binding


def encode_indices(indices: Indices, color_count: int) -> bytearray:
    """Pack rows of indices.

    Args:
        indices: (rows, width) uint8 up to 256 colors, else uint16, C-contiguous, each below
            ``color_count``.
        color_count: 1..65536; its ``index_bits`` is the width of an index.

    Returns:
        ``rows`` times ``ceil(width * bits / 8)`` bytes.
    """
    rows, width = indices.shape
    packed = bytearray(rows * binding.row_bytes(width, color_count))
    status = binding.pack_indices(indices, color_count, packed)
    assert status == binding.OK, "all indices are below color_count"
    return packed


def decode_indices(payload: bytes, color_count: int, out: Indices, offset: int = 0) -> None:
    """Unpack a band's indices; the inverse of ``encode_indices``.

    Args:
        payload: as many bytes as ``encode_indices`` makes of ``out``.
        color_count: 1..65536.
        out: (rows, width) uint8 up to 256 colors, else uint16, C-contiguous; filled.
        offset: place of the payload in the file, for errors.

    Raises:
        FormatError: an index is not below ``color_count``, or a padding bit is set.
    """
    if binding.unpack_indices(payload, color_count, out) != binding.OK:
        rows, width = out.shape
        check_indices(payload, color_count, rows, width, offset)


def decode_pixels(
    payload: bytes, table: NDArray[np.uint8], out: NDArray[np.uint8], offset: int = 0
) -> None:
    """Unpack a band's indices, and look them up in a table, in one pass.

    Args:
        payload: as many bytes as ``encode_indices`` makes of the band's indices.
        table: (color_count, channels) uint8, 1 to 4 channels.
        out: (rows, width, channels) uint8, C-contiguous; filled.
        offset: place of the payload in the file, for errors.

    Raises:
        FormatError: an index is not below ``color_count``, or a padding bit is set.
    """
    if binding.unpack_pixels(payload, np.ascontiguousarray(table), out) != binding.OK:
        rows, width, _ = out.shape
        check_indices(payload, len(table), rows, width, offset)


def check_indices(payload: bytes, color_count: int, rows: int, width: int, offset: int) -> None:
    """Refuse what ``decode_indices`` would refuse, and tell where the first fault is."""
    status, row, column = binding.check_indices(payload, rows, width, color_count)
    if status == binding.OK:
        return
    bits = index_bits(color_count)
    row_bytes = binding.row_bytes(width, color_count)
    if status == binding.BAD_PADDING:
        fault = f"padding of row {row} of a band is not zero"
        raise FormatError(fault, offset=offset + (row + 1) * row_bytes - 1, field="payload")
    line = int.from_bytes(payload[row * row_bytes : (row + 1) * row_bytes], "big")
    index = line >> (8 * row_bytes - (column + 1) * bits) & ((1 << bits) - 1)
    fault = f"index {index} at row {row}, column {column} of a band, of {color_count} colors"
    place = offset + row * row_bytes + column * bits // 8
    raise FormatError(fault, offset=place, field="payload")

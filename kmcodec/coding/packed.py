"""Pack indices in a fixed width, most significant bit first, rows padded to bytes (spec 6.2).

Tests compare it with bitarray, which ``kmq-info`` uses to show bits.
"""

import numpy as np
from numpy.typing import NDArray

from ..errors import FormatError
from ..format import Indices, index_bits
from ..libkmq import binding


class MovingBand:
    """A band of successive frames: packed anew where it differs from the frame before.

    What the model alone needs to know is taken and not used.
    """

    def __init__(self, rows: int, width: int, color_count: int) -> None:  # noqa: ARG002
        """``rows`` and ``width`` are those of each frame's band."""
        self._color_count = color_count
        self._before = bytearray()

    def encode(self, indices: Indices, is_key: bool, slack: float = 0) -> bytes:  # noqa: ARG002
        """Return the payload of the next frame's band, which is empty if nothing changed.

        Args:
            indices: as of ``encode_indices``.
            is_key: whether the band must be decoded without the frame before.
            slack: not used.
        """
        payload = encode_indices(indices, self._color_count)
        is_same, self._before = payload == self._before, payload
        return b"" if is_same and not is_key else bytes(payload)

    def decode(self, payload: bytes, is_key: bool, out: Indices, offset: int = 0) -> None:
        """Decode a frame's band; the inverse of ``encode``.

        Args:
            payload: as many bytes as ``encode`` makes, or none, which changes nothing.
            is_key: whether it may not be empty.
            out: the band of the frame before, which becomes that of this one.
            offset: place of the payload in the file, for errors.

        Raises:
            FormatError: as ``decode_indices``.
        """
        if payload or is_key:
            decode_indices(payload, self._color_count, out, offset)


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

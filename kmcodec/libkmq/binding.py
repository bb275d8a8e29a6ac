# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, freethreading_compatible=True
"""Call the functions of ``kmq.h`` with arrays: check their sizes, then run C without the GIL.

What is returned is what C returns, a status or a length; faults are negative. Nothing is decided
here. A size that does not fit is an error of the caller's, a ValueError.
"""

import os

import cython
from cython.cimports.kmcodec.libkmq.kmq import (
    KMQ_ABOVE,
    KMQ_BAD_PADDING,
    KMQ_BORDER,
    KMQ_MAX_CELLS,
    KMQ_MAX_COLORS,
    KMQ_OK,
    KMQ_ORDERED,
    KMQ_UNEXPECTED_ORDER,
    kmq_band_memory,
    kmq_check_indices,
    kmq_decode_band,
    kmq_decode_frame,
    kmq_decode_palette,
    kmq_encode_band,
    kmq_encode_frame,
    kmq_encode_palette,
    kmq_frames_memory,
    kmq_pack_indices,
    kmq_row_bytes,
    kmq_start_up,
    kmq_unpack_indices,
    kmq_unpack_pixels,
)
from cython.cimports.libc.stdint import int32_t, int64_t, uint8_t, uint16_t

index_t = cython.fused_type(uint8_t, uint16_t)

MAX_COLORS: int = KMQ_MAX_COLORS
MAX_CELLS: int = KMQ_MAX_CELLS
ABOVE: int = KMQ_ABOVE
BORDER: int = KMQ_BORDER
OK: int = KMQ_OK
ORDERED: int = KMQ_ORDERED
UNEXPECTED_ORDER: int = KMQ_UNEXPECTED_ORDER
BAD_PADDING: int = KMQ_BAD_PADDING

kmq_start_up("KMQ_NO_AVX2" not in os.environ)  # the environment variable is for measurements


@cython.cfunc
def check(fits: cython.bint) -> cython.void:
    """Refuse sizes that would let C read or write beyond a buffer."""
    if not fits:
        raise ValueError("sizes do not fit one another")


@cython.cfunc
def check_palette(colors: cython.Py_ssize_t, channels: cython.Py_ssize_t) -> cython.void:
    """Check the shape of a palette."""
    check(1 <= colors <= KMQ_MAX_COLORS and 1 <= channels <= 4)


@cython.cfunc
def check_order(
    colors: cython.Py_ssize_t, order: cython.Py_ssize_t, unused: cython.Py_ssize_t
) -> cython.void:
    """Check the sizes of an order and its scratch."""
    check(order == 0 or (order == colors and unused > colors))


@cython.cfunc
def check_packed(
    size: cython.Py_ssize_t, rows: cython.Py_ssize_t, width: cython.Py_ssize_t, colors: cython.int
) -> cython.void:
    """Check the size of packed rows."""
    check(1 <= colors <= KMQ_MAX_COLORS and rows >= 1 and width >= 1)
    check(size == rows * kmq_row_bytes(width, colors))


def encode_palette(
    palette: cython.const[uint8_t][:, ::1],  # IN (1..65536, 1..4)
    order: cython.const[uint16_t][::1],  # IN (colors,), or empty for none
    predicting: cython.bint,  # IN whether residuals are coded
    unused: int32_t[::1],  # scratch (colors + 1,); empty if ``order`` is
    payload: uint8_t[::1],  # OUT
) -> int64_t:
    """Encode a palette, and return the length of its payload, or a fault."""
    colors: cython.Py_ssize_t = palette.shape[0]
    channels: cython.Py_ssize_t = palette.shape[1]
    ordered: cython.bint = order.shape[0] > 0
    length: int64_t
    check_palette(colors, channels)
    check_order(colors, order.shape[0], unused.shape[0])
    with cython.nogil:
        length = kmq_encode_palette(
            cython.address(palette[0, 0]),
            cython.cast(cython.int, colors),
            cython.cast(cython.int, channels),
            cython.address(order[0]) if ordered else cython.NULL,
            predicting,
            cython.address(unused[0]) if ordered else cython.NULL,
            cython.address(payload[0]),
            payload.shape[0],
        )
    return length


def decode_palette(
    payload: cython.const[uint8_t][::1],  # IN
    palette: uint8_t[:, ::1],  # OUT (1..65536, 1..4)
    order: uint16_t[::1],  # OUT (colors,) if there is one, or empty if there must be none
    unused: int32_t[::1],  # scratch (colors + 1,); empty if ``order`` is
) -> cython.int:
    """Decode a palette, and return ``OK``, ``ORDERED`` or a fault."""
    colors: cython.Py_ssize_t = palette.shape[0]
    channels: cython.Py_ssize_t = palette.shape[1]
    ordered: cython.bint = order.shape[0] > 0
    status: cython.int
    check_palette(colors, channels)
    check_order(colors, order.shape[0], unused.shape[0])
    with cython.nogil:
        status = kmq_decode_palette(
            cython.address(payload[0]),
            payload.shape[0],
            cython.address(palette[0, 0]),
            cython.cast(cython.int, colors),
            cython.cast(cython.int, channels),
            cython.address(order[0]) if ordered else cython.NULL,
            cython.address(unused[0]) if ordered else cython.NULL,
        )
    return status


def row_bytes(width: int64_t, colors: cython.int) -> int64_t:
    """Return the bytes of a row of packed indices."""
    return kmq_row_bytes(width, colors)


def pack_indices(
    indices: cython.const[index_t][:, ::1],  # IN (rows, width), bytes up to 256 colors
    colors: cython.int,  # IN 1..65536
    packed: uint8_t[::1],  # OUT (rows * row_bytes,)
) -> cython.int:
    """Pack rows of indices."""
    status: cython.int
    check_packed(packed.shape[0], indices.shape[0], indices.shape[1], colors)
    check(indices.itemsize == (2 if colors > 256 else 1))
    with cython.nogil:
        status = kmq_pack_indices(
            cython.address(indices[0, 0]),
            indices.shape[0],
            indices.shape[1],
            colors,
            cython.address(packed[0]),
        )
    return status


def unpack_indices(
    packed: cython.const[uint8_t][::1],  # IN (rows * row_bytes,)
    colors: cython.int,  # IN 1..65536
    indices: index_t[:, ::1],  # OUT (rows, width), bytes up to 256 colors
) -> cython.int:
    """Unpack rows of indices."""
    status: cython.int
    check_packed(packed.shape[0], indices.shape[0], indices.shape[1], colors)
    check(indices.itemsize == (2 if colors > 256 else 1))
    with cython.nogil:
        status = kmq_unpack_indices(
            cython.address(packed[0]),
            indices.shape[0],
            indices.shape[1],
            colors,
            cython.address(indices[0, 0]),
        )
    return status


def check_indices(
    packed: cython.const[uint8_t][::1],  # IN (rows * row_bytes,)
    rows: cython.Py_ssize_t,
    width: cython.Py_ssize_t,
    colors: cython.int,  # IN 1..65536
) -> tuple[int, int, int]:
    """Check rows of indices, and return the status, and at a fault its row and column."""
    status: cython.int
    row: int64_t = 0
    column: int64_t = 0
    check_packed(packed.shape[0], rows, width, colors)
    with cython.nogil:
        status = kmq_check_indices(
            cython.address(packed[0]),
            rows,
            width,
            colors,
            cython.address(row),
            cython.address(column),
        )
    return status, row, column


def unpack_pixels(
    packed: cython.const[uint8_t][::1],  # IN (rows * row_bytes,)
    palette: cython.const[uint8_t][:, ::1],  # IN (1..65536, 1..4)
    pixels: uint8_t[:, :, ::1],  # OUT (rows, width, channels)
) -> cython.int:
    """Unpack rows of indices to their colors."""
    colors: cython.Py_ssize_t = palette.shape[0]
    channels: cython.Py_ssize_t = palette.shape[1]
    status: cython.int
    check_palette(colors, channels)
    check_packed(packed.shape[0], pixels.shape[0], pixels.shape[1], cython.cast(cython.int, colors))
    check(pixels.shape[2] == channels)
    with cython.nogil:
        status = kmq_unpack_pixels(
            cython.address(packed[0]),
            pixels.shape[0],
            pixels.shape[1],
            cython.address(palette[0, 0]),
            cython.cast(cython.int, colors),
            cython.cast(cython.int, channels),
            cython.address(pixels[0, 0, 0]),
        )
    return status


@cython.cfunc
def check_band(
    rows: cython.Py_ssize_t,
    width: cython.Py_ssize_t,
    colors: cython.int,
    itemsize: cython.Py_ssize_t,
    memory: uint8_t[::1],
    needed: int64_t,
) -> cython.void:
    """Check the sizes of a band, and its memory, of which so many bytes are needed."""
    check(2 <= colors <= KMQ_MAX_COLORS and rows >= 1 and width >= 1)
    check(rows < KMQ_MAX_CELLS)
    check((rows + KMQ_ABOVE) * (width + 2 * KMQ_BORDER) <= KMQ_MAX_CELLS)
    check(itemsize == (2 if colors > 256 else 1))
    check(memory.shape[0] >= needed)
    check(cython.cast(cython.size_t, cython.address(memory[0])) % 64 == 0)


def band_memory(rows: int64_t, width: int64_t, colors: cython.int) -> int64_t:
    """Return the bytes of scratch that a band needs."""
    return kmq_band_memory(rows, width, colors)


def encode_band(
    indices: cython.const[index_t][:, ::1],  # IN (rows, width), bytes up to 256 colors
    colors: cython.int,  # IN 2..65536
    model: cython.int,  # IN 0 photo, 1 graphics
    memory: uint8_t[::1],  # scratch (band_memory,), aligned to 64
    payload: uint8_t[::1],  # OUT
) -> int64_t:
    """Encode a band, and return the length of its payload, or a fault."""
    length: int64_t
    needed: int64_t = kmq_band_memory(indices.shape[0], indices.shape[1], colors)
    check_band(indices.shape[0], indices.shape[1], colors, indices.itemsize, memory, needed)
    with cython.nogil:
        length = kmq_encode_band(
            cython.address(indices[0, 0]),
            indices.shape[0],
            indices.shape[1],
            colors,
            model,
            cython.address(memory[0]),
            cython.address(payload[0]),
            payload.shape[0],
        )
    return length


def decode_band(
    payload: cython.const[uint8_t][::1],  # IN
    colors: cython.int,  # IN 2..65536
    memory: uint8_t[::1],  # scratch (band_memory,), aligned to 64
    indices: index_t[:, ::1],  # OUT (rows, width), bytes up to 256 colors
) -> cython.int:
    """Decode a band."""
    status: cython.int
    needed: int64_t = kmq_band_memory(indices.shape[0], indices.shape[1], colors)
    check_band(indices.shape[0], indices.shape[1], colors, indices.itemsize, memory, needed)
    with cython.nogil:
        status = kmq_decode_band(
            cython.address(payload[0]),
            payload.shape[0],
            indices.shape[0],
            indices.shape[1],
            colors,
            cython.address(memory[0]),
            cython.address(indices[0, 0]),
        )
    return status


def frames_memory(rows: int64_t, width: int64_t, colors: cython.int) -> int64_t:
    """Return the bytes that a band keeps from frame to frame."""
    return kmq_frames_memory(rows, width, colors)


def encode_frame(
    indices: cython.const[index_t][:, ::1],  # IN (rows, width), bytes up to 256 colors
    colors: cython.int,  # IN 2..65536
    is_key: cython.bint,  # IN
    model: cython.int,  # IN of a key frame: 0 photo, 1 graphics
    memory: uint8_t[::1],  # IN, OUT (frames_memory,), aligned to 64, never moved
    payload: uint8_t[::1],  # OUT
) -> int64_t:
    """Encode the next frame of a band, and return the length of its payload, or a fault."""
    length: int64_t
    needed: int64_t = kmq_frames_memory(indices.shape[0], indices.shape[1], colors)
    check_band(indices.shape[0], indices.shape[1], colors, indices.itemsize, memory, needed)
    with cython.nogil:
        length = kmq_encode_frame(
            cython.address(indices[0, 0]),
            indices.shape[0],
            indices.shape[1],
            colors,
            is_key,
            model,
            cython.address(memory[0]),
            cython.address(payload[0]),
            payload.shape[0],
        )
    return length


def decode_frame(
    payload: cython.const[uint8_t][::1],  # IN
    colors: cython.int,  # IN 2..65536
    is_key: cython.bint,  # IN
    memory: uint8_t[::1],  # IN, OUT (frames_memory,), aligned to 64, never moved
    indices: index_t[:, ::1],  # IN the frame before, OUT (rows, width), bytes up to 256 colors
) -> cython.int:
    """Decode the next frame of a band."""
    status: cython.int
    needed: int64_t = kmq_frames_memory(indices.shape[0], indices.shape[1], colors)
    check_band(indices.shape[0], indices.shape[1], colors, indices.itemsize, memory, needed)
    with cython.nogil:
        status = kmq_decode_frame(
            cython.address(payload[0]),
            payload.shape[0],
            indices.shape[0],
            indices.shape[1],
            colors,
            is_key,
            cython.address(memory[0]),
            cython.address(indices[0, 0]),
        )
    return status

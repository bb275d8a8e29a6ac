# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, freethreading_compatible=True
"""Packed rows to and from indices and pixels, eight pixels at a time (spec 6.2).

Eight indices of ``bits`` bits are exactly ``bits`` bytes, so every group of eight starts on a
byte. It is read as two 64-bit words of four indices each; the second starts half a byte in
where ``bits`` is odd. The last pixels of a row, and all that lie within 16 bytes of the end of
the buffer, go bit by bit.

Widths are 1..16 bits. Rows are padded to bytes. Words are composed byte by byte, which
compilers turn into one load, so the result does not depend on the machine's byte order.
"""

import cython
from cython.cimports.libc.stdint import int32_t, uint8_t, uint16_t, uint64_t
from cython.cimports.libc.string import memcpy

index_t = cython.fused_type(uint8_t, uint16_t)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def load64(p: cython.pointer(cython.const[uint8_t])) -> uint64_t:
    return (
        cython.cast(uint64_t, p[0]) << 56
        | cython.cast(uint64_t, p[1]) << 48
        | cython.cast(uint64_t, p[2]) << 40
        | cython.cast(uint64_t, p[3]) << 32
        | cython.cast(uint64_t, p[4]) << 24
        | cython.cast(uint64_t, p[5]) << 16
        | cython.cast(uint64_t, p[6]) << 8
        | cython.cast(uint64_t, p[7])
    )


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def store64(p: cython.pointer(uint8_t), word: uint64_t) -> cython.void:
    p[0] = word >> 56
    p[1] = word >> 48 & 255
    p[2] = word >> 40 & 255
    p[3] = word >> 32 & 255
    p[4] = word >> 24 & 255
    p[5] = word >> 16 & 255
    p[6] = word >> 8 & 255
    p[7] = word & 255


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def load_index(
    row: cython.pointer(cython.const[uint8_t]), x: cython.Py_ssize_t, bits: cython.int
) -> cython.int:
    """Index x of a row, reading only bytes that hold some of its bits."""
    first: cython.Py_ssize_t = x * bits
    byte: cython.Py_ssize_t = first >> 3
    last: cython.Py_ssize_t = (first + bits - 1) >> 3
    word: cython.uint = row[byte]
    while byte < last:
        byte += 1
        word = word << 8 | row[byte]
    return (word >> (8 * (last + 1) - first - bits)) & ((1 << bits) - 1)


def pack_rows(
    indices: cython.const[index_t][:, ::1],  # IN (rows, width), each below 1 << bits
    bits: cython.int,  # IN 1..16
    packed: uint8_t[::1],  # OUT rows * row_bytes
) -> None:
    """Pack rows of indices, most significant bit first."""
    rows: cython.Py_ssize_t = indices.shape[0]
    width: cython.Py_ssize_t = indices.shape[1]
    row_bytes: cython.Py_ssize_t = (width * bits + 7) >> 3
    size: cython.Py_ssize_t = packed.shape[0]
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    at: cython.Py_ssize_t
    j: cython.int
    first: uint64_t
    second: uint64_t
    held: cython.int
    half: cython.int = 4 * bits
    odd: cython.int = half & 7
    with cython.nogil:
        for y in range(rows):
            at = y * row_bytes
            x = 0
            while x + 8 <= width and at + 16 <= size:
                first = 0
                second = 0
                for j in range(4):
                    first = first << bits | indices[y, x + j]
                    second = second << bits | indices[y, x + 4 + j]
                second = second << (64 - half)
                if odd:
                    second = second >> 4 | (first & 15) << 60
                store64(cython.address(packed[at]), first << (64 - half))
                store64(cython.address(packed[at + (half >> 3)]), second)
                at += bits
                x += 8
            first = 0
            held = 0
            while x < width:
                first = first << bits | indices[y, x]
                held += bits
                while held >= 8:
                    held -= 8
                    packed[at] = first >> held & 255
                    at += 1
                x += 1
            if held:
                packed[at] = first << (8 - held) & 255


def unpack_rows(
    packed: cython.const[uint8_t][::1],  # IN rows * row_bytes
    bits: cython.int,  # IN 1..16
    color_count: cython.int,  # IN 1 << (bits - 1) < color_count <= 1 << bits
    indices: index_t[:, ::1],  # OUT (rows, width)
) -> cython.bint:
    """Unpack rows of indices; whether all are below ``color_count``."""
    rows: cython.Py_ssize_t = indices.shape[0]
    width: cython.Py_ssize_t = indices.shape[1]
    row_bytes: cython.Py_ssize_t = (width * bits + 7) >> 3
    size: cython.Py_ssize_t = packed.shape[0]
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    at: cython.Py_ssize_t
    j: cython.int
    index: cython.int
    first: uint64_t
    second: uint64_t
    half: cython.int = 4 * bits
    mask: cython.int = (1 << bits) - 1
    below: int32_t = 0  # its sign bit is set once an index is out of range
    with cython.nogil:
        for y in range(rows):
            at = y * row_bytes
            x = 0
            while x + 8 <= width and at + 16 <= size:
                first = load64(cython.address(packed[at])) >> (64 - half)
                second = load64(cython.address(packed[at + (half >> 3)])) << (half & 7)
                second = second >> (64 - half)
                for j in range(4):
                    index = first >> (half - bits - j * bits) & mask
                    below |= color_count - 1 - index
                    indices[y, x + j] = index
                    index = second >> (half - bits - j * bits) & mask
                    below |= color_count - 1 - index
                    indices[y, x + 4 + j] = index
                at += bits
                x += 8
            while x < width:
                index = load_index(cython.address(packed[y * row_bytes]), x, bits)
                below |= color_count - 1 - index
                indices[y, x] = index
                x += 1
    return below >= 0


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def look_up(
    packed: cython.const[uint8_t][::1],
    bits: cython.int,
    color_count: cython.int,
    table: cython.const[uint8_t][:, ::1],
    width: cython.Py_ssize_t,
    channels: cython.int,
    pixels: uint8_t[:, ::1],
) -> cython.bint:
    rows: cython.Py_ssize_t = pixels.shape[0]
    row_bytes: cython.Py_ssize_t = (width * bits + 7) >> 3
    size: cython.Py_ssize_t = packed.shape[0]
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    at: cython.Py_ssize_t
    j: cython.int
    c: cython.int
    index: cython.int
    group: cython.int[8]
    first: uint64_t
    second: uint64_t
    half: cython.int = 4 * bits
    mask: cython.int = (1 << bits) - 1
    below: int32_t = 0
    out: cython.pointer(uint8_t)
    for y in range(rows):
        at = y * row_bytes
        x = 0
        out = cython.address(pixels[y, 0])
        # Every pixel is written as four bytes: one more must follow the group to take the excess.
        while x + 12 <= width and at + 16 <= size:
            first = load64(cython.address(packed[at])) >> (64 - half)
            second = load64(cython.address(packed[at + (half >> 3)])) << (half & 7)
            second = second >> (64 - half)
            for j in range(4):
                group[j] = first >> (half - bits - j * bits) & mask
                group[4 + j] = second >> (half - bits - j * bits) & mask
            for j in range(8):
                below |= color_count - 1 - group[j]
                memcpy(out + j * channels, cython.address(table[group[j], 0]), 4)
            out += 8 * channels
            at += bits
            x += 8
        while x < width:
            index = load_index(cython.address(packed[y * row_bytes]), x, bits)
            below |= color_count - 1 - index
            for c in range(channels):
                out[c] = table[index, c]
            out += channels
            x += 1
    return below >= 0


def look_up_rows(
    packed: cython.const[uint8_t][::1],  # IN rows * row_bytes
    bits: cython.int,  # IN 1..16
    color_count: cython.int,  # IN 1 << (bits - 1) < color_count <= 1 << bits
    table: cython.const[uint8_t][:, ::1],  # IN (1 << bits, 4), palette padded with zeros
    channels: cython.int,  # IN 1..4
    pixels: uint8_t[:, ::1],  # OUT (rows, width * channels)
) -> cython.bint:
    """Unpack rows straight to pixels; whether all indices are below ``color_count``."""
    width: cython.Py_ssize_t = pixels.shape[1] // channels
    good: cython.bint
    with cython.nogil:
        if channels == 1:  # constants let the compiler specialize the loop
            good = look_up(packed, bits, color_count, table, width, 1, pixels)
        elif channels == 2:
            good = look_up(packed, bits, color_count, table, width, 2, pixels)
        elif channels == 3:
            good = look_up(packed, bits, color_count, table, width, 3, pixels)
        else:
            good = look_up(packed, bits, color_count, table, width, 4, pixels)
    return good


def look_up_bytes(
    packed: cython.const[uint8_t][::1],  # IN rows * row_bytes
    table: cython.const[uint8_t][:, ::1],  # IN (256, 32) the pixels of each byte, padded
    entry_bytes: cython.Py_ssize_t,  # IN bytes of these pixels, at most 32
    faulty: cython.const[uint8_t][::1],  # IN (256,) 1 where a byte holds an index out of range
    pixels: uint8_t[:, ::1],  # OUT (rows, width * channels)
) -> cython.bint:
    """Unpack rows of 1, 2 or 4 bits an index a byte at a time; whether no byte is faulty."""
    rows: cython.Py_ssize_t = pixels.shape[0]
    y: cython.Py_ssize_t
    left: cython.Py_ssize_t
    at: cython.Py_ssize_t = 0
    fault: cython.int = 0
    out: cython.pointer(uint8_t)
    with cython.nogil:
        for y in range(rows):
            out = cython.address(pixels[y, 0])
            left = pixels.shape[1]
            while left >= 32:  # a copy of constant size; the next one overwrites its excess
                fault |= faulty[packed[at]]
                memcpy(out, cython.address(table[packed[at], 0]), 32)
                out += entry_bytes
                left -= entry_bytes
                at += 1
            while left > 0:
                fault |= faulty[packed[at]]
                memcpy(out, cython.address(table[packed[at], 0]), min(left, entry_bytes))
                out += entry_bytes
                left -= entry_bytes
                at += 1
    return fault == 0

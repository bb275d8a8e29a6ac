# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, freethreading_compatible=True
"""Find distinct colors by a trie, one level a channel, in bitmaps that are ranked.

A node is the set of channel values that follow one prefix: 256 bits. Numbering the set bits of
a level in order numbers its children, so a color's leaf number is its rank among the distinct
colors in ascending lexicographic order (rank on bitmaps: Jacobson 1989).
"""

import cython
from cython.cimports.libc.stdint import int64_t, uint8_t, uint16_t, uint32_t, uint64_t

entry_t = cython.fused_type(uint8_t, uint16_t, uint32_t)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def bit_count(x: uint64_t) -> uint32_t:
    """Count set bits (Warren, Hacker's Delight, 5-1), as compilers have no common name for it."""
    ones: uint64_t = ~cython.cast(uint64_t, 0)
    x = x - (x >> 1 & ones // 3)
    x = (x & ones // 5) + (x >> 2 & ones // 5)
    x = (x + (x >> 4)) & ones // 17
    return (x * (ones // 255)) >> 56


def mark_children(
    pixels: cython.const[uint8_t][:, ::1],  # IN (pixels, channels)
    channel: cython.int,  # IN
    nodes: cython.const[uint32_t][::1],  # IN (pixels,) the node each pixel has reached
    bitmap: uint64_t[::1],  # INOUT (4 * nodes,) a bit set for every child that occurs
) -> None:
    """Set the bits of one level of the trie."""
    i: cython.Py_ssize_t
    key: uint64_t
    with cython.nogil:
        for i in range(nodes.shape[0]):
            key = cython.cast(uint64_t, nodes[i]) << 8 | pixels[i, channel]
            bitmap[key >> 6] |= cython.cast(uint64_t, 1) << (key & 63)


def count_before(
    bitmap: cython.const[uint64_t][::1],  # IN
    before: uint32_t[::1],  # OUT as long: set bits in the words before each word
) -> cython.Py_ssize_t:
    """Make the bitmap rankable, and return the number of its set bits."""
    i: cython.Py_ssize_t
    total: cython.Py_ssize_t = 0
    with cython.nogil:
        for i in range(bitmap.shape[0]):
            before[i] = total
            if bitmap[i]:
                total += bit_count(bitmap[i])
    return total


def list_children(
    bitmap: cython.const[uint64_t][::1],  # IN
    children: uint32_t[::1],  # OUT parent node * 256 + value of each set bit, ascending
) -> None:
    """List the children of one level in the order of their numbers."""
    i: cython.Py_ssize_t
    child: cython.Py_ssize_t = 0
    word: uint64_t
    with cython.nogil:
        for i in range(bitmap.shape[0]):
            word = bitmap[i]
            while word:
                children[child] = i * 64 + bit_count((word & (~word + 1)) - 1)
                word &= word - 1
                child += 1


def enter_children(
    pixels: cython.const[uint8_t][:, ::1],  # IN (pixels, channels)
    channel: cython.int,  # IN
    bitmap: cython.const[uint64_t][::1],  # IN
    before: cython.const[uint32_t][::1],  # IN
    nodes: uint32_t[::1],  # INOUT (pixels,) from the nodes of one level to those of the next
) -> None:
    """Move every pixel one level down the trie."""
    i: cython.Py_ssize_t
    key: uint64_t
    lower: uint64_t
    with cython.nogil:
        for i in range(nodes.shape[0]):
            key = cython.cast(uint64_t, nodes[i]) << 8 | pixels[i, channel]
            lower = bitmap[key >> 6] & ((cython.cast(uint64_t, 1) << (key & 63)) - 1)
            nodes[i] = before[key >> 6] + bit_count(lower)


def tally(
    positions: cython.const[uint32_t][::1],  # IN (pixels,)
    counts: int64_t[::1],  # INOUT (colors,)
) -> None:
    """Count how often each position occurs."""
    i: cython.Py_ssize_t
    with cython.nogil:
        for i in range(positions.shape[0]):
            counts[positions[i]] += 1


def look_up(
    table: cython.const[entry_t][::1],  # IN (colors,)
    positions: cython.const[uint32_t][::1],  # IN (pixels,)
    out: entry_t[::1],  # OUT (pixels,)
) -> None:
    """Replace every position by its entry of the table."""
    i: cython.Py_ssize_t
    with cython.nogil:
        for i in range(positions.shape[0]):
            out[i] = table[positions[i]]

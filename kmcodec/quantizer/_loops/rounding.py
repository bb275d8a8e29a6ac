# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, freethreading_compatible=True
"""Sum what moving palette entries does to the squared error.

Points and entries have four channels, the missing ones zero.
"""

import cython
from cython.cimports.libc.stdint import int32_t, int64_t, uint8_t, uint16_t


def tally_moves(
    points: cython.const[uint16_t][:, ::1],  # IN (n, 4)
    counts: cython.const[int64_t][::1],  # IN (n,)
    before: cython.const[int32_t][:, ::1],  # IN (k, 4) entries
    labels_before: cython.const[int32_t][::1],  # IN (n,) the nearest of these
    after: cython.const[int32_t][:, ::1],  # IN (k, 4) entries, some of them moved
    labels_after: cython.const[int32_t][::1],  # IN (n,) the nearest of these
    moved: cython.const[uint8_t][::1],  # IN (k,) which
    changes: int64_t[::1],  # OUT (k,) of the squared error, by the entry that caused it
) -> int64_t:
    """Sum what moving some entries does to the squared error: by entry, and altogether.

    A change counts for the entry that a point has now, or if that did not move, the one it had.
    """
    i: cython.Py_ssize_t
    c: cython.int
    old: cython.Py_ssize_t
    new: cython.Py_ssize_t
    delta: int64_t
    change: int64_t
    total: int64_t = 0
    with cython.nogil:
        for i in range(changes.shape[0]):
            changes[i] = 0
        for i in range(points.shape[0]):
            old = labels_before[i]
            new = labels_after[i]
            if not moved[old] and old == new:
                continue
            change = 0
            for c in range(4):
                delta = cython.cast(int64_t, points[i, c]) - after[new, c]
                change += delta * delta
                delta = cython.cast(int64_t, points[i, c]) - before[old, c]
                change -= delta * delta
            change *= counts[i]
            changes[new if moved[new] else old] += change
            total += change
    return total

# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, freethreading_compatible=True
"""Sum points over clusters, in integers and so exactly, whatever their order.

Points have four channels, the missing ones zero.
"""

import cython
from cython.cimports.libc.stdint import int32_t, int64_t, uint16_t


def sum_clusters(
    points: cython.const[uint16_t][:, ::1],  # IN (n, 4)
    counts: cython.const[int64_t][::1],  # IN (n,)
    labels: cython.const[int32_t][::1],  # IN (n,)
    before: int32_t[::1],  # INOUT (n,) the labels of the last iteration, then these
    sums: int64_t[:, ::1],  # OUT (k, 4)
    weights: int64_t[::1],  # OUT (k,)
) -> int64_t:
    """Sum points and counts by cluster, and return how many pixels have changed theirs."""
    i: cython.Py_ssize_t
    c: cython.int
    label: cython.Py_ssize_t
    count: int64_t
    changed: int64_t = 0
    with cython.nogil:
        for i in range(weights.shape[0]):
            weights[i] = 0
            for c in range(4):
                sums[i, c] = 0
        for i in range(labels.shape[0]):
            label = labels[i]
            count = counts[i]
            if before[i] != label:
                changed += count
                before[i] = label
            weights[label] += count
            for c in range(4):
                sums[label, c] += count * points[i, c]
    return changed

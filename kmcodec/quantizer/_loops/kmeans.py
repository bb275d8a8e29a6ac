# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, freethreading_compatible=True
"""Sum points over clusters, in integers and so exactly, whatever their order; move centroids.

Points have four channels, the missing ones zero.
"""

import cython
from cython.cimports.libc.math import rint
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


def move_centroids(
    sums: cython.const[int64_t][:, ::1],  # IN (k, 4)
    weights: cython.const[int64_t][::1],  # IN (k,) at least 1 but for the fixed
    fixed: cython.Py_ssize_t,  # IN so many of the first stay
    grid: cython.double,  # IN the steps in a unit to which means are rounded
    centroids: cython.double[:, ::1],  # INOUT (k, c)
) -> None:
    """Move centroids to the means of their clusters."""
    j: cython.Py_ssize_t
    c: cython.Py_ssize_t
    with cython.nogil:
        for j in range(fixed, centroids.shape[0]):
            for c in range(centroids.shape[1]):
                centroids[j, c] = (
                    rint(
                        cython.cast(cython.double, sums[j, c])
                        / cython.cast(cython.double, weights[j])
                        * grid
                    )
                    / grid
                )


def shift_squares(
    sums: cython.const[int64_t][:, ::1],  # IN (k, 4)
    weights: cython.const[int64_t][::1],  # IN (k,)
    centroids: cython.const[cython.double][:, ::1],  # IN (k, c)
    shifts: cython.double[:, ::1],  # OUT (k, c)
) -> None:
    """Tell what being near to centroids instead of zero adds to the sum of squared distances."""
    j: cython.Py_ssize_t
    c: cython.Py_ssize_t
    weight: cython.double
    mean: cython.double
    with cython.nogil:
        for j in range(centroids.shape[0]):
            weight = cython.cast(cython.double, weights[j])
            for c in range(centroids.shape[1]):
                mean = centroids[j, c]
                shifts[j, c] = mean * (weight * mean - 2 * cython.cast(cython.double, sums[j, c]))

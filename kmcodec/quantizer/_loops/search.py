# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, freethreading_compatible=True
"""Tell which clusters are wide, and which are cheap to merge."""

import cython
from cython.cimports.libc.math import INFINITY
from cython.cimports.libc.stdint import int32_t, int64_t, uint16_t


def spread_clusters(
    points: cython.const[uint16_t][:, ::1],  # IN (n, 4)
    counts: cython.const[int64_t][::1],  # IN (n,)
    labels: cython.const[int32_t][::1],  # IN (n,)
    centroids: cython.const[cython.double][:, ::1],  # IN (k, c)
    sizes: cython.double[::1],  # INOUT zeros (k,), the weight of each cluster
    spread: cython.double[:, ::1],  # INOUT zeros (k, c), its squared error along each channel
) -> None:
    """Sum weights, and weighted squared distances along each channel, over clusters."""
    i: cython.Py_ssize_t
    c: cython.Py_ssize_t
    label: cython.Py_ssize_t
    count: cython.double
    delta: cython.double
    with cython.nogil:
        for i in range(labels.shape[0]):
            label = labels[i]
            count = cython.cast(cython.double, counts[i])
            sizes[label] += count
            for c in range(centroids.shape[1]):
                delta = points[i, c] - centroids[label, c]
                spread[label, c] += count * (delta * delta)


def cheapest_merges(
    centroids: cython.const[cython.double][:, ::1],  # IN (k, c)
    sizes: cython.const[cython.double][::1],  # IN (k,)
    fixed: cython.Py_ssize_t,  # IN so many of the first are not merged
    partners: cython.Py_ssize_t[::1],  # OUT (k,) the first of those with which it costs least
    costs: cython.double[::1],  # OUT (k,) what that raises the squared error by; else infinite
) -> None:
    """Find the cluster with which each is merged at least cost."""
    i: cython.Py_ssize_t
    j: cython.Py_ssize_t
    c: cython.Py_ssize_t
    delta: cython.double
    cost: cython.double
    k: cython.Py_ssize_t = centroids.shape[0]
    with cython.nogil:
        for i in range(k):
            partners[i] = 0
            costs[i] = INFINITY
        for i in range(fixed, k):
            for j in range(i + 1, k):
                cost = 0
                for c in range(centroids.shape[1]):
                    delta = centroids[i, c] - centroids[j, c]
                    cost += delta * delta
                cost *= sizes[i] * sizes[j] / max(sizes[i] + sizes[j], 1.0)
                if cost < costs[i]:
                    costs[i] = cost
                    partners[i] = j
                if cost < costs[j]:
                    costs[j] = cost
                    partners[j] = i

# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, freethreading_compatible=True
"""Find the nearest centroids of many points at once.

Points and centroids have four channels, the missing ones zero. All distances and comparisons are
exact: see ``quantizer/points.py``.
"""

import cython
from cython.cimports.libc.stdint import int32_t, uint16_t, uint64_t

SMALL = cython.declare(cython.Py_ssize_t, 32)  # colors not worth another division of their box


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def length(a: cython.double, b: cython.double, c: cython.double, d: cython.double) -> cython.double:
    """Return the squared length of a vector: exact, so in the order that is fastest."""
    return (a * a + b * b) + (c * c + d * d)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def least_lead(
    z: cython.double, best: cython.double, low: cython.double, high: cython.double
) -> cython.double:
    """Return how much farther z is than the best along a channel, where that favors z most."""
    at_low: cython.double = (z - best) * (z + best - 2 * low)
    at_high: cython.double = (z - best) * (z + best - 2 * high)
    return min(at_high, at_low)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def keep_candidates(
    centroids: cython.pointer(cython.const[cython.double]),
    low: cython.pointer(cython.double),
    high: cython.pointer(cython.double),
    candidates: cython.pointer(int32_t),  # INOUT a list, then the ones that are kept
    count: cython.Py_ssize_t,
) -> cython.Py_ssize_t:
    """Append to a list of candidates those that points of a box may choose; return how many.

    A candidate is left out if another is nearer to every point of the box: to the corner that
    favors it most (Kanungo et al. 2002, section 2). The lower index wins a tie over all the box.
    """
    j: cython.Py_ssize_t
    best: int32_t = 0
    kept: cython.Py_ssize_t = count
    distance: cython.double
    least: cython.double = 1e300
    lead: cython.double
    z: cython.pointer(cython.const[cython.double])
    b: cython.pointer(cython.const[cython.double])
    for j in range(count):
        z = centroids + 4 * candidates[j]
        distance = length(
            2 * z[0] - low[0] - high[0],
            2 * z[1] - low[1] - high[1],
            2 * z[2] - low[2] - high[2],
            2 * z[3] - low[3] - high[3],
        )
        if distance < least:
            least = distance
            best = candidates[j]
    b = centroids + 4 * best
    for j in range(count):
        z = centroids + 4 * candidates[j]
        lead = (
            least_lead(z[0], b[0], low[0], high[0]) + least_lead(z[1], b[1], low[1], high[1])
        ) + (least_lead(z[2], b[2], low[2], high[2]) + least_lead(z[3], b[3], low[3], high[3]))
        candidates[kept] = candidates[j]  # whether kept or not, as a branch takes longer
        kept += (lead < 0) | ((lead == 0) & (candidates[j] <= best))
    return kept - count


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def nearest_candidate(
    centroids: cython.pointer(cython.const[cython.double]),
    point: cython.pointer(cython.const[uint16_t]),
    candidates: cython.pointer(cython.const[int32_t]),
    count: cython.Py_ssize_t,
) -> int32_t:
    """Return the first of the nearest in a list of candidates."""
    j: cython.Py_ssize_t
    best: int32_t = 0
    distance: cython.double
    least: cython.double = 1e300
    z: cython.pointer(cython.const[cython.double])
    for j in range(count):
        z = centroids + 4 * candidates[j]
        distance = length(point[0] - z[0], point[1] - z[1], point[2] - z[2], point[3] - z[3])
        if distance < least:
            least = distance
            best = candidates[j]
    return best


def assign_nearest(
    codes: cython.const[uint64_t][::1],  # IN (n,) ascending Z-order codes
    points: cython.const[uint16_t][:, ::1],  # IN (n, 4) in that order
    masks: cython.const[uint16_t][:, ::1],  # IN (49, 4) the bits of a point below each code bit
    centroids: cython.const[cython.double][:, ::1],  # IN (k, 4)
    candidates: int32_t[::1],  # scratch (50 * k,)
    ranges: cython.Py_ssize_t[:, ::1],  # scratch (50, 5)
    labels: int32_t[::1],  # OUT (n,) nearest centroid, the lowest index on a tie
) -> None:
    """Assign every point to its nearest centroid by the filtering algorithm.

    Kanungo et al., An efficient k-means clustering algorithm: analysis and implementation,
    2002: descend a tree of boxes with the centroids that may still win. The tree is implied by
    the order: a range of codes with a common prefix is a box.
    """
    i: cython.Py_ssize_t
    j: cython.Py_ssize_t
    c: cython.int
    top: cython.Py_ssize_t = 0
    first: cython.Py_ssize_t
    last: cython.Py_ssize_t
    left: cython.Py_ssize_t
    right: cython.Py_ssize_t
    middle: cython.Py_ssize_t
    bit: cython.Py_ssize_t
    start: cython.Py_ssize_t
    count: cython.Py_ssize_t
    kept: cython.Py_ssize_t
    best: int32_t
    differing: uint64_t
    low: cython.double[4]
    high: cython.double[4]
    with cython.nogil:
        for j in range(centroids.shape[0]):
            candidates[j] = j
        ranges[0, 0] = 0
        ranges[0, 1] = codes.shape[0]
        ranges[0, 2] = 48
        ranges[0, 3] = 0
        ranges[0, 4] = centroids.shape[0]
        if codes.shape[0]:
            top = 1
        while top:
            top -= 1
            first = ranges[top, 0]
            last = ranges[top, 1]
            bit = ranges[top, 2]
            start = ranges[top, 3]
            count = ranges[top, 4]
            differing = codes[first] ^ codes[last - 1]
            while bit and not differing >> (bit - 1):
                bit -= 1
            if count > 1 and last - first > 1:
                for c in range(4):
                    high[c] = points[first, c] | masks[bit, c]
                    low[c] = high[c] - masks[bit, c]
                kept = keep_candidates(
                    cython.address(centroids[0, 0]),
                    cython.address(low[0]),
                    cython.address(high[0]),
                    cython.address(candidates[start]),
                    count,
                )
                start += count
                count = kept
            if count == 1:
                best = candidates[start]
                for i in range(first, last):
                    labels[i] = best
            elif last - first <= SMALL or count == 2:
                for i in range(first, last):
                    labels[i] = nearest_candidate(
                        cython.address(centroids[0, 0]),
                        cython.address(points[i, 0]),
                        cython.address(candidates[start]),
                        count,
                    )
            else:
                left = first
                right = last - 1
                while right - left > 1:
                    middle = (left + right) >> 1
                    if codes[middle] >> (bit - 1) & 1:
                        right = middle
                    else:
                        left = middle
                for j in range(2):
                    ranges[top, 0] = first if j else right
                    ranges[top, 1] = right if j else last
                    ranges[top, 2] = bit - 1
                    ranges[top, 3] = start
                    ranges[top, 4] = count
                    top += 1

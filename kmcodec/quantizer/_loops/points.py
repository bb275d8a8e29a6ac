# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, freethreading_compatible=True
"""Find the nearest centroids of many points at once.

Points and centroids have four channels, the missing ones zero. All distances and comparisons are
exact: see ``quantizer/points.py``.
"""

import cython
from cython.cimports.libc.stdint import int32_t, uint16_t, uint64_t

SMALL = cython.declare(cython.Py_ssize_t, 16)  # points not worth another division of their box


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


def grow_tree(
    codes: cython.const[uint64_t][::1],  # IN (n,) ascending Z-order codes
    points: cython.const[uint16_t][:, ::1],  # IN (n, 4) in that order, n at least 1
    waiting: int32_t[:, ::1],  # scratch (50, 3)
    nodes: int32_t[:, ::1],  # OUT (2 n, 3) from which point, up to which, and the right child
    boxes: uint16_t[:, :, ::1],  # OUT (2 n, 2, 4) the least and the greatest of each channel
) -> cython.Py_ssize_t:
    """Divide points into ever smaller boxes, and return how many nodes that takes.

    A range of codes with a common prefix is a box, whose halves are two such ranges. A node stands
    before its left child, and that and all below it before the right one; a leaf's is 0.
    """
    i: cython.Py_ssize_t
    c: cython.int
    node: cython.Py_ssize_t
    first: cython.Py_ssize_t
    last: cython.Py_ssize_t
    left: cython.Py_ssize_t
    right: cython.Py_ssize_t
    middle: cython.Py_ssize_t
    bit: cython.int
    least: uint16_t
    greatest: uint16_t
    top: cython.Py_ssize_t = 1
    count: cython.Py_ssize_t = 0
    with cython.nogil:
        waiting[0, 0] = 0
        waiting[0, 1] = codes.shape[0]
        waiting[0, 2] = -1
        while top:
            top -= 1
            first = waiting[top, 0]
            last = waiting[top, 1]
            if waiting[top, 2] >= 0:
                nodes[waiting[top, 2], 2] = count
            nodes[count, 0] = first
            nodes[count, 1] = last
            nodes[count, 2] = 0
            if last - first > SMALL:
                bit = 63
                while not (codes[first] ^ codes[last - 1]) >> bit:
                    bit -= 1
                left = first
                right = last - 1
                while right - left > 1:
                    middle = (left + right) >> 1
                    if codes[middle] >> bit & 1:
                        right = middle
                    else:
                        left = middle
                for i in range(2):
                    waiting[top, 0] = first if i else right
                    waiting[top, 1] = right if i else last
                    waiting[top, 2] = -1 if i else count
                    top += 1
            count += 1
        for node in range(count - 1, -1, -1):
            right = nodes[node, 2]
            for c in range(4):
                least = 65535
                greatest = 0
                if right:
                    least = min(boxes[node + 1, 0, c], boxes[right, 0, c])
                    greatest = max(boxes[node + 1, 1, c], boxes[right, 1, c])
                else:
                    for i in range(nodes[node, 0], nodes[node, 1]):
                        least = min(least, points[i, c])
                        greatest = max(greatest, points[i, c])
                boxes[node, 0, c] = least
                boxes[node, 1, c] = greatest
    return count


def assign_nearest(
    points: cython.const[uint16_t][:, ::1],  # IN (n, 4) in Z-order
    nodes: cython.const[int32_t][:, ::1],  # IN (m, 3) a tree of boxes of them
    boxes: cython.const[uint16_t][:, :, ::1],  # IN (m, 2, 4)
    centroids: cython.const[cython.double][:, ::1],  # IN (k, 4)
    candidates: int32_t[::1],  # scratch (51 * k,)
    waiting: cython.Py_ssize_t[:, ::1],  # scratch (50, 3)
    labels: int32_t[::1],  # OUT (n,) nearest centroid, the lowest index on a tie
) -> None:
    """Assign every point to its nearest centroid by the filtering algorithm.

    Kanungo et al., An efficient k-means clustering algorithm: analysis and implementation,
    2002: descend a tree of boxes with the centroids that may still win.
    """
    i: cython.Py_ssize_t
    j: cython.Py_ssize_t
    c: cython.int
    node: cython.Py_ssize_t
    start: cython.Py_ssize_t
    count: cython.Py_ssize_t
    kept: cython.Py_ssize_t
    top: cython.Py_ssize_t = 1
    low: cython.double[4]
    high: cython.double[4]
    with cython.nogil:
        for j in range(centroids.shape[0]):
            candidates[j] = j
        waiting[0, 0] = 0
        waiting[0, 1] = 0
        waiting[0, 2] = centroids.shape[0]
        while top:
            top -= 1
            node = waiting[top, 0]
            start = waiting[top, 1]
            count = waiting[top, 2]
            if count > 1:
                for c in range(4):
                    low[c] = boxes[node, 0, c]
                    high[c] = boxes[node, 1, c]
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
                for i in range(nodes[node, 0], nodes[node, 1]):
                    labels[i] = candidates[start]
            elif nodes[node, 2] == 0 or count == 2:
                for i in range(nodes[node, 0], nodes[node, 1]):
                    labels[i] = nearest_candidate(
                        cython.address(centroids[0, 0]),
                        cython.address(points[i, 0]),
                        cython.address(candidates[start]),
                        count,
                    )
            else:
                for j in range(2):
                    waiting[top, 0] = node + 1 if j else nodes[node, 2]
                    waiting[top, 1] = start
                    waiting[top, 2] = count
                    top += 1

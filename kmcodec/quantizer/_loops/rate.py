# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, freethreading_compatible=True
"""Choose indices that cost little beside their neighbors, for little more squared error.

A plane is the rows of a picture as int32 with a border of one cell on every side, so that every
neighbor of a pixel exists. Points and entries have four channels, the missing ones zero. All
arithmetic is of integers.
"""

import cython
from cython.cimports.libc.stdint import int32_t, int64_t, uint8_t, uint32_t

NEIGHBORS = cython.declare(cython.int, 8)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def squared_distance(
    a: cython.pointer(cython.const[int32_t]), b: cython.pointer(cython.const[int32_t])
) -> int64_t:
    c: cython.int
    delta: int64_t
    distance: int64_t = 0
    for c in range(4):
        delta = a[c] - b[c]
        distance += delta * delta
    return distance


def count_neighbors(
    plane: cython.const[int32_t][:, ::1],  # IN (height + 2, width + 2), the border k
    offsets: cython.const[cython.Py_ssize_t][::1],  # IN (8,) from a cell to its neighbors
    groups: cython.const[int32_t][::1],  # IN (k + 1,) the group of each index, 0..g; g: the border
    counts: uint32_t[:, :, ::1],  # INOUT zeros (8, g + 1, k)
) -> None:
    """Count how often each index has a neighbor of each group at each place."""
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    t: cython.int
    cell: cython.pointer(cython.const[int32_t])
    with cython.nogil:
        for y in range(1, plane.shape[0] - 1):
            for x in range(1, plane.shape[1] - 1):
                cell = cython.address(plane[y, x])
                for t in range(NEIGHBORS):
                    counts[t, groups[cell[offsets[t]]], cell[0]] += 1


def lower_costs(
    points: cython.const[int32_t][:, ::1],  # IN (n, 4)
    positions: cython.const[uint32_t][:, ::1],  # IN (height, width) the point of each pixel
    nearest: cython.const[int32_t][::1],  # IN (n,) the entry nearest to each point
    kinds: cython.const[uint8_t][::1],  # IN (n,) the kind that its entry must be of, or 0
    entries: cython.const[int32_t][:, ::1],  # IN (k, 4)
    entry_kinds: cython.const[uint8_t][::1],  # IN (k,)
    lists: cython.const[int32_t][:, ::1],  # IN (k, m) entries near each entry, itself first
    gaps: cython.const[int64_t][:, ::1],  # IN (k, m) squared distances to these, ascending
    offsets: cython.const[cython.Py_ssize_t][::1],  # IN (8,) from a cell to its neighbors
    groups: cython.const[int32_t][::1],  # IN (k + 1,) the group of each index, 0..g; g: the border
    bits: cython.const[uint8_t][:, :, ::1],  # IN (8, g + 1, k) in 1/16
    rate: int64_t,  # IN squared distance that a bit is worth, in 1/256
    plane: int32_t[:, ::1],  # INOUT (height + 2, width + 2), the border k
) -> None:
    """Give each pixel in turn the entry of least squared error + rate * bits.

    Entries tried are those of its neighbors, and those near its nearest entry, if they are of its
    kind. The latter end where no better one can follow: if an entry is at least twice as far from
    the nearest one, in squared distance, as the pixel's squared distances to both may sum up to,
    then it is too far from the pixel, as (a + b)^2 <= 2 (a^2 + b^2).
    """
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    t: cython.int
    j: cython.Py_ssize_t
    v: int32_t
    best: int32_t
    home: int32_t
    kind: uint8_t
    point: cython.pointer(cython.const[int32_t])
    cell: cython.pointer(int32_t)
    rows: cython.pointer(cython.const[uint8_t])[8]
    home_error: int64_t
    need: int64_t
    cost: int64_t
    least: int64_t
    with cython.nogil:
        for y in range(positions.shape[0]):
            for x in range(positions.shape[1]):
                point = cython.address(points[positions[y, x], 0])
                home = nearest[positions[y, x]]
                kind = kinds[positions[y, x]]
                cell = cython.address(plane[y + 1, x + 1])
                for t in range(NEIGHBORS):
                    rows[t] = cython.address(bits[t, groups[cell[offsets[t]]], 0])
                home_error = squared_distance(point, cython.address(entries[home, 0]))
                least = cython.cast(int64_t, 1) << 62
                best = home
                for j in range(-NEIGHBORS, lists.shape[1]):
                    if j < 0:
                        v = cell[offsets[j + NEIGHBORS]]
                        if v == entries.shape[0] or v == best:
                            continue
                    else:
                        v = lists[home, j]
                        if gaps[home, j] > 2 * (home_error + (least >> 12) + 1):
                            break
                    if kind and entry_kinds[v] != kind:
                        continue
                    need = 0
                    for t in range(NEIGHBORS):
                        need += rows[t][v]
                    cost = squared_distance(point, cython.address(entries[v, 0]))
                    cost = (cost << 12) + rate * need
                    if cost < least or (cost == least and v < best):
                        least = cost
                        best = v
                cell[0] = best


def sum_points(
    points: cython.const[int32_t][:, ::1],  # IN (n, 4)
    positions: cython.const[uint32_t][:, ::1],  # IN (height, width) the point of each pixel
    indices: cython.const[int32_t][:, ::1],  # IN (height, width) below k
    sums: int64_t[:, ::1],  # INOUT zeros (k, 5), the last is how many
) -> None:
    """Sum the points of the pixels of each entry."""
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    c: cython.int
    entry: cython.pointer(int64_t)
    with cython.nogil:
        for y in range(indices.shape[0]):
            for x in range(indices.shape[1]):
                entry = cython.address(sums[indices[y, x], 0])
                for c in range(4):
                    entry[c] += points[positions[y, x], c]
                entry[4] += 1

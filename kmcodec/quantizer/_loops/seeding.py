# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, freethreading_compatible=True
"""Find the cuts of variance-based splitting, and make them.

Points have four channels, the missing ones zero.
"""

import cython
from cython.cimports.libc.stdint import int32_t, int64_t, uint16_t

CELL_BITS = cython.declare(cython.int, 4)  # a channel is cut between cells of so many bits


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def energy(sums: cython.pointer(int64_t)) -> cython.double:
    """Return weight times squared mean, which a box takes off the sum of squares."""
    c: cython.int
    squares: cython.double = 0
    part: cython.double
    for c in range(4):
        part = cython.cast(cython.double, sums[c])
        squares += part * part
    return squares / cython.cast(cython.double, sums[4])


def best_cut(
    points: cython.const[uint16_t][:, ::1],  # IN (n, 4)
    counts: cython.const[int64_t][::1],  # IN (n,)
    channels: cython.int,  # IN 1..4
    order: cython.const[int32_t][::1],  # IN (n,) positions of points, boxes contiguous
    first: cython.Py_ssize_t,  # IN the box is order[first:last]
    last: cython.Py_ssize_t,
    slices: int64_t[:, :, ::1],  # scratch (4, 256, 5), zeros before and after
    cut: int32_t[::1],  # OUT (2,) channel, and the highest cell of the lower part; -1: no cut
) -> cython.double:
    """Find the cut that lowers the squared error of a box most, and return by how much."""
    i: cython.Py_ssize_t
    channel: cython.int
    c: cython.int
    value: cython.int
    one: int64_t[5]
    total: int64_t[5]
    lower: int64_t[5]
    upper: int64_t[5]
    lowest: cython.int[4]
    highest: cython.int[4]
    gain: cython.double
    most: cython.double = -1e300
    whole: cython.double
    with cython.nogil:
        cut[0] = -1
        for c in range(4):
            lowest[c] = 255
            highest[c] = 0
        for c in range(5):
            total[c] = 0
        for i in range(first, last):
            one[4] = counts[order[i]]
            for c in range(4):
                one[c] = one[4] * points[order[i], c]
            for c in range(5):
                total[c] += one[c]
            for channel in range(channels):
                value = points[order[i], channel] >> CELL_BITS
                lowest[channel] = min(lowest[channel], value)
                highest[channel] = max(highest[channel], value)
                for c in range(5):
                    slices[channel, value, c] += one[c]
        whole = energy(cython.address(total[0]))
        for channel in range(channels):
            for c in range(5):
                lower[c] = 0
            for value in range(lowest[channel], highest[channel] + 1):
                if slices[channel, value, 4] == 0:
                    continue
                for c in range(5):
                    lower[c] += slices[channel, value, c]
                    upper[c] = total[c] - lower[c]
                    slices[channel, value, c] = 0
                if upper[4] == 0:
                    break
                gain = energy(cython.address(lower[0])) + energy(cython.address(upper[0])) - whole
                if gain > most:
                    most = gain
                    cut[0] = channel
                    cut[1] = value
    return most


def approach_seed(
    points: cython.const[uint16_t][:, ::1],  # IN (n, 4)
    weights: cython.const[int64_t][::1],  # IN (n,)
    seed: cython.Py_ssize_t,  # IN the position of a new seed
    distances: int32_t[::1],  # INOUT (n,) squared distances to the nearest seed
    upto: int64_t[::1],  # OUT (n,) sums of weight times squared distance, up to each point
) -> None:
    """Lower the squared distances to the nearest seed by those to a new one, and sum them up."""
    i: cython.Py_ssize_t
    c: cython.int
    delta: int32_t
    distance: int32_t
    total: int64_t = 0
    with cython.nogil:
        for i in range(points.shape[0]):
            distance = 0
            for c in range(4):
                delta = cython.cast(int32_t, points[i, c]) - points[seed, c]
                distance += delta * delta
            if distance < distances[i]:
                distances[i] = distance
            total += weights[i] * distances[i]
            upto[i] = total


def split_box(
    points: cython.const[uint16_t][:, ::1],  # IN (n, 4)
    order: int32_t[::1],  # INOUT (n,) the box is order[first:last]; its lower part moves first
    first: cython.Py_ssize_t,  # IN
    last: cython.Py_ssize_t,  # IN
    channel: cython.int,  # IN
    value: cython.int,  # IN the highest cell of the lower part
) -> cython.Py_ssize_t:
    """Split a box at a cut, and return where its upper part starts."""
    middle: cython.Py_ssize_t = first
    i: cython.Py_ssize_t
    position: int32_t
    with cython.nogil:
        for i in range(first, last):
            position = order[i]
            if points[position, channel] >> CELL_BITS <= value:
                order[i] = order[middle]
                order[middle] = position
                middle += 1
    return middle

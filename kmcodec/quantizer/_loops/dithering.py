# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, freethreading_compatible=True
"""Dither: give pixels entries that are not the nearest, but show their colors together.

Points have four channels, the missing ones zero.
"""

import cython
from cython.cimports.libc.math import sqrt
from cython.cimports.libc.stdint import int32_t, int64_t, uint8_t, uint16_t, uint32_t

index_t = cython.fused_type(uint8_t, uint16_t)

LEAF = cython.declare(cython.int, 8)  # entries the tree does not divide further
UNSEEN = cython.declare(cython.int, 2 << 8)  # squared distance that nobody sees: of two levels


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def squared_distance(
    a: cython.pointer(cython.const[int32_t]), b: cython.pointer(cython.const[int32_t])
) -> int32_t:
    c: cython.int
    distance: int32_t = 0
    for c in range(4):
        distance += (a[c] - b[c]) * (a[c] - b[c])
    return distance


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def contrast(points: cython.const[uint16_t][:, ::1], color: uint32_t, other: uint32_t) -> int32_t:
    """Return the squared distance of two of the colors."""
    c: cython.int
    delta: int32_t
    distance: int32_t = 0
    if color != other:
        for c in range(4):
            delta = points[color, c] - points[other, c]
            distance += delta * delta
    return distance


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def find_nearest(
    palette: cython.pointer(cython.const[int32_t]),  # IN (k, 4)
    order: cython.pointer(cython.const[int32_t]),  # IN (k,)
    cuts: cython.pointer(cython.const[int32_t]),  # IN (k, 2)
    color_count: cython.int,  # IN k
    color: cython.pointer(int32_t),  # IN (4,)
    guess: int32_t,  # IN any index; the nearer, the faster
) -> int32_t:
    """Find the palette entry nearest to a color, the lowest on a tie, by a k-d tree."""
    firsts: int32_t[32]
    lasts: int32_t[32]
    bounds: int32_t[32]  # squared distance to the nearest point of that side
    top: cython.int = 1
    first: int32_t
    last: int32_t
    middle: int32_t
    i: cython.int
    delta: int32_t
    distance: int32_t
    best: int32_t = guess
    least: int32_t = squared_distance(palette + 4 * guess, color)
    firsts[0] = 0
    lasts[0] = color_count
    bounds[0] = 0
    while top:
        top -= 1
        if bounds[top] > least:
            continue
        first = firsts[top]
        last = lasts[top]
        while last - first > LEAF:
            middle = (first + last) >> 1
            delta = color[cuts[2 * middle]] - cuts[2 * middle + 1]
            bounds[top] = delta * delta
            if delta < 0:
                firsts[top] = middle
                lasts[top] = last
                last = middle
            else:
                firsts[top] = first
                lasts[top] = middle
                first = middle
            top += 1
        for i in range(first, last):
            distance = squared_distance(palette + 4 * order[i], color)
            if distance < least or (distance == least and order[i] < best):
                least = distance
                best = order[i]
    return best


def weigh_contrast(
    points: cython.const[uint16_t][:, ::1],  # IN (n, 4) of distinct colors
    spacings: cython.const[int32_t][::1],  # IN (n,) of entries around each
    positions: cython.const[uint32_t][:, ::1],  # IN (height, width) colors of the whole picture
    top: cython.Py_ssize_t,  # IN the first row to do
    strengths: uint8_t[:, ::1],  # OUT (rows, width) 0..255
) -> None:
    """Weaken dithering by contrast.

    It is left to 2 s^2 / (2 s^2 + d^2), s the spacing of entries there, d the distance to the most
    different of the four pixels around.
    """
    height: cython.Py_ssize_t = positions.shape[0]
    width: cython.Py_ssize_t = positions.shape[1]
    x: cython.Py_ssize_t
    y: cython.Py_ssize_t
    color: uint32_t
    most: int32_t
    square: int64_t
    with cython.nogil:
        for y in range(top, top + strengths.shape[0]):
            for x in range(width):
                color = positions[y, x]
                most = 0
                if x > 0:
                    most = max(most, contrast(points, color, positions[y, x - 1]))
                if x < width - 1:
                    most = max(most, contrast(points, color, positions[y, x + 1]))
                if y > 0:
                    most = max(most, contrast(points, color, positions[y - 1, x]))
                if y < height - 1:
                    most = max(most, contrast(points, color, positions[y + 1, x]))
                square = 2 * cython.cast(int64_t, spacings[color]) * spacings[color]
                strengths[y - top, x] = 255 * square // max(square + most, 1)


def diffuse_errors(
    points: cython.const[uint16_t][:, ::1],  # IN (n, 4) of distinct colors
    alphas: cython.const[uint8_t][::1],  # IN (n,) 255 if colors have none
    nearest: cython.const[index_t][::1],  # IN (n,) their entries
    entries: cython.const[int32_t][:, ::1],  # IN (k, 4) points of the palette
    entry_alphas: cython.const[uint8_t][::1],  # IN (k,)
    spacings: cython.const[int32_t][::1],  # IN (k,) from each entry to its neighbors
    order: cython.const[int32_t][::1],  # IN (k,) the tree of find_nearest
    cuts: cython.const[int32_t][:, ::1],  # IN (k, 2) channel and value at each middle
    positions: cython.const[uint32_t][:, ::1],  # IN (rows, width) colors of pixels
    strengths: cython.const[uint8_t][:, ::1],  # IN (rows, width) 0..255
    errors: int32_t[:, :, ::1],  # INOUT zeros (2, width + 2, 4), in sixteenths
    indices: index_t[:, ::1],  # OUT (rows, width)
) -> None:
    """Diffuse errors by Floyd and Steinberg, alternate rows in alternate directions."""
    width: cython.Py_ssize_t = positions.shape[1]
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    step: cython.Py_ssize_t
    done: cython.Py_ssize_t
    here: cython.int
    below: cython.int
    c: cython.int
    color: uint32_t
    index: int32_t
    wanted: int32_t
    square: int32_t
    reach: int32_t
    length: int32_t
    value: int32_t
    point: int32_t[4]
    error: int32_t[4]
    with cython.nogil:
        for y in range(positions.shape[0]):
            here = y & 1
            below = 1 - here
            step = -1 if here else 1
            x = width - 1 if here else 0
            for done in range(width):
                color = positions[y, x]
                index = nearest[color]
                indices[y, x] = index
                if alphas[color] == 0:
                    x += step
                    continue
                for c in range(4):
                    point[c] = points[color, c]
                if squared_distance(cython.address(entries[index, 0]), point) > UNSEEN:
                    square = 0
                    for c in range(4):
                        error[c] = errors[here, x + 1, c] * strengths[y, x] // (16 * 255)
                        square += error[c] * error[c]
                    reach = spacings[index] >> 1
                    if square > reach * reach:
                        length = cython.cast(int32_t, sqrt(square))
                        for c in range(4):
                            error[c] = error[c] * reach // length
                    for c in range(4):
                        point[c] += error[c]
                    wanted = find_nearest(
                        cython.address(entries[0, 0]),
                        cython.address(order[0]),
                        cython.address(cuts[0, 0]),
                        entries.shape[0],
                        point,
                        index,
                    )
                    if alphas[color] < 255 or entry_alphas[wanted] == entry_alphas[index]:
                        index = wanted
                        indices[y, x] = index
                for c in range(4):
                    value = point[c] - entries[index, c]
                    errors[here, x + 1 + step, c] += 7 * value
                    errors[below, x + 1 - step, c] += 3 * value
                    errors[below, x + 1, c] += 5 * value
                    errors[below, x + 1 + step, c] += value
                x += step
            for x in range(width + 2):
                for c in range(4):
                    errors[here, x, c] = 0


def find_partners(
    points: cython.const[uint16_t][:, ::1],  # IN (n, 4) of distinct colors
    alphas: cython.const[uint8_t][::1],  # IN (n,) 255 if colors have none
    nearest: cython.const[index_t][::1],  # IN (n,) their entries
    entries: cython.const[int32_t][:, ::1],  # IN (k, 4) points of the palette
    entry_alphas: cython.const[uint8_t][::1],  # IN (k,)
    spacings: cython.const[int32_t][::1],  # IN (k,) from each entry to its neighbors
    order: cython.const[int32_t][::1],  # IN (k,) the tree of find_nearest
    cuts: cython.const[int32_t][:, ::1],  # IN (k, 2) channel and value at each middle
    partners: index_t[::1],  # OUT (n,) the entry to mix with the nearest
    shares: uint8_t[::1],  # OUT (n,) its share, 0..64, of 128
) -> None:
    """Find the entry across each color from its nearest one, and how much of it makes the color."""
    color: cython.Py_ssize_t
    c: cython.int
    index: int32_t
    partner: int32_t
    square: int32_t
    length: int32_t
    along: int64_t
    offset: int32_t[4]
    across: int32_t[4]
    with cython.nogil:
        for color in range(points.shape[0]):
            index = nearest[color]
            partners[color] = index
            shares[color] = 0
            square = 0
            for c in range(4):
                offset[c] = points[color, c] - entries[index, c]
                square += offset[c] * offset[c]
            if alphas[color] == 0 or square <= UNSEEN:
                continue
            length = cython.cast(int32_t, sqrt(square))
            for c in range(4):
                across[c] = entries[index, c]
                across[c] += offset[c] * max(12 * length, 5 * spacings[index]) // (8 * length)
            partner = find_nearest(
                cython.address(entries[0, 0]),
                cython.address(order[0]),
                cython.address(cuts[0, 0]),
                entries.shape[0],
                across,
                index,
            )
            if alphas[color] == 255 and entry_alphas[partner] != entry_alphas[index]:
                continue
            along = 0
            for c in range(4):
                along += offset[c] * (entries[partner, c] - entries[index, c])
            if along > 0:
                square = squared_distance(
                    cython.address(entries[partner, 0]), cython.address(entries[index, 0])
                )
                partners[color] = partner
                shares[color] = min(128 * along // square, 64)


def order_dither(
    nearest: cython.const[index_t][::1],  # IN (n,) the entries of distinct colors
    partners: cython.const[index_t][::1],  # IN (n,) the entries to mix with these
    shares: cython.const[uint8_t][::1],  # IN (n,) 0..64, of 128
    positions: cython.const[uint32_t][:, ::1],  # IN (rows, width) colors of pixels
    strengths: cython.const[uint8_t][:, ::1],  # IN (rows, width) 0..255
    pattern: cython.const[uint8_t][:, ::1],  # IN (8, 8) 0..63
    indices: index_t[:, ::1],  # OUT (rows, width)
) -> None:
    """Mix two entries by a repeated pattern, in which a pair always begins with the lower one."""
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    color: uint32_t
    step: cython.int
    with cython.nogil:
        for y in range(positions.shape[0]):
            for x in range(positions.shape[1]):
                color = positions[y, x]
                step = pattern[y & 7, x & 7]
                if partners[color] < nearest[color]:
                    step = 63 - step
                indices[y, x] = (
                    partners[color]
                    if 255 * (2 * step + 1) <= shares[color] * strengths[y, x]
                    else nearest[color]
                )

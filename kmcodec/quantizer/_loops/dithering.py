# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, freethreading_compatible=True
"""Dither: change pixels on the way, and find their nearest palette entries.

Colors have four channels, the missing ones zero.
"""

import cython
from cython.cimports.libc.stdint import int32_t, uint8_t, uint16_t

index_t = cython.fused_type(uint8_t, uint16_t)

LEAF = cython.declare(cython.int, 8)  # entries the tree does not divide further


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def squared_distance(
    a: cython.pointer(cython.const[int32_t]), b: cython.pointer(int32_t)
) -> int32_t:
    c: cython.int
    distance: int32_t = 0
    for c in range(4):
        distance += (a[c] - b[c]) * (a[c] - b[c])
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


def diffuse_errors(
    pixels: cython.const[uint8_t][:, :, ::1],  # IN (height, width, channels)
    diffused: cython.int,  # IN leading channels whose error is diffused; one more is alpha
    strength: cython.int,  # IN 0..256
    palette: cython.const[int32_t][:, ::1],  # IN (k, 4)
    order: cython.const[int32_t][::1],  # IN (k,) the tree of find_nearest
    cuts: cython.const[int32_t][:, ::1],  # IN (k, 2) channel and value at each middle
    errors: int32_t[:, :, ::1],  # INOUT zeros (2, width + 2, 4), in sixteenths
    indices: index_t[:, ::1],  # INOUT (height, width) nearest, then dithered
) -> None:
    """Diffuse errors by Floyd and Steinberg, alternate rows in alternate directions."""
    height: cython.Py_ssize_t = pixels.shape[0]
    width: cython.Py_ssize_t = pixels.shape[1]
    channels: cython.int = pixels.shape[2]
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    step: cython.Py_ssize_t
    done: cython.Py_ssize_t
    here: cython.int
    below: cython.int
    c: cython.int
    value: int32_t
    index: int32_t
    color: int32_t[4]
    with cython.nogil:
        for c in range(4):
            color[c] = 0
        for y in range(height):
            here = y & 1
            below = 1 - here
            step = -1 if here else 1
            x = width - 1 if here else 0
            for done in range(width):
                for c in range(channels):
                    color[c] = pixels[y, x, c]
                if diffused < channels and color[diffused] == 0:
                    x += step
                    continue
                for c in range(diffused):
                    value = color[c] + ((errors[here, x + 1, c] * strength + 2048) >> 12)
                    color[c] = 0 if value < 0 else min(value, 255)
                index = find_nearest(
                    cython.address(palette[0, 0]),
                    cython.address(order[0]),
                    cython.address(cuts[0, 0]),
                    palette.shape[0],
                    cython.address(color[0]),
                    indices[y, x],
                )
                indices[y, x] = index
                for c in range(diffused):
                    value = color[c] - palette[index, c]
                    errors[here, x + 1 + step, c] += 7 * value
                    errors[below, x + 1 - step, c] += 3 * value
                    errors[below, x + 1, c] += 5 * value
                    errors[below, x + 1 + step, c] += value
                x += step
            for x in range(width + 2):
                for c in range(4):
                    errors[here, x, c] = 0


def order_dither(
    pixels: cython.const[uint8_t][:, :, ::1],  # IN (height, width, channels)
    dithered: cython.int,  # IN leading channels the pattern is added to; one more is alpha
    strength: cython.int,  # IN height of the pattern in units of 1/256 of a level
    pattern: cython.const[int32_t][:, ::1],  # IN (8, 8) 0..63
    palette: cython.const[int32_t][:, ::1],  # IN (k, 4)
    order: cython.const[int32_t][::1],  # IN (k,) the tree of find_nearest
    cuts: cython.const[int32_t][:, ::1],  # IN (k, 2) channel and value at each middle
    indices: index_t[:, ::1],  # INOUT (height, width) nearest, then dithered
) -> None:
    """Dither in order: add a repeated pattern to the pixels, and find their nearest entries."""
    channels: cython.int = pixels.shape[2]
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    c: cython.int
    offset: int32_t
    value: int32_t
    color: int32_t[4]
    with cython.nogil:
        for c in range(4):
            color[c] = 0
        for y in range(pixels.shape[0]):
            for x in range(pixels.shape[1]):
                # Towards zero, so that no color gets halfway from its entry to the next.
                offset = strength * (2 * pattern[y & 7, x & 7] - 63) // (1 << 15)
                for c in range(channels):
                    color[c] = pixels[y, x, c]
                if dithered < channels and color[dithered] == 0:
                    continue
                for c in range(dithered):
                    value = color[c] + offset
                    color[c] = 0 if value < 0 else min(value, 255)
                indices[y, x] = find_nearest(
                    cython.address(palette[0, 0]),
                    cython.address(order[0]),
                    cython.address(cuts[0, 0]),
                    palette.shape[0],
                    cython.address(color[0]),
                    indices[y, x],
                )

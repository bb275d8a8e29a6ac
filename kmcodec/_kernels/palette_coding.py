# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, freethreading_compatible=True
"""The coded palette: entries as residuals, range coded with adaptive decisions (spec 5.3).

Every sample is predicted from earlier entries and the samples before it in its own entry, in
the order alpha, green, red, blue; its residual is a zero flag, a sign, an exponent and a
mantissa. A permutation may follow, as residuals of the same kind.

Encoder and decoder are one model: ``decoding`` is constant where ``code_palette`` is called.
Every string of decisions is a palette, so that a decoder has nothing to check but the end.
"""

import cython
from cython.cimports.kmcodec._kernels.range_coder import (
    RangeCoder,
    kmc_code_bit,
    kmc_finish,
    kmc_is_canonical,
    kmc_start,
)
from cython.cimports.libc.stdint import int32_t, int64_t, uint8_t, uint16_t, uint32_t

Adaptive = cython.struct(p=uint32_t, count=uint32_t)  # probability of a 1 in 2^-16

# Components; each has 22 decisions: three zero flags, three signs, 16 of the exponent
ALPHA = cython.declare(cython.int, 0)
GREEN = cython.declare(cython.int, 1)  # gray too
RED = cython.declare(cython.int, 2)
BLUE = cython.declare(cython.int, 3)
RANK = cython.declare(cython.int, 4)

# What is returned; faults are negative
UNORDERED = cython.declare(cython.int, 0)
ORDERED = cython.declare(cython.int, 1)
NO_ROOM = cython.declare(cython.int, -1)  # for the encoder's payload
NO_PERMUTATION = cython.declare(cython.int, -2)  # the encoder's order
NOT_CANONICAL = cython.declare(cython.int, -3)
UNEXPECTED_ORDER = cython.declare(cython.int, -4)  # where the caller takes none


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def code_adaptive(
    coder: cython.pointer(RangeCoder),
    decoding: cython.int,
    decision: cython.pointer(Adaptive),
    bit: cython.int,
) -> cython.int:
    """Code one decision and move its probability by 1/2, 1/3, ... 1/20 of the way."""
    divisor: uint32_t = decision.count + 2
    bit = kmc_code_bit(coder, decoding, bit, decision.p, 16)
    if bit:
        decision.p += (65536 - decision.p) // divisor
    else:
        decision.p -= decision.p // divisor
    if divisor < 20:
        decision.count += 1
    return bit


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def code_residual(
    coder: cython.pointer(RangeCoder),
    decoding: cython.int,
    model: cython.pointer(Adaptive),
    component: cython.int,
    context: cython.int,  # 0..2
    residual: cython.int,  # the encoder's
    below: cython.int,  # residuals are -below..above
    above: cython.int,
) -> cython.int:
    """Code a residual; what is out of its range takes no code space."""
    own: cython.pointer(Adaptive) = model + 22 * component
    tops: cython.pointer(Adaptive) = model + 22 * 5  # top bit of the mantissa, per exponent
    negative: cython.int
    limit: cython.int
    magnitude: cython.int = -residual if residual < 0 else residual
    exponent: cython.int = 0
    value: cython.int
    b: cython.int
    bit: cython.int
    if below + above == 0 or not code_adaptive(coder, decoding, own + context, residual != 0):
        return 0
    if below == 0 or above == 0:
        negative = above == 0
    else:
        negative = code_adaptive(coder, decoding, own + 3 + context, residual < 0)
    limit = below if negative else above
    while 2 << exponent <= limit and code_adaptive(
        coder, decoding, own + 6 + exponent, magnitude >= 2 << exponent
    ):
        exponent += 1
    value = 1 << exponent
    for b in range(exponent - 1, -1, -1):
        if value + (1 << b) <= limit:
            bit = magnitude >> b & 1
            if b == exponent - 1:
                bit = code_adaptive(coder, decoding, tops + exponent, bit)
            else:
                bit = kmc_code_bit(coder, decoding, bit, 1 << 15, 16)
            value |= bit << b
    return -value if negative else value


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def sign_class(residual: cython.int) -> cython.int:
    return 0 if residual == 0 else 1 if residual > 0 else 2


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def clamp(value: cython.int) -> cython.int:
    return max(0, min(value, 255))


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def distance(a: cython.int, b: cython.int) -> cython.int:
    return a - b if a > b else b - a


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def code_entries(
    coder: cython.pointer(RangeCoder),
    decoding: cython.int,
    model: cython.pointer(Adaptive),
    palette: cython.pointer(uint8_t),  # IN to encode, OUT to decode
    count: cython.Py_ssize_t,
    channels: cython.int,
) -> cython.void:
    i: cython.Py_ssize_t
    j: cython.Py_ssize_t
    oldest: cython.Py_ssize_t
    entry: cython.pointer(uint8_t) = palette
    other: cython.pointer(uint8_t)
    green_at: cython.int = 1 if channels >= 3 else 0
    alpha: cython.int = 0  # of this entry, or at first of the one before
    green: cython.int = 0
    red: cython.int = 0
    blue: cython.int = 0
    before: cython.int
    sample: cython.int
    predicted: cython.int
    residual: cython.int
    far: cython.int
    nearest: cython.int
    for i in range(count):
        residual = 0
        if channels == 2 or channels == 4:
            residual = code_residual(
                coder, decoding, model, ALPHA, 0, entry[channels - 1] - alpha, alpha, 255 - alpha
            )
            alpha += residual
            if decoding:
                entry[channels - 1] = alpha
        before = green
        residual = code_residual(
            coder,
            decoding,
            model,
            GREEN,
            sign_class(residual),
            entry[green_at] - green,
            green,
            255 - green,
        )
        green += residual
        if decoding:
            entry[green_at] = green
        if channels >= 3:
            predicted = clamp(red + green - before)
            sample = red
            residual = code_residual(
                coder,
                decoding,
                model,
                RED,
                sign_class(residual),
                entry[0] - predicted,
                predicted,
                255 - predicted,
            )
            red = predicted + residual
            if decoding:
                entry[0] = red
            nearest = 4 * distance(sample - before, red - green) + distance(before, green)
            predicted = blue - before
            oldest = i - 32 if i > 32 else 0
            for j in range(i - 2, oldest - 1, -1):
                other = palette + j * channels
                far = 4 * distance(other[0] - other[1], red - green) + distance(other[1], green)
                if far < nearest:
                    nearest = far
                    predicted = cython.cast(cython.int, other[2]) - other[1]
            predicted = clamp(green + predicted)
            residual = code_residual(
                coder,
                decoding,
                model,
                BLUE,
                sign_class(residual),
                entry[2] - predicted,
                predicted,
                255 - predicted,
            )
            blue = predicted + residual
            if decoding:
                entry[2] = blue
        entry += channels


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def code_order(
    coder: cython.pointer(RangeCoder),
    decoding: cython.int,
    model: cython.pointer(Adaptive),
    order: cython.pointer(uint16_t),  # IN to encode, OUT to decode: (count,)
    count: cython.int,
    unused: cython.pointer(int32_t),  # scratch (count + 1,)
) -> cython.bint:
    """Code ranks among the numbers not yet used, which a Fenwick tree counts.

    Whether the encoder's ``order`` is a permutation; a decoder's always is.
    """
    i: cython.int
    at: cython.int
    step: cython.int
    rank: cython.int
    rest: cython.int
    residual: cython.int = 0
    predicted: cython.int = 0
    left: cython.int
    highest: cython.int = 1
    for at in range(1, count + 1):
        unused[at] = at & -at
    while 2 * highest <= count:
        highest *= 2
    for left in range(count, 0, -1):
        i = count - left
        rank = 0
        if not decoding:
            at = min(count, order[i])
            while at > 0:
                rank += unused[at]
                at -= at & -at
        residual = code_residual(
            coder,
            decoding,
            model,
            RANK,
            sign_class(residual),
            rank - predicted,
            predicted,
            left - 1 - predicted,
        )
        rank = predicted + residual
        at = 0  # becomes the number of that rank: the last with at most `rank` unused below
        rest = rank
        step = highest
        while step > 0:
            if at + step <= count and unused[at + step] <= rest:
                at += step
                rest -= unused[at]
            step >>= 1
        if decoding:
            order[i] = at
        elif order[i] != at:
            return 0
        at += 1
        while at <= count:
            unused[at] -= 1
            at += at & -at
        predicted = rank if rank < left - 1 else 0
    return 1


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def code_palette(
    coder: cython.pointer(RangeCoder),
    decoding: cython.int,
    predicting: cython.int,  # the encoder's: residuals rather than plain samples
    ordered: cython.int,  # the encoder's
    palette: cython.pointer(uint8_t),
    count: cython.Py_ssize_t,
    channels: cython.int,
    order: cython.pointer(uint16_t),
    room: cython.Py_ssize_t,
    unused: cython.pointer(int32_t),
) -> cython.int:
    """Code the whole payload; a status."""
    model: Adaptive[126]  # five components of 22 decisions, then 16 for mantissas
    j: cython.Py_ssize_t
    b: cython.int
    sample: cython.int
    for j in range(126):
        model[j].p = 45056 if j < 110 and j % 22 >= 6 else 32768
        model[j].count = 0
    if kmc_code_bit(coder, decoding, predicting, 1 << 15, 16):
        code_entries(coder, decoding, model, palette, count, channels)
    else:
        for j in range(count * channels):
            sample = 0
            for b in range(7, -1, -1):
                sample |= kmc_code_bit(coder, decoding, palette[j] >> b & 1, 1 << 15, 16) << b
            if decoding:
                palette[j] = sample
    ordered = kmc_code_bit(coder, decoding, ordered, 1 << 15, 16)
    if ordered:
        if room < count:
            return UNEXPECTED_ORDER
        if not code_order(coder, decoding, model, order, cython.cast(cython.int, count), unused):
            return NO_PERMUTATION
    return ORDERED if ordered else UNORDERED


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def encode(
    predicting: cython.int,
    palette: cython.const[uint8_t][:, ::1],
    order: cython.const[uint16_t][::1],
    unused: int32_t[::1],
    payload: uint8_t[::1],
) -> int64_t:
    coder: RangeCoder
    length: int64_t
    status: cython.int
    kmc_start(cython.address(coder), 0, cython.address(payload[0]), payload.shape[0])
    status = code_palette(
        cython.address(coder),
        0,
        predicting,
        order.shape[0] > 0,
        cython.cast(cython.pointer(uint8_t), cython.address(palette[0, 0])),
        palette.shape[0],
        cython.cast(cython.int, palette.shape[1]),
        cython.cast(cython.pointer(uint16_t), cython.address(order[0])),
        order.shape[0],
        cython.address(unused[0]),
    )
    if status < 0:
        return status
    length = kmc_finish(cython.address(coder))
    return NO_ROOM if length < 0 else length


def encode_palette(
    palette: cython.const[uint8_t][:, ::1],  # IN (1..65536, 1..4)
    order: cython.const[uint16_t][::1],  # IN a permutation of the entries' numbers, or empty
    unused: int32_t[::1],  # scratch (entries + 1,); empty if ``order`` is
    payload: uint8_t[::1],  # OUT
) -> int64_t:
    """Encode a palette; the length of its payload, or a fault.

    Room for the samples and 16 bytes suffices, with an order for 6 bytes more an entry.
    """
    length: int64_t
    plain: int64_t
    with cython.nogil:
        length = encode(1, palette, order, unused, payload)
        if length == NO_ROOM or length > palette.shape[0] * palette.shape[1]:
            plain = encode(0, palette, order, unused, payload)
            if length < 0 or 0 <= plain < length:
                length = plain
            else:
                length = encode(1, palette, order, unused, payload)
    return length


def decode_palette(
    payload: cython.const[uint8_t][::1],  # IN
    palette: uint8_t[:, ::1],  # OUT (1..65536, 1..4)
    order: uint16_t[::1],  # OUT (entries,) if there is one, or empty if there must not be
    unused: int32_t[::1],  # scratch (entries + 1,); empty if ``order`` is
) -> cython.int:
    """Decode a palette; whether it has an order, or a fault."""
    coder: RangeCoder
    status: cython.int
    with cython.nogil:
        kmc_start(
            cython.address(coder),
            1,
            cython.cast(cython.pointer(uint8_t), cython.address(payload[0])),
            payload.shape[0],
        )
        status = code_palette(
            cython.address(coder),
            1,
            0,
            0,
            cython.address(palette[0, 0]),
            palette.shape[0],
            cython.cast(cython.int, palette.shape[1]),
            cython.address(order[0]),
            min(order.shape[0], unused.shape[0] - 1),
            cython.address(unused[0]),
        )
        if status >= 0 and not kmc_is_canonical(cython.address(coder)):
            status = NOT_CANONICAL
    return status

# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, freethreading_compatible=True
"""Indices to and from a range coder, each decision predicted from its neighborhood (spec 6.3).

``code_plane`` is the model of both directions: what the encoder does with an index it knows, the
decoder does with the index it learns. It is written once and compiled six times, for encoder and
decoder and three sets of contexts: ``decoding`` and ``model`` are constants wherever they are
passed, and all functions are inlined.

A plane is the rows of a band as uint16 with a border, so that every neighbor of a pixel exists:
three rows of zeros above, and ``KMC_BORDER`` cells at either side. All that a payload decides is
which indices come out, and these are below ``color_count`` by construction; so no payload leads
outside the arrays.
"""

import cython
from cython.cimports.kmcodec._kernels.mixing import (
    KMC_BORDER,
    KMC_DIRECT_LINES,
    KMC_FLAT,
    KMC_GRAPHICS,
    KMC_LANES,
    KMC_N,
    KMC_NE,
    KMC_NEE,
    KMC_NEEE,
    KMC_NN,
    KMC_NNE,
    KMC_NNW,
    KMC_NW,
    KMC_NWW,
    KMC_PATH,
    KMC_PHOTO,
    KMC_SLIM,
    KMC_SLOTS,
    KMC_W,
    KMC_WW,
    KMC_WWW,
    KMC_X,
    KMC_Y,
    KmcDecision,
    kmc_clear_upper_halves,
    kmc_fill_tables,
    kmc_find_line,
    kmc_learn,
    kmc_predict,
    kmc_split_neighbors,
    kmc_squash,
    kmc_stretch,
)
from cython.cimports.kmcodec._kernels.range_coder import (
    KMC_BEYOND,
    RangeCoder,
    kmc_code_bit,
    kmc_finish,
    kmc_is_canonical,
    kmc_start,
)
from cython.cimports.libc.stdint import int16_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

kmc_fill_tables()

uint32_p = cython.typedef(cython.pointer(uint32_t))
slots_p = cython.typedef(cython.pointer(cython.pointer(int16_t)))

Around = cython.struct(  # the neighbors of a pixel, by compass direction from it
    w=uint32_t,
    n=uint32_t,
    nw=uint32_t,
    ne=uint32_t,
    ww=uint32_t,
    nn=uint32_t,
    nee=uint32_t,
    nww=uint32_t,
    nne=uint32_t,
    nnw=uint32_t,
    www=uint32_t,
    neee=uint32_t,
)

Space = cython.struct(  # what a band learns, all zero before it
    lines=cython.pointer(int16_t),  # a table of 2^log_lines lines for each hashed context
    direct=cython.pointer(int16_t),  # SLIM: a table of KMC_DIRECT_LINES for each of four neighbors
    weights=cython.pointer(int16_t),  # the four weight sets, one after the other
    near=cython.pointer(uint32_t),  # GRAPHICS: 2^log_places places by 6 neighbors
    far=cython.pointer(uint32_t),  # GRAPHICS: 2^log_places places by 12 neighbors
    above=cython.pointer(uint32_t),  # GRAPHICS: the offset matched at each column
    log_lines=cython.int,
    log_places=cython.int,
)

Flat = cython.struct(  # that a pixel differs from flat surroundings
    p=uint32_t,  # in units of 2^-22
    count=uint32_t,
)

Match = cython.struct(  # the match model of a band
    last=uint32_t,  # offset of the match before, or 0
    history=uint32_t,  # bit 0: the last match missed; bit 1: the one before did
    offset=uint32_t,  # of the match at this pixel, or 0
    score=cython.int,  # how many of the twelve neighbors agree
    guess=uint32_t,  # the index found there, below a leading 1
    p=uint16_t[208],  # that a guessed bit is right, by score, history and place
)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def clamped_gradient(a: uint32_t, b: uint32_t, c: uint32_t) -> uint32_t:
    """The sum a + b - c, between a and b (the median edge detector of LOCO-I)."""
    low: uint32_t = min(a, b)
    high: uint32_t = max(a, b)
    if c >= high:
        return low
    if c <= low:
        return high
    return a + b - c


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def hash_contexts(
    a: cython.pointer(Around),
    x: uint32_t,
    y: uint32_t,
    model: cython.int,
    bits: cython.int,
    hashes: cython.pointer(uint32_t),
) -> cython.void:
    """The hash of each context but the direct ones (spec 6.3.4)."""
    to6: cython.int = bits - 6 if bits > 6 else 0
    to5: cython.int = bits - 5 if bits > 5 else 0
    to3: cython.int = bits - 3 if bits > 3 else 0
    west: uint32_t = a.w * KMC_W
    north: uint32_t = a.n * KMC_N
    coarse: uint32_t = (
        (a.w >> to3) * KMC_W
        + (a.n >> to3) * KMC_N
        + (a.nw >> to3) * KMC_NW
        + (a.ne >> to3) * KMC_NE
        + (a.ww >> to3) * KMC_WW
        + (a.nn >> to3) * KMC_NN
    )
    column: uint32_t = (
        (a.w >> to5) * KMC_W + (a.n >> to5) * KMC_N + (a.ne >> to5) * KMC_NE + (x >> 5) * KMC_X
    )
    hashes[0] = west + a.ww * KMC_WW
    hashes[1] = (y >> 3) * KMC_Y + (x >> 4) * KMC_X
    if model == KMC_SLIM:
        return
    hashes[2] = west + a.nee * KMC_NEE
    hashes[3] = west + north
    hashes[4] = a.ne * KMC_NE
    hashes[5] = north + a.nn * KMC_NN
    hashes[6] = coarse
    hashes[7] = column
    if model == KMC_PHOTO:
        hashes[8] = west
        hashes[9] = north
        hashes[10] = a.nw * KMC_NW
        hashes[11] = a.ne * KMC_NE + (x >> 4) * KMC_X
        hashes[12] = clamped_gradient(a.w, a.n, a.nw) * KMC_N + (x >> 5) * KMC_X
        hashes[13] = west + a.ww * KMC_WW + a.nw * KMC_NW + a.nww * KMC_NWW
        hashes[14] = ((y + 4) >> 3) * KMC_Y + ((x + 8) >> 4) * KMC_X
    else:
        hashes[8] = west + north + a.nw * KMC_NW + a.ne * KMC_NE
        hashes[9] = hashes[8] + a.ww * KMC_WW + a.nn * KMC_NN + a.nee * KMC_NEE + a.nww * KMC_NWW
        hashes[10] = clamped_gradient(a.w, a.n, a.nw) * KMC_N
        hashes[11] = west + (x >> 4) * KMC_X
        hashes[12] = (a.w >> to6) * KMC_W + (a.n >> to6) * KMC_N


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def agreement(
    q: cython.pointer(uint16_t), stride: cython.Py_ssize_t, a: cython.pointer(Around)
) -> cython.int:
    """How many neighbors of the cell ``q`` are as those in ``a``."""
    q1: cython.pointer(uint16_t) = q - stride
    q2: cython.pointer(uint16_t) = q1 - stride
    return (
        (q[-1] == a.w)
        + (q1[0] == a.n)
        + (q1[-1] == a.nw)
        + (q1[1] == a.ne)
        + (q[-2] == a.ww)
        + (q2[0] == a.nn)
        + (q1[2] == a.nee)
        + (q1[-2] == a.nww)
        + (q2[1] == a.nne)
        + (q2[-1] == a.nnw)
        + (q[-3] == a.www)
        + (q1[3] == a.neee)
    )


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def find_match(
    match: cython.pointer(Match),
    space: cython.pointer(Space),
    a: cython.pointer(Around),
    plane: cython.pointer(uint16_t),
    place: uint32_t,
    x: cython.Py_ssize_t,
    stride: cython.Py_ssize_t,
    top: uint32_t,
) -> cython.void:
    """Look for an earlier cell with the same neighborhood (spec 6.3.9)."""
    near: uint32_t = (
        a.w * KMC_W + a.n * KMC_N + a.nw * KMC_NW + a.ne * KMC_NE + a.ww * KMC_WW + a.nn * KMC_NN
    )
    far: uint32_t = (
        near
        + a.nee * KMC_NEE
        + a.nww * KMC_NWW
        + a.nne * KMC_NNE
        + a.nnw * KMC_NNW
        + a.www * KMC_WWW
        + a.neee * KMC_NEEE
    )
    near = ((near ^ near >> 15) * cython.cast(uint32_t, 0x2C1B3C6D)) >> (32 - space.log_places)
    far = ((far ^ far >> 15) * cython.cast(uint32_t, 0x2C1B3C6D)) >> (32 - space.log_places)
    offsets: uint32_t[4]
    offsets[0] = match.last
    offsets[1] = space.above[x]
    offsets[2] = place - space.far[far] if space.far[far] else 0
    offsets[3] = place - space.near[near] if space.near[near] else 0
    space.far[far] = place
    space.near[near] = place
    match.offset = 0
    match.score = 3
    k: cython.int
    score: cython.int
    for k in range(4):
        if offsets[k] == 0 or (k > 0 and offsets[k] == offsets[k - 1]):
            continue
        score = agreement(plane + place - offsets[k], stride, a)
        if score > match.score:
            match.score = score
            match.offset = offsets[k]
    if match.offset:
        match.guess = plane[place - match.offset] | top


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def start_match(match: cython.pointer(Match)) -> cython.void:
    i: cython.int
    match.last = 0
    match.history = 0
    for i in range(208):
        match.p[i] = 49152


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def find_expert(match: cython.pointer(Match), level: cython.int, i: cython.int) -> cython.pointer(
    uint16_t
):
    """The probability that a guessed bit is right."""
    place: cython.int = 2 * (level > 0) + (i > 0)
    return cython.address(match.p[16 * match.score + 4 * (match.history & 3) + place])


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def note_match(
    match: cython.pointer(Match),
    space: cython.pointer(Space),
    x: cython.Py_ssize_t,
    path: uint32_t,
) -> cython.void:
    """Remember whether the guess was right."""
    match.last = 0
    if match.offset:
        space.above[x] = match.offset
        match.history = match.history << 1 | (match.guess != path)
        if match.guess == path:
            match.last = match.offset


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def look_around(
    row: cython.pointer(uint16_t),
    stride: cython.Py_ssize_t,
    x: cython.Py_ssize_t,
    a: cython.pointer(Around),
) -> cython.void:
    """The neighbors of cell x of a row (spec 6.3.2)."""
    above: cython.pointer(uint16_t) = row - stride
    above2: cython.pointer(uint16_t) = above - stride
    a.w = row[x - 1]
    a.n = above[x]
    a.nw = above[x - 1]
    a.ne = above[x + 1]
    a.ww = row[x - 2]
    a.nn = above2[x]
    a.nee = above[x + 2]
    a.nww = above[x - 2]
    a.nne = above2[x + 1]
    a.nnw = above2[x - 1]
    a.www = row[x - 3]
    a.neee = above[x + 3]


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def is_flat(a: cython.pointer(Around)) -> cython.bint:
    """Whether the six nearest neighbors are equal."""
    return ((a.w ^ a.n) | (a.w ^ a.nw) | (a.w ^ a.ne) | (a.w ^ a.ww) | (a.w ^ a.nn)) == 0


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def code_flat(
    coder: cython.pointer(RangeCoder),
    decoding: cython.int,
    flats: cython.pointer(Flat),
    a: cython.pointer(Around),
    value: uint32_t,
) -> cython.int:
    """Code whether a pixel differs from its flat surroundings (spec 6.3.8)."""
    flat: cython.pointer(Flat) = flats + (
        (a.w == a.nee)
        | (a.w == a.nww) << 1
        | (a.w == a.nne) << 2
        | (a.w == a.nnw) << 3
        | (a.w == a.www) << 4
        | (a.w == a.neee) << 5
    )
    differs: cython.int = kmc_code_bit(coder, decoding, value != a.w, flat.p, 22)
    rate: uint64_t = 131072 // (2 * flat.count + 3)
    if differs:
        flat.p += cython.cast(uint32_t, (4194303 - flat.p) * rate >> 16)
    else:
        flat.p = max(8, flat.p - cython.cast(uint32_t, flat.p * rate >> 16))
    if flat.count < 250:
        flat.count += 1
    return differs


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def select_weights(
    a: cython.pointer(Around), model: cython.int, x: uint32_t, band: uint32_t, chosen: uint32_p
) -> cython.void:
    """What chooses the rows of the second and the fourth weight set (spec 6.3.6)."""
    chosen[0] = (
        (a.w == a.n)
        | (a.w == a.nw) << 1
        | (a.n == a.nw) << 2
        | (a.n == a.ne) << 3
        | (a.w == a.ww) << 4
        | (a.n == a.nn) << 5
    )
    if model == KMC_GRAPHICS:
        chosen[1] = (
            (a.ne == a.nee)
            | (a.nw == a.nww) << 1
            | (a.w == a.ne) << 2
            | (a.ne == a.nne) << 3
            | (a.nw == a.nnw) << 4
            | (a.ww == a.nww) << 5
            | (a.n == a.ww) << 6
            | (a.w == a.nn) << 7
        )
    else:
        chosen[1] = x * band >> 16


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def find_lines(
    space: cython.pointer(Space),
    model: cython.int,
    hashes: cython.pointer(uint32_t),
    a: cython.pointer(Around),
    level: cython.int,
    path: uint32_t,
    lines: slots_p,
) -> cython.void:
    """The line of each context for one nibble of an index (spec 6.3.5)."""
    hashed: cython.int = 2 if model == KMC_SLIM else 15 if model == KMC_PHOTO else 13
    step: uint32_t = path * KMC_PATH if level else 0
    shift: cython.int = 33 - space.log_lines
    table: cython.pointer(int16_t) = space.lines
    k: cython.int
    for k in range(hashed):
        lines[k] = kmc_find_line(table, hashes[k] + step, shift)
        table += cython.cast(cython.Py_ssize_t, KMC_SLOTS) << space.log_lines
    if model == KMC_SLIM:
        first: uint32_t = 256 + (path & 15) if level else 0
        scale: cython.int = 4 if level else 0
        lines[2] = space.direct + KMC_SLOTS * (first + (a.w << scale))
        first += KMC_DIRECT_LINES
        lines[3] = space.direct + KMC_SLOTS * (first + (a.ne << scale))
        first += KMC_DIRECT_LINES
        lines[4] = space.direct + KMC_SLOTS * (first + (a.n << scale))
        first += KMC_DIRECT_LINES
        lines[5] = space.direct + KMC_SLOTS * (first + (a.nw << scale))


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def code_plane(
    coder: cython.pointer(RangeCoder),
    decoding: cython.int,  # constant
    model: cython.int,  # constant
    plane: cython.pointer(uint16_t),
    rows: cython.Py_ssize_t,
    width: cython.Py_ssize_t,
    color_count: uint32_t,
    bits: cython.int,
    space: cython.pointer(Space),
) -> cython.void:
    """Code every pixel of a band, in order (spec 6.3.3)."""
    graphics: cython.bint = model == KMC_GRAPHICS
    contexts: cython.int = 15 if model == KMC_PHOTO else 6 if model == KMC_SLIM else 13
    vectors: cython.int = 1 if model == KMC_SLIM else 2
    lanes: cython.int = vectors * KMC_LANES
    stride: cython.Py_ssize_t = width + 2 * KMC_BORDER
    levels: cython.int = (bits + 3) // 4
    paths: uint32_t = cython.cast(uint32_t, 1) << min(bits, 10)
    top: uint32_t = cython.cast(uint32_t, 1) << bits
    last: uint32_t = top + color_count - 1  # a path above it, as far as that goes, has no code
    others: uint32_t = 256 if graphics else 64
    band: uint32_t = cython.cast(uint32_t, 1 << 22) // cython.cast(uint32_t, width)
    rate: cython.int = 48 if graphics else 32 if model == KMC_SLIM else 18
    lines: cython.pointer(int16_t)[16]
    sets: cython.pointer(int16_t)[4]
    weights: cython.pointer(int16_t)[4]
    hashes: uint32_t[15]
    chosen: uint32_t[2]
    level_bits: cython.int[4]
    flats: Flat[64]
    match: Match
    decision: KmcDecision
    ones: uint8_t[16]  # which neighbors have a 1 in each bit
    agree: uint32_t  # which neighbors begin with the bits that are coded
    a: Around
    c: RangeCoder = coder[0]
    end: int64_t = c.length + KMC_BEYOND  # read to here and farther, a payload is refused
    row: cython.pointer(uint16_t)
    x: cython.Py_ssize_t
    y: cython.Py_ssize_t
    i: cython.int
    level: cython.int
    left: cython.int  # bits of the index still to be coded
    position: cython.int  # bits that are coded
    node: cython.int
    value: uint32_t
    path: uint32_t  # the bits that are coded, below a leading 1
    first: uint32_t  # the row of the first weight set
    p: uint32_t
    flat: cython.bint
    stretched: cython.int
    bit: cython.int
    error: cython.int
    expert: cython.pointer(uint16_t)
    tick: uint32_t = 0
    extra: uint32_t = 64  # 524288 // (tick + 8192)
    change: uint32_t = 1  # the tick when that is less

    sets[0] = space.weights
    sets[1] = sets[0] + paths * lanes
    sets[2] = sets[1] + 64 * bits * lanes
    sets[3] = sets[2] + 64 * bits * lanes
    for value in range(paths):
        for i in range(contexts):
            sets[0][value * lanes + i] = 24000 // contexts
    left = bits
    for level in range(levels):
        level_bits[level] = (left + levels - level - 1) // (levels - level)
        left -= level_bits[level]
    if graphics:
        start_match(cython.address(match))
        for i in range(64):
            flats[i].p = 1 << 21
            flats[i].count = 0

    for y in range(rows):
        row = plane + (y + 3) * stride + KMC_BORDER
        for i in range(1, KMC_BORDER + 1):
            row[-i] = (row - stride)[0]
        for x in range(width):
            if decoding and c.position > end:
                break
            look_around(row, stride, x, cython.address(a))
            value = 0 if decoding else row[x]
            flat = graphics and is_flat(cython.address(a))
            if flat and not code_flat(
                cython.address(c), decoding, cython.address(flats[0]), cython.address(a), value
            ):
                row[x] = cython.cast(uint16_t, a.w)
                continue
            select_weights(cython.address(a), model, x, band, cython.address(chosen[0]))
            hash_contexts(cython.address(a), x, y, model, bits, cython.address(hashes[0]))
            if flat:
                for i in range(contexts):
                    hashes[i] += KMC_FLAT
            if graphics:
                find_match(
                    cython.address(match),
                    space,
                    cython.address(a),
                    plane,
                    cython.cast(uint32_t, row + x - plane),
                    x,
                    stride,
                    top,
                )
            kmc_split_neighbors(cython.address(ones[0]), bits, a.w, a.n, a.ne, a.nw, a.ww, a.nn)
            agree = 63
            path = 1
            left = bits
            for level in range(levels):
                find_lines(
                    space, model, cython.address(hashes[0]), cython.address(a), level, path, lines
                )
                node = 1
                for i in range(level_bits[level]):
                    position = bits - left
                    if path * 2 + 1 > last >> (left - 1):
                        agree &= ~cython.cast(uint32_t, ones[position])
                        path = path * 2
                        node = node * 2
                        left -= 1
                        continue
                    first = path if model == KMC_SLIM else min(path, paths - 1)
                    weights[0] = sets[0] + first * lanes
                    weights[1] = sets[1] + (position * 64 + chosen[0]) * lanes
                    weights[2] = sets[2] + (position * 64 + agree) * lanes
                    weights[3] = sets[3] + (position * others + chosen[1]) * lanes
                    stretched = 0
                    expert = cython.NULL
                    if graphics and match.offset and match.guess >> left == path:
                        expert = find_expert(cython.address(match), level, i)
                        stretched = kmc_stretch(expert[0])
                        if not match.guess >> (left - 1) & 1:
                            stretched = -stretched
                    stretched = kmc_predict(
                        cython.address(decision),
                        lines,
                        weights,
                        contexts,
                        vectors,
                        node,
                        graphics,
                        stretched,
                    )
                    p = kmc_squash(stretched)
                    bit = kmc_code_bit(cython.address(c), decoding, value >> (left - 1) & 1, p, 16)
                    error = (bit << 16) - cython.cast(cython.int, p)
                    kmc_learn(
                        cython.address(decision),
                        lines,
                        weights,
                        contexts,
                        vectors,
                        node,
                        error * (rate + cython.cast(cython.int, extra)) >> 8,  # an int16
                        bit,
                        tick * 7 & 15,
                    )
                    if graphics and expert != cython.NULL:
                        if bit == cython.cast(cython.int, match.guess >> (left - 1) & 1):
                            expert[0] += (65535 - expert[0]) >> 5
                        else:
                            expert[0] -= expert[0] >> 5
                    tick += 1
                    if tick == change:
                        extra -= 1
                        change = 524288 // extra - 8191 if extra else 0
                    agree &= ones[position] ^ (cython.cast(uint32_t, bit) - 1)
                    path = path * 2 + bit
                    node = node * 2 + bit
                    left -= 1
            row[x] = cython.cast(uint16_t, path - top)
            if graphics:
                note_match(cython.address(match), space, x, path)
        for i in range(KMC_BORDER):
            row[width + i] = row[width - 1]
        if decoding and c.position > end:
            break
    coder[0] = c


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def code_band(
    coder: cython.pointer(RangeCoder),
    decoding: cython.int,  # constant
    graphics: cython.int,
    plane: uint16_t[:, ::1],
    color_count: cython.int,
    lines: int16_t[::1],
    weights: int16_t[::1],
    places: uint32_t[::1],
    log_lines: cython.int,
    log_places: cython.int,
) -> cython.void:
    """Code the model's name, then the plane with it."""
    rows: cython.Py_ssize_t = plane.shape[0] - 3
    width: cython.Py_ssize_t = plane.shape[1] - 2 * KMC_BORDER
    first: cython.pointer(uint16_t) = cython.address(plane[0, 0])
    bits: cython.int = 0
    space: Space
    while (1 << bits) < color_count:
        bits += 1
    space.lines = cython.address(lines[0])
    space.direct = space.lines + (cython.cast(cython.Py_ssize_t, 2) << (log_lines + 4))
    space.weights = cython.address(weights[0])
    space.near = cython.address(places[0])
    space.far = space.near + (cython.cast(cython.Py_ssize_t, 1) << log_places)
    space.above = space.far + (cython.cast(cython.Py_ssize_t, 1) << log_places)
    space.log_lines = log_lines
    space.log_places = log_places
    kmc_clear_upper_halves()
    graphics = kmc_code_bit(coder, decoding, graphics, 32768, 16)
    at: cython.pointer(Space) = cython.address(space)
    if graphics:
        code_plane(coder, decoding, KMC_GRAPHICS, first, rows, width, color_count, bits, at)
    elif (bits == 7 or bits == 8) and rows * width >= 1 << 18:
        code_plane(coder, decoding, KMC_SLIM, first, rows, width, color_count, bits, at)
    else:
        code_plane(coder, decoding, KMC_PHOTO, first, rows, width, color_count, bits, at)


def line_slots(log_lines: cython.int, bits: cython.int) -> cython.Py_ssize_t:
    """Slots of all lines that a plane of any model needs."""
    slots: cython.Py_ssize_t = cython.cast(cython.Py_ssize_t, 15 * KMC_SLOTS) << log_lines
    slim: cython.Py_ssize_t = 4 * KMC_DIRECT_LINES * KMC_SLOTS + (
        cython.cast(cython.Py_ssize_t, 2 * KMC_SLOTS) << log_lines
    )
    return max(slots, slim) if bits == 7 or bits == 8 else slots


def weight_count(bits: cython.int) -> cython.Py_ssize_t:
    """Weights of all sets that a plane of any model needs."""
    return 2 * KMC_LANES * ((1 << min(bits, 10)) + (64 + 64 + 256) * bits)


def encode_plane(
    plane: uint16_t[:, ::1],  # INOUT (3 + rows, width + 16): the borders are written
    color_count: cython.int,  # IN 2..65536, above every index
    graphics: cython.bint,  # IN which model
    lines: int16_t[::1],  # SCRATCH zeros
    weights: int16_t[::1],  # SCRATCH zeros
    places: uint32_t[::1],  # SCRATCH zeros
    log_lines: cython.int,  # IN
    log_places: cython.int,  # IN
    payload: uint8_t[::1],  # OUT as much as there is room for
) -> int64_t:
    """Code a plane; the payload's length, or -1 if the room does not suffice."""
    coder: RangeCoder
    length: int64_t
    with cython.nogil:
        kmc_start(cython.address(coder), 0, cython.address(payload[0]), payload.shape[0])
        code_band(
            cython.address(coder),
            0,
            graphics,
            plane,
            color_count,
            lines,
            weights,
            places,
            log_lines,
            log_places,
        )
        length = kmc_finish(cython.address(coder))
    return length


def decode_plane(
    payload: cython.const[uint8_t][::1],  # IN any bytes
    color_count: cython.int,  # IN 2..65536
    lines: int16_t[::1],  # SCRATCH zeros
    weights: int16_t[::1],  # SCRATCH zeros
    places: uint32_t[::1],  # SCRATCH zeros
    log_lines: cython.int,  # IN
    log_places: cython.int,  # IN
    plane: uint16_t[:, ::1],  # OUT (3 + rows, width + 16), zeros before
) -> cython.bint:
    """Decode a plane; whether the payload ends as it must."""
    coder: RangeCoder
    canonical: cython.bint
    nothing: uint8_t = 0
    data: cython.pointer(uint8_t) = cython.address(nothing)
    with cython.nogil:
        if payload.shape[0]:
            data = cython.cast(cython.pointer(uint8_t), cython.address(payload[0]))
        kmc_start(cython.address(coder), 1, data, payload.shape[0])
        code_band(
            cython.address(coder),
            1,
            0,
            plane,
            color_count,
            lines,
            weights,
            places,
            log_lines,
            log_places,
        )
        canonical = kmc_is_canonical(cython.address(coder))
    return canonical

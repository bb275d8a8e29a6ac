/* Model photo, one level of a code: up to 4 bits, all of whose 15 nodes are predicted at once.

   A vector is a line of 16 lanes, or two lines of 8 of which each is in a half; then sums are in
   both halves too. */

/* Codes the bit `left` of a symbol, whose bits so far are below the leading 1 of `node`, and returns
   the node below. */
KMQ_INLINE uint32_t photo_bit(PhotoLevel *level, RangeCoder *coder, int decoding, int left,
                              int depth, uint32_t symbol, uint32_t node, const int16_t *places) {
    const KmqLogit *logit = kmq_logits + 1024 + places[node];
    const int bit = kmq_code_bit(coder, decoding, (int)(symbol >> left & 1), logit->p, 16);
    level->errors |= (uint64_t)(uint16_t)logit->error[bit] << (16 * depth);
    return 2 * node + (uint32_t)bit;
}

KMQ_INLINE v16 photo_line(const PhotoLevel *level, int lanes, int i) {
    if (lanes == 16) return v16_load(level->lines[i]);
    return v16_load2(level->lines[2 * i], level->lines[2 * i + 1]);
}

/* The weighted sum of the lines: of those with even and with odd numbers apart, then of both. */
KMQ_INLINE v16 photo_sum(const PhotoLevel *level, PhotoClass kind) {
    const int lanes = kind.lanes, vectors = kind.contexts * lanes / 16;
    v16 even = v16_set1(0), odd = even;
    KMQ_UNROLL
    for (int i = 0; i < vectors; i++) {
        const v16 part = v16_mulh(photo_line(level, lanes, i), v16_load(level->weights + 16 * i));
        if (lanes == 16 && (i & 1))
            odd = v16_add_sat(odd, part);
        else
            even = v16_add_sat(even, part);
    }
    even = lanes == 16 ? v16_add_sat(even, odd) : v16_fold(even);
    return v16_add_sat(even, even);
}

/* Codes a symbol of `count` bits, and returns it below a leading 1; `highest` is the greatest that a
   code can have here, or more. */
KMQ_INLINE uint32_t photo_level(PhotoLevel *level, RangeCoder *coder, int decoding, PhotoClass kind,
                                int count, uint32_t symbol, uint32_t highest) {
    const int most = kind.lanes == 16 ? 4 : 3;
    const v16 sum = photo_sum(level, kind);
    KMQ_ALIGN(32) int16_t places[16];
    uint32_t node = 1;

    v16_store(places, v16_shr(v16_mulh(sum, v16_load(level->temperatures)), 4));
    v16_store(level->sum, sum);
    level->errors = 0;
    if (count == most && highest >= (2u << most) - 1) {
        KMQ_UNROLL
        for (int i = 0; i < most; i++) {
            node = photo_bit(level, coder, decoding, most - 1 - i, i, symbol, node, places);
        }
    } else {
        for (int i = 0; i < count; i++) {
            const int left = count - 1 - i;
            if (((2 * node + 1) << left) > highest)
                node *= 2; /* no code has a 1 here */
            else
                node = photo_bit(level, coder, decoding, left, i, symbol, node, places);
        }
    }
    level->path = node << (4 - count) & 15;
    return node;
}

KMQ_INLINE void photo_learn(const PhotoLevel *level, PhotoClass kind) {
    const int lanes = kind.lanes, vectors = kind.contexts * lanes / 16;
    const int16_t *path = photo_paths[level->path];
    const v16 error = lanes == 16 ? v16_and(v16_spread(level->errors), v16_load(path))
                                  : v16_and(v16_spread2(level->errors), v16_load2(path, path));
    const v16 change = v16_or(error, v16_load(photo_aging[lanes == 16]));
    const v16 slow = v16_shr(error, kind.slowness);
    const v16 temperature = v16_load(level->temperatures);
    v16_store(level->temperatures,
              v16_add_sat(temperature, v16_mulr_half(v16_shr(error, 2), v16_load(level->sum))));
    KMQ_UNROLL
    for (int i = 0; i < vectors; i++) {
        const v16 line = photo_line(level, lanes, i), weight = v16_load(level->weights + 16 * i);
        const v16 counter = lanes == 16 ? v16_first(line) : v16_first2(line);
        const v16 rate = v16_max(v16_load(level->rates + 16 * i), counter);
        const v16 learned = v16_add_sat(line, v16_mulr_half(change, rate));
        v16_store(level->weights + 16 * i, v16_add_sat(weight, v16_mulr_half(slow, line)));
        if (lanes == 16)
            v16_store(level->lines[i], learned);
        else
            v16_store2(level->lines[2 * i], level->lines[2 * i + 1], learned);
    }
}

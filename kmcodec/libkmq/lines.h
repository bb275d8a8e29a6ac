/* Lines of model graphics: for each node of a nibble's tree what followed this context, how often it
   was seen, and how all contexts are weighed (spec 6.3.7).

   A state is a multiple of 16 in -16384..16368, and its count is in the lowest 4 bits. Lane 0 of a
   line is a check. */

typedef struct { /* what leads to the lines of a nibble, and what they say */
    int16_t *at[LINE_CONTEXTS];
    v16 values[LINE_CONTEXTS];
    v16 inputs[LINE_INPUTS]; /* log odds at each node: of contexts, then of experts */
    int16_t *weights;        /* of each context and node */
    int16_t *rows[3];        /* of each input */
} Lines;

/* Finds the lines of all contexts; those that are not checked share theirs with whatever meets
   them. `log_large` and `log_small` say how many there are in a table of the first LINE_LARGE
   contexts and of the others. */
KMQ_SHARED void lines_find(Lines *lines, int16_t *tables, int log_large, int log_small,
                           const uint32_t *hashes, uint32_t step) {
    KMQ_ALIGN(32) uint32_t mixed[16], pairs[16];
    int16_t *table = tables;
    for (int k = 0; k < 16; k++) {
        mixed[k] = kmq_mixed(hashes[k] + step);
        pairs[k] = (mixed[k] >> (33 - (k < LINE_LARGE ? log_large : log_small))) * (2 * LINE_LANES);
    }
    KMQ_UNROLL
    for (int k = 0; k < LINE_CONTEXTS; k++) { /* first of all, as they come from memory */
        lines->at[k] = table + pairs[k];
        KMQ_PREFETCH(lines->at[k]);
        table += (size_t)LINE_LANES << (k < LINE_LARGE ? log_large : log_small);
    }
    KMQ_UNROLL
    for (int k = 0; k < LINE_CONTEXTS; k++) {
        int16_t *pair = lines->at[k];
        if (k >= LINE_CHECKED) {
            lines->at[k] = pair + (mixed[k] >> 4 & LINE_LANES);
        } else {
            const uint16_t check = (uint16_t)(mixed[k] | 1);
            const int first = (uint16_t)pair[0] == check;
            const int second = (uint16_t)pair[LINE_LANES] == check;
            const int newer = (pair[LINE_LANES + 1] & 15) < (pair[1] & 15);
            lines->at[k] = pair + LINE_LANES * (~first & (second | newer) & 1);
            if (!(first | second)) {
                v16_store(lines->at[k], v16_set1(0));
                lines->at[k][0] = (int16_t)check;
            }
        }
        lines->values[k] = v16_load(lines->at[k]);
    }
}

/* 2048 * (2.6 u + u^3 + u^5) with u = state / 2^14: log odds, of which 2048 are a factor of 2. */
KMQ_INLINE v16 lines_odds(v16 state) {
    const v16 u = v16_add_sat(state, state), u2 = v16_mulh(u, u), u4 = v16_mulh(u2, u2);
    return v16_mulh(u, v16_add(v16_add(v16_shr(u2, 2), u4), v16_set1(10650)));
}

/* The input of an expert that guesses a symbol: its log odds at each node on the way there. */
KMQ_INLINE v16 lines_expert(int odds, uint32_t symbol, int count) {
    const v16 target = v16_load(kmq_line_targets[symbol << (4 - count) & 15]);
    return v16_and(v16_mulr(v16_set1(odds), v16_add_sat(target, target)),
                   v16_load(kmq_line_trees[count]));
}

/* The log odds of a 1 at each node, by all inputs. */
KMQ_SHARED v16 lines_sum(Lines *lines, int experts) {
    KMQ_ALIGN(32) int16_t shared[LINE_INPUTS];
    v16 sum = v16_set1(0);
    v16_store(shared, v16_add_sat(v16_add_sat(v16_load(lines->rows[0]), v16_load(lines->rows[1])),
                                  v16_load(lines->rows[2])));
    KMQ_UNROLL
    for (int k = 0; k < LINE_CONTEXTS; k++) {
        const v16 weight =
            v16_add_sat(v16_load(lines->weights + k * LINE_LANES), v16_set1(shared[k]));
        lines->inputs[k] = lines_odds(lines->values[k]);
        sum = v16_add_sat(sum, v16_mulh(lines->inputs[k], weight));
    }
    KMQ_UNROLL
    for (int k = LINE_CONTEXTS; k < LINE_CONTEXTS + experts; k++) {
        sum = v16_add_sat(sum, v16_mulh(lines->inputs[k], v16_set1(shared[k])));
    }
    sum = v16_add_sat(sum, sum);
    return v16_add_sat(sum, sum);
}

/* Learns a symbol of `count` bits: `errors` has 8192 * (bit - p) for each bit, `rate` is that of weights. */
KMQ_SHARED void lines_learn(Lines *lines, uint32_t symbol, int count, uint64_t errors, int rate) {
    const v16 on = v16_load(kmq_line_trees[count]);
    const v16 target = v16_and(v16_load(kmq_line_targets[symbol << (4 - count) & 15]), on);
    const v16 zero = v16_set1(0), off = v16_equal(target, zero);
    const v16 error = v16_select(off, zero, v16_spread(errors));
    const v16 step = v16_mulr(v16_add(error, error), v16_set1(rate));
    KMQ_UNROLL
    for (int k = 0; k < LINE_CONTEXTS; k++) {
        int16_t *weight = lines->weights + k * LINE_LANES;
        const v16 value = lines->values[k], n = v16_and(value, v16_set1(15));
        const v16 change = v16_mulr(v16_sub(target, value), v16_lookup(kmq_line_rates, n));
        const v16 state = v16_and(v16_add(v16_add(value, change), v16_set1(-7)), v16_set1(~15));
        const v16 more = v16_min(v16_add(n, v16_set1(1)), v16_set1(15));
        v16_store(weight, v16_add_sat(v16_load(weight), v16_mulr_half(lines->inputs[k], step)));
        v16_store(lines->at[k], v16_select(off, value, v16_or(state, more)));
    }
    const v16 change = v16_mulr_half(v16_set1(rate), v16_dots(lines->inputs, error));
    for (int i = 0; i < 3; i++) {
        v16_store(lines->rows[i], v16_add_sat(v16_load(lines->rows[i]), change));
    }
}

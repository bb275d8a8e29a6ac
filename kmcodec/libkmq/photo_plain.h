/* Model photo, a level of a code in plain C: only the nodes on the path. */

KMQ_INLINE void photo_move(int16_t *to, int error, int by) {
    *to = (int16_t)kmq_saturate(*to + ((error * by + 16384) >> 15));
}

KMQ_INLINE uint32_t photo_level(PhotoLevel *level, RangeCoder *coder, int decoding, PhotoClass kind,
                                int count, uint32_t symbol, uint32_t highest) {
    int rates[16];
    uint32_t node = 1;
    for (int k = 0; k < kind.contexts; k++) {
        const int least = level->rates[k * kind.lanes], counter = level->lines[k][0];
        rates[k] = counter > least ? counter : least;
        photo_move(level->lines[k], PHOTO_AGING, rates[k]);
    }
    for (int left = count - 1; left >= 0; left--) {
        if (((2 * node + 1) << left) > highest) {
            node *= 2; /* no code has a 1 here */
            continue;
        }
        int16_t *temperature = level->temperatures + node;
        int sums[2] = {0, 0};
        for (int k = 0; k < kind.contexts; k++) {
            const int weight = level->weights[k * kind.lanes + (int)node];
            sums[k & 1] = kmq_saturate(sums[k & 1] + ((level->lines[k][node] * weight) >> 16));
        }
        const int sum = kmq_saturate(2 * kmq_saturate(sums[0] + sums[1]));
        const KmqLogit *logit = kmq_logits + 1024 + ((sum * *temperature) >> 20);
        const int bit = kmq_code_bit(coder, decoding, (int)(symbol >> left & 1), logit->p, 16);
        const int error = logit->error[bit];
        photo_move(temperature, error >> 2, sum);
        for (int k = 0; k < kind.contexts; k++) {
            int16_t *logits = level->lines[k] + node;
            photo_move(level->weights + k * kind.lanes + node, error >> kind.slowness, *logits);
            photo_move(logits, error, rates[k]);
        }
        node = 2 * node + (uint32_t)bit;
    }
    return node;
}

KMQ_INLINE void photo_learn(const PhotoLevel *level, PhotoClass kind) {
    (void)level, (void)kind; /* was learned bit by bit */
}

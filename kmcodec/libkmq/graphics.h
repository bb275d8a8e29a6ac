/* Model graphics: every pixel of a band (spec 6.3), of both directions: what the encoder does with
   a code it knows, the decoder does with the code it learns. */

KMQ_INLINE int graphics_is_flat(Around a) {
    return ((a.w ^ a.n) | (a.w ^ a.nw) | (a.w ^ a.ne) | (a.w ^ a.ww) | (a.w ^ a.nn)) == 0;
}

KMQ_INLINE uint32_t graphics_which(Around a) {
    return (uint32_t)((a.w == a.nee) | (a.w == a.nww) << 1 | (a.w == a.nne) << 2
                      | (a.w == a.nnw) << 3 | (a.w == a.www) << 4 | (a.w == a.neee) << 5);
}

KMQ_INLINE uint32_t graphics_other(Around a) {
    return (uint32_t)((a.ne == a.nee) | (a.nw == a.nww) << 1 | (a.w == a.ne) << 2
                      | (a.ne == a.nne) << 3 | (a.nw == a.nnw) << 4 | (a.ww == a.nww) << 5
                      | (a.n == a.ww) << 6 | (a.w == a.nn) << 7);
}

/* Which neighbors begin with the bits of a path. */
KMQ_INLINE uint32_t graphics_agree(Around a, uint32_t top, int left, uint32_t path) {
    return (uint32_t)(((a.w | top) >> left == path) | ((a.n | top) >> left == path) << 1
                      | ((a.ne | top) >> left == path) << 2 | ((a.nw | top) >> left == path) << 3
                      | ((a.ww | top) >> left == path) << 4 | ((a.nn | top) >> left == path) << 5);
}

/* Equal cells in a row before this one, at most 31. */
KMQ_INLINE uint32_t graphics_run(const uint16_t *cell) {
    uint32_t run = 1;
    while (run < 31 && cell[-(int)run - 1] == cell[-1]) run++;
    return run;
}

/* The hashes of the contexts of column x and row y; `four` is that of W, N, NW and NE. */
KMQ_INLINE void graphics_hash(const Graphics *g, const uint16_t *cell, Around a, uint32_t x,
                              uint32_t y, uint32_t four, uint32_t *hashes) {
    const int t2 = g->bits > 2 ? g->bits - 2 : 0, t4 = g->bits > 4 ? g->bits - 4 : 0;
#define UPPER(t, name, NAME) ((a.name >> (t)) * KMQ_##NAME)
    const uint32_t upper4 =
        UPPER(t4, w, W) + UPPER(t4, n, N) + UPPER(t4, nw, NW) + UPPER(t4, ne, NE);
    const uint32_t upper2 = UPPER(t2, w, W) + UPPER(t2, n, N) + UPPER(t2, nw, NW)
                            + UPPER(t2, ne, NE) + UPPER(t2, ww, WW) + UPPER(t2, nn, NN)
                            + UPPER(t2, nee, NEE) + UPPER(t2, nww, NWW) + UPPER(t2, nne, NNE)
                            + UPPER(t2, nnw, NNW) + UPPER(t2, www, WWW) + UPPER(t2, neee, NEEE);
#undef UPPER
    const uint32_t all[16] = {
        a.w * KMQ_W + a.ww * KMQ_WW,
        a.w * KMQ_W + a.nee * KMQ_NEE,
        a.n * KMQ_N + a.nn * KMQ_NN,
        four,
        upper4,
        upper2,
        (y >> 3) * KMQ_Y + (x >> 4) * KMQ_X,
        a.ne * KMQ_NE,
        a.nw * KMQ_NW,
        kmq_gradient(a.w, a.n, a.nw) * KMQ_N,
        kmq_ahead(a.w, a.ne, a.n, g->color_count) * KMQ_NN,
        a.w * KMQ_W + graphics_run(cell) * KMQ_X,
    };
    memcpy(hashes, all, sizeof all);
}

/* Codes a level's bits. Returns the path, and 8192 * (bit - p) of each bit in `errors`. A bit that
   is certain is not coded: where no code has a 1, and, at the end, where one code is excluded. */
KMQ_INLINE uint32_t graphics_bits(RangeCoder *coder, int decoding, uint32_t code, uint32_t excluded,
                                  int count, int left, uint32_t path, uint32_t top, uint32_t last,
                                  const int16_t *odds, uint64_t *errors) {
    uint32_t node = 1;
    uint64_t all = 0;
    KMQ_UNROLL
    for (int i = 0; i < count; i++) {
        int bit = 0;
        left--;
        if (path * 2 + 1 <= last >> left) {
            if (left == 0 && excluded != KMQ_NONE && path == (excluded | top) >> 1) {
                bit = ~excluded & 1;
            } else {
                const uint32_t p = kmq_logits[1024 + (odds[node] >> 6)].p;
                bit = kmq_code_bit(coder, decoding, (int)(code >> left & 1), p, 16);
                all |= (uint64_t)(uint16_t)((int32_t)(((uint32_t)bit << 16) - p) >> 3) << (16 * i);
            }
        }
        path = path * 2 + (uint32_t)bit;
        node = node * 2 + (uint32_t)bit;
    }
    *errors = all;
    return path;
}

/* A guess that takes part in the bits of a code as long as these are its own. */
typedef struct {
    uint32_t guess; /* below a leading 1; 0 if there is none */
    Rare *misses;   /* of each level */
} Expert;

/* Codes a pixel by all contexts. Returns its code. */
KMQ_INLINE uint32_t graphics_pixel(RangeCoder *coder, int decoding, Graphics *g, Around a,
                                   uint32_t other, uint32_t code, uint32_t excluded,
                                   const uint32_t *hashes, const Expert *experts,
                                   int expert_count) {
    const uint32_t equal = kmq_equal(a), top = g->top, last = g->last;
    uint32_t path = 1;
    int left = g->bits;
    Lines lines;
    for (int k = LINE_CONTEXTS + expert_count; k < LINE_INPUTS; k++) {
        lines.inputs[k] = v16_set1(0);
    }
    for (int level = 0; level < g->levels; level++) {
        const int count = g->counts[level];
        const uint32_t agree = level ? graphics_agree(a, top, left, path) : 63;
        KMQ_ALIGN(32) int16_t odds[LINE_LANES];
        uint64_t errors;
        lines_find(&lines, g->tables, g->log_large, g->log_small, hashes,
                   level ? path * KMQ_PATH : 0);
        lines.weights = g->weights[level ? 1 + (path & 15) : 0][0];
        lines.rows[0] = g->rows[level][equal];
        lines.rows[1] = g->rows[level][64 + agree];
        lines.rows[2] = g->rows[level][128 + other];
        int takes_part[LINE_EXPERTS];
        for (int j = 0; j < expert_count; j++) {
            const uint32_t symbol = experts[j].guess >> (left - count) & ((1u << count) - 1);
            takes_part[j] = experts[j].guess >> left == path;
            lines.inputs[LINE_CONTEXTS + j] =
                takes_part[j]
                    ? lines_expert(kmq_rare_odds(&experts[j].misses[level]), symbol, count)
                    : v16_set1(0);
        }
        v16_store(odds, lines_sum(&lines, expert_count));
        path = count == 4 ? graphics_bits(coder, decoding, code, excluded, 4, left, path, top, last,
                                          odds, &errors)
                          : graphics_bits(coder, decoding, code, excluded, count, left, path, top,
                                          last, odds, &errors);
        left -= count;
        for (int j = 0; j < expert_count; j++) {
            if (takes_part[j]) {
                kmq_learn_rare(&experts[j].misses[level], experts[j].guess >> left != path);
            }
        }
        if (g->nibbles % 256 == 0) g->rate = 800 + (int)(900 * 8192 / (g->nibbles + 8192));
        g->nibbles++;
        lines_learn(&lines, path & ((1u << count) - 1), count, errors, g->rate);
    }
    return path - top;
}

/* Codes a pixel that is not certain, or was not as expected. Returns its code. `before` is null
   where there is no frame before. */
KMQ_INLINE uint32_t graphics_guessed(RangeCoder *coder, int decoding, Graphics *g,
                                     const uint16_t *cell, Around a, const Before *before,
                                     int64_t x, int64_t y, uint32_t code, uint32_t excluded,
                                     Area area) {
    const uint32_t past = g->match.history & 3;
    const uint32_t four = a.w * KMQ_W + a.n * KMQ_N + a.nw * KMQ_NW + a.ne * KMQ_NE;
    const Found found = kmq_find_match(&g->match, g->plane, (uint32_t)(cell - g->plane), g->stride,
                                       x, a, four, area);
    Guess guess = kmq_guess(&g->guesser, a, found, four, g->color_count);
    Expert experts[LINE_EXPERTS] = {
        {guess.code | g->top, g->guesses[guess.sureness * 4 + past]},
        {found.offset ? found.guess | g->top : 0, g->matches[found.score * 4 + past]}};
    uint32_t hashes[16], other = graphics_other(a);
    graphics_hash(g, cell, a, (uint32_t)x, (uint32_t)y, four, hashes);
    if (before) {
        const uint32_t here = before->code * KMQ_Y, e = before->e * KMQ_NEEE;
        hashes[1] = a.w * KMQ_W + a.n * KMQ_N + here;
        hashes[10] = here + e + before->s * KMQ_X;
        hashes[11] = a.w * KMQ_W + here + e;
        other = 256 + (before->changed | before->alike << 4);
        experts[2].guess = before->code | g->top;
        experts[2].misses = g->befores[before->changed | before->alike << 4];
    }
    code = graphics_pixel(coder, decoding, g, a, other, code, excluded, hashes, experts,
                          before ? LINE_EXPERTS : LINE_EXPERTS - 1);
    kmq_note_guess(&guess, code);
    kmq_note_match(&g->match, found, x, code);
    return code;
}

/* Codes a pixel that is in no block of its own. Returns its code. */
KMQ_INLINE uint32_t graphics_cell(RangeCoder *coder, int decoding, Graphics *g, const Cell *at,
                                  const Before *before, const uint16_t *cell, int64_t x, int64_t y,
                                  uint32_t code, Area area) {
    const Certainty certainty = certain_pixel(coder, decoding, &g->certain, &g->match, at, code);
    if (certainty.is_known) {
        certain_note(&g->match, x, at->is_flat, at->guess, certainty.code);
        return certainty.code;
    }
    code = graphics_guessed(coder, decoding, g, cell, at->around, before, x, y, code,
                            certainty.code, area);
    if (certainty.undecided) kmq_learn_rare(certainty.undecided, at->guess != code);
    return code;
}

KMQ_SHARED void graphics_start(Graphics *g, const uint16_t *plane, int64_t rows, int64_t width,
                               uint32_t color_count, uint8_t *memory) {
    const int64_t pixels = rows * width;
    const int bits = kmq_index_bits((int)color_count);
    memset(g, 0, sizeof *g);
    g->plane = plane;
    g->stride = width + 2 * KMQ_BORDER;
    g->color_count = color_count;
    g->top = 1u << bits;
    g->last = g->top + color_count - 1;
    g->bits = bits;
    g->levels = kmq_levels(bits, g->counts);
    memset(memory, 0, graphics_memory(pixels, width, bits));
    g->log_large = graphics_log_lines(pixels, bits, 0);
    g->log_small = graphics_log_lines(pixels, bits, LINE_LARGE);
    g->match.log_places = g->guesser.log_places = graphics_log_places(pixels);
    const size_t places = (size_t)1 << g->match.log_places;
    g->tables = (int16_t *)memory;
    memory += LINE_BYTES * graphics_lines(pixels, bits);
    g->weights = (int16_t (*)[LINE_CONTEXTS][LINE_LANES])memory;
    memory += LINE_PATHS * sizeof *g->weights;
    g->rows = (int16_t (*)[LINE_SETS][LINE_INPUTS])memory;
    memory += LINE_LEVELS * sizeof *g->rows;
    g->match.near = (uint32_t *)memory;
    g->match.far = g->match.near + places;
    g->match.above = g->match.far + places;
    g->guesser.last = (uint16_t *)(g->match.above + width);
    g->guesser.hits = (uint16_t (*)[KMQ_SOURCES])(g->guesser.last + places);
    certain_start(&g->certain);
    kmq_set_rares(g->guesses[0], 32 * 4 * 4, 2);
    kmq_set_rares(g->matches[0], (KMQ_MOST_SCORE + 1) * 4 * 4, 2);
    kmq_set_rares(g->befores[0], 16 * 16 * 4, 2);
    for (int i = 0; i < LINE_HITS; i++) {
        for (int k = 0; k < KMQ_SOURCES; k++) g->guesser.hits[i][k] = 32768;
    }
    for (int path = 0; path < LINE_PATHS; path++) {
        for (int k = 0; k < LINE_CONTEXTS; k++) {
            for (int lane = 0; lane < LINE_LANES; lane++) g->weights[path][k][lane] = LINE_WEIGHT;
        }
    }
    for (int level = 0; level < LINE_LEVELS; level++) {
        for (int equal = 0; equal < 64; equal++) {
            for (int j = 0; j < LINE_EXPERTS; j++) {
                g->rows[level][equal][LINE_CONTEXTS + j] = LINE_EXPERT_WEIGHT;
            }
        }
    }
}

/* Codes a band without a frame before. */
KMQ_INLINE void graphics_code(RangeCoder *shared, int decoding, Graphics *g, uint16_t *plane,
                              int64_t rows, int64_t width) {
    RangeCoder coder = *shared;
    const int64_t stride = g->stride;
    for (int64_t y = 0; y < rows; y++) {
        uint16_t *row = plane + (y + KMQ_ABOVE) * stride + KMQ_BORDER;
        kmq_begin_row(row, stride);
        g->certain.block_left = 0;
        int64_t x = 0;
        if (certain_row(&coder, decoding, &g->certain, row, y, width, stride)) {
            kmq_note_cost(&coder, width);
            x = width;
        }
        while (x < width) {
            if (decoding && kmq_is_over(&coder)) break;
            uint16_t *cell = row + x;
            const Around a = kmq_look_around(cell, stride);
            const uint16_t *source = cell - g->match.offset;
            const Cell at = {a,
                             source,
                             g->match.offset ? *source : 0,
                             graphics_which(a),
                             graphics_is_flat(a),
                             0,
                             0,
                             KMQ_NONE};
            if (!g->certain.block_left && x + CERTAIN_BLOCK <= width) {
                const uint16_t *from = certain_block(&coder, decoding, &g->certain, &g->match, &at,
                                                     cell, cell, stride);
                if (from) {
                    memcpy(cell, from, CERTAIN_BLOCK * sizeof *cell);
                    kmq_note_cost(&coder, CERTAIN_BLOCK);
                    x += CERTAIN_BLOCK;
                    continue;
                }
            }
            *cell = (uint16_t)graphics_cell(&coder, decoding, g, &at, 0, cell, x, y,
                                            decoding ? 0 : *cell, kmq_anywhere);
            kmq_note_cost(&coder, 1);
            x++;
        }
        kmq_end_row(row, width);
        if (decoding && kmq_is_over(&coder)) break;
    }
    *shared = coder;
}

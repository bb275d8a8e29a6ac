/* Model photo: every pixel of a band (spec 6.3.4), of both directions: what the encoder does with a
   code it knows, the decoder does with the code it learns. `decoding` and the class are constants
   wherever they are passed, and all functions are inlined. */

typedef struct { /* a level of a code: what predicts it, and what is to be learned from it */
    int16_t *lines[16];
    const int16_t *rates; /* the least one of each line, in all lanes of it */
    int16_t *weights;     /* of each line: one */
    int16_t *temperatures;
    uint64_t errors;               /* of each bit: 16 bits */
    KMQ_ALIGN(32) int16_t sum[16]; /* of the weighted lines */
    uint32_t path; /* the 4 bits of the symbol, zeros below them if they are fewer */
} PhotoLevel;

#if defined(KMQ_PLAIN)
#include "photo_plain.h"
#else
#include "photo_vector.h"
#endif

/* Goes on to the pixel east of a pixel of a code. */
KMQ_INLINE void photo_step(Around *a, uint32_t code) {
    a->www = a->ww;
    a->ww = a->w;
    a->w = code;
    a->nww = a->nw;
    a->nw = a->n;
    a->n = a->ne;
    a->ne = a->nee;
}

/* The hash of each context, or its value. */
KMQ_INLINE void photo_hashes(int kind, Around a, uint32_t x, uint32_t y, int bits, uint32_t colors,
                             uint32_t *hashes) {
    const uint32_t W = a.w * KMQ_W, N = a.n * KMQ_N, NW = a.nw * KMQ_NW, NE = a.ne * KMQ_NE;
    const uint32_t WW = a.ww * KMQ_WW, NN = a.nn * KMQ_NN, NEE = a.nee * KMQ_NEE;
    const uint32_t WWW = a.www * KMQ_WWW, COLUMN = (x >> 4) * KMQ_X;
    const uint32_t BLOCK = (y >> 4) * KMQ_Y + (x >> 5) * KMQ_X;
    const int kept = bits <= 6 ? 3 : 2, shift = bits > kept ? bits - kept : 0;
    const uint32_t SIX = (a.w >> shift) * KMQ_W + (a.n >> shift) * KMQ_N + (a.nw >> shift) * KMQ_NW
                         + (a.ne >> shift) * KMQ_NE + (a.ww >> shift) * KMQ_WW
                         + (a.nn >> shift) * KMQ_NN;
    const uint32_t ahead_n = kmq_ahead(a.n, a.n, a.nn, colors),
                   ahead_w = kmq_ahead(a.w, a.w, a.ww, colors);
    (void)NW, (void)NE, (void)WW, (void)NN, (void)NEE, (void)WWW, (void)COLUMN, (void)SIX;
    (void)BLOCK, (void)ahead_n, (void)ahead_w;
#define PUT(value, rate, first) *hashes++ = value;
    switch (kind) {
    case 0: PHOTO_LIST_A(PUT, PUT) break;
    case 1: PHOTO_LIST_B(PUT, PUT) break;
    case 2: PHOTO_LIST_C(PUT, PUT) break;
    default: PHOTO_LIST_D(PUT, PUT) break;
    }
#undef PUT
}

typedef struct {
    int16_t *temperatures; /* of each level and selection: 16 */
    int16_t *weights;      /* of each set and context: a line */
    int16_t *tables[16];   /* of each context: lines */
    int16_t *later[16];    /* the same for all levels but the first */
    uint32_t colors;
    int shift;   /* what leaves of a hash the number of a line */
    int bits[4]; /* of a code, in each level */
} PhotoSpace;

/* Lays out the memory of a band, all zero, and sets what is not zero at first. */
KMQ_INLINE void photo_start(PhotoSpace *space, PhotoClass kind, int bits, int64_t pixels,
                            int16_t *memory) {
    const PhotoContext *list = photo_contexts[kind.number];
    const int levels = kmq_levels(bits, space->bits), log_lines = photo_log_lines(kind, pixels);
    const size_t temperatures = (size_t)levels * PHOTO_SELECTIONS * 16;
    const size_t weights = (size_t)PHOTO_SETS(levels) * (size_t)(kind.contexts * kind.lanes);
    for (size_t i = 0; i < temperatures + weights; i++) memory[i] = PHOTO_ONE;
    space->temperatures = memory;
    space->weights = memory + temperatures;
    memory += temperatures + weights;
    space->shift = 32 - log_lines;
    for (int k = 0; k < kind.contexts; k++) {
        /* the path of a later level is below its leading 1, for which no lines are kept */
        const size_t skipped =
            list[k].direct ? ((size_t)1 << bits) - ((size_t)1 << space->bits[0]) : 0;
        space->tables[k] = memory;
        space->later[k] = memory + skipped * (size_t)kind.lanes;
        const size_t cells = photo_lines(list[k].direct, bits, log_lines) * (size_t)kind.lanes;
        for (size_t i = 0; i < cells; i += (size_t)kind.lanes) memory[i] = (int16_t)list[k].first;
        memory += cells;
    }
}

/* Where a pixel stands: its neighbors, and the lines of the level that comes next. */
typedef struct {
    Around around;
    uint32_t hashes[16];
    int16_t *lines[16];
    uint32_t selection;
} PhotoPixel;

/* Finds the lines of the level that follows a path. */
KMQ_INLINE void photo_find(PhotoPixel *pixel, PhotoClass kind, int level, uint32_t path,
                           const PhotoSpace *space) {
    const PhotoContext *list = photo_contexts[kind.number];
    const uint32_t step = level ? path * KMQ_PATH : 0;
    KMQ_UNROLL_LIST
    for (int k = 0; k < kind.contexts; k++) {
        size_t line = pixel->hashes[k];
        int16_t *table = space->tables[k];
        if (!list[k].direct) {
            line = (pixel->hashes[k] + step) >> space->shift;
        } else if (level) {
            line = (line << space->bits[0]) + path;
            table = space->later[k];
        }
        pixel->lines[k] = table + line * (size_t)kind.lanes;
        if (kind.prefetch) KMQ_PREFETCH(pixel->lines[k]);
    }
}

/* Finds the contexts of the pixel at x. */
KMQ_INLINE void photo_look(PhotoPixel *pixel, PhotoClass kind, const uint16_t *north,
                           const uint16_t *north2, int64_t x, int64_t y, int bits,
                           const PhotoSpace *space) {
    Around a = pixel->around;
    a.nn = north2[x];
    a.nne = north2[x + 1];
    a.nee = north[x + 2];
    pixel->selection = kmq_equal(a);
    pixel->around = a;
    photo_hashes(kind.number, a, (uint32_t)x, (uint32_t)y, bits, space->colors, pixel->hashes);
    photo_find(pixel, kind, 0, 1, space);
}

KMQ_INLINE void photo_code(RangeCoder *shared, int decoding, int number, uint16_t *plane,
                           int64_t rows, int64_t width, uint32_t color_count, int16_t *memory) {
    const PhotoClass kind = photo_classes[number];
    const int bits = kmq_index_bits((int)color_count), levels = number == 0  ? 1
                                                                : number < 3 ? 2
                                                                             : (bits + 3) / 4;
    const int64_t stride = width + 2 * KMQ_BORDER;
    const uint32_t top = 1u << bits, last = top + color_count - 1;
    RangeCoder coder = *shared;
    PhotoSpace space;
    PhotoPixel pixel;

    photo_start(&space, kind, bits, rows * width, memory);
    space.colors = color_count;
    for (int64_t y = 0; y < rows; y++) {
        uint16_t *row = plane + (y + KMQ_ABOVE) * stride + KMQ_BORDER;
        const uint16_t *north = row - stride, *north2 = north - stride;
        kmq_begin_row(row, stride);
        pixel.around = kmq_look_around(row, stride);
        photo_look(&pixel, kind, north, north2, 0, y, bits, &space);
        for (int64_t x = 0; x < width; x++) {
            if (decoding && kmq_is_over(&coder)) break;
            const uint32_t code = decoding ? 0 : row[x], selection = pixel.selection;
            uint32_t path = 1;
            int left = bits;
            for (int level = 0; level < levels; level++) {
                const int count = space.bits[level];
                const size_t set = level ? 1 + (path & 15) : 0;
                const uint32_t one = 1u << count;
                PhotoLevel now;
                now.rates = photo_rates[number];
                now.weights = space.weights + set * (size_t)(kind.contexts * kind.lanes);
                now.temperatures =
                    space.temperatures + ((size_t)level * PHOTO_SELECTIONS + selection) * 16;
                KMQ_UNROLL_LIST
                for (int k = 0; k < kind.contexts; k++) now.lines[k] = pixel.lines[k];

                left -= count;
                path <<= count;
                path += photo_level(&now, &coder, decoding, kind, count, code >> left & (one - 1),
                                    (last >> left) - path + one)
                        - one;
                /* the next lines come from memory while these learn */
                if (level + 1 < levels) {
                    photo_find(&pixel, kind, level + 1, path, &space);
                } else {
                    row[x] = (uint16_t)(path - top);
                    photo_step(&pixel.around, path - top);
                    photo_look(&pixel, kind, north, north2, x + 1, y, bits, &space);
                }
                photo_learn(&now, kind);
            }
            kmq_note_cost(&coder, 1);
        }
        kmq_end_row(row, width);
    }
    *shared = coder;
}

/* A kernel for each class. */
KMQ_INLINE void photo_dispatch(RangeCoder *coder, int decoding, uint16_t *plane, int64_t rows,
                               int64_t width, uint32_t colors, int16_t *memory) {
    memset(memory, 0, photo_memory(rows * width, colors));
    switch (photo_class(kmq_index_bits((int)colors), rows * width)) {
    case 0: photo_code(coder, decoding, 0, plane, rows, width, colors, memory); break;
    case 1: photo_code(coder, decoding, 1, plane, rows, width, colors, memory); break;
    case 2: photo_code(coder, decoding, 2, plane, rows, width, colors, memory); break;
    default: photo_code(coder, decoding, 3, plane, rows, width, colors, memory); break;
    }
}

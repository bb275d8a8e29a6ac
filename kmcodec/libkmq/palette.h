/* The coded palette: entries as residuals, range coded with adaptive decisions (spec 5.3).

   Encoder and decoder are one model: `decoding` is constant where kmq_code_palette is called.
   Every string of decisions is a palette, so a decoder has nothing to check but the end. */

#ifndef KMQ_PALETTE_H
#define KMQ_PALETTE_H

#include "kmq.h"
#include "range_coder.h"

typedef struct {
    uint32_t p; /* probability of a 1, in 2^-16 */
    uint32_t d; /* what the next step is divided by */
} KmqAdaptive;

typedef struct {
    KmqAdaptive zero[3], sign[3], exponent[15];
} KmqComponent;

enum { KMQ_ALPHA, KMQ_GREEN /* gray too */, KMQ_RED, KMQ_BLUE, KMQ_RANK, KMQ_COMPONENTS };

typedef struct {
    KmqComponent components[KMQ_COMPONENTS];
    KmqAdaptive top[16]; /* top bit of the mantissa, per exponent */
    int residual;        /* the one before, which gives the context */
} KmqPaletteModel;

static void kmq_start_palette_model(KmqPaletteModel *model) {
    const KmqAdaptive even = {32768, 2}, likely = {45056, 2};
    for (int c = 0; c < KMQ_COMPONENTS; c++) {
        KmqComponent *own = &model->components[c];
        for (int i = 0; i < 3; i++) own->zero[i] = own->sign[i] = even;
        for (int i = 0; i < 15; i++) own->exponent[i] = likely;
    }
    for (int i = 0; i < 16; i++) model->top[i] = even;
    model->residual = 0;
}

KMQ_SHARED int kmq_code_plain(RangeCoder *coder, int decoding, int bit) {
    return kmq_code_bit(coder, decoding, bit, 1u << 15, 16);
}

/* Codes a decision and moves its probability by 1/2, 1/3, ... 1/20 of the way. */
KMQ_SHARED int kmq_code_adaptive(RangeCoder *coder, int decoding, KmqAdaptive *a, int bit) {
    bit = kmq_code_bit(coder, decoding, bit, a->p, 16);
    if (bit) {
        a->p += (65536 - a->p) / a->d;
    } else {
        a->p -= a->p / a->d;
    }
    if (a->d < 20) a->d++;
    return bit;
}

/* Codes a magnitude of 1..limit: an exponent, then the bits below the highest (spec 5.3.2). What
   exceeds the limit takes no code space. Returns the magnitude. */
static int kmq_code_magnitude(RangeCoder *coder, int decoding, KmqPaletteModel *model,
                              KmqComponent *own, int magnitude, int limit) {
    int e = 0;
    while (2 << e <= limit
           && kmq_code_adaptive(coder, decoding, &own->exponent[e], magnitude >= 2 << e)) {
        e++;
    }
    int m = 1 << e;
    for (int b = e - 1; b >= 0; b--) {
        if (m + (1 << b) > limit) continue;
        int bit = magnitude >> b & 1;
        if (b == e - 1) {
            bit = kmq_code_adaptive(coder, decoding, &model->top[e], bit);
        } else {
            bit = kmq_code_plain(coder, decoding, bit);
        }
        m |= bit << b;
    }
    return m;
}

/* Codes the residual of a value of 0..most to its prediction (spec 5.3.2). Returns the value. */
static int kmq_code_value(RangeCoder *coder, int decoding, KmqPaletteModel *model, int component,
                          int value, int predicted, int most) {
    KmqComponent *own = &model->components[component];
    const int context = model->residual == 0 ? 0 : model->residual > 0 ? 1 : 2;
    const int below = predicted, above = most - predicted, residual = value - predicted;
    model->residual = 0;
    if (below + above == 0) return predicted;
    if (!kmq_code_adaptive(coder, decoding, &own->zero[context], residual != 0)) return predicted;
    int negative = above == 0;
    if (below > 0 && above > 0) {
        negative = kmq_code_adaptive(coder, decoding, &own->sign[context], residual < 0);
    }
    const int magnitude = kmq_code_magnitude(
        coder, decoding, model, own, residual < 0 ? -residual : residual, negative ? below : above);
    model->residual = negative ? -magnitude : magnitude;
    return predicted + model->residual;
}

static int kmq_clip(int v) { return v < 0 ? 0 : v > 255 ? 255 : v; }
static int kmq_distance(int a, int b) { return a > b ? a - b : b - a; }

/* Blue less green of the entry before whose red and green are most like these (spec 5.3.3). */
static int kmq_like_blue(const uint8_t *entry, int64_t number, int channels, int red, int green) {
    int difference = 0, least = 1 << 30;
    for (int64_t j = 1; j <= number && j <= 32; j++) {
        const uint8_t *e = entry - j * channels;
        const int far = 4 * kmq_distance(e[0] - e[1], red - green) + kmq_distance(e[1], green);
        if (far < least) {
            least = far;
            difference = e[2] - e[1];
        }
    }
    return difference;
}

/* Codes a sample in its place, which a decoder fills. Returns it. */
KMQ_INLINE int kmq_code_sample(RangeCoder *coder, int decoding, KmqPaletteModel *model,
                               int component, uint8_t *sample, int predicted) {
    const int value = kmq_code_value(coder, decoding, model, component, decoding ? 0 : *sample,
                                     kmq_clip(predicted), 255);
    if (decoding) *sample = (uint8_t)value;
    return value;
}

KMQ_INLINE void kmq_code_entries(RangeCoder *coder, int decoding, KmqPaletteModel *model,
                                 uint8_t *entry, int count, int channels) {
    const int has_color = channels >= 3, has_alpha = channels == 2 || channels == 4;
    int alpha = 0, green = 0, red = 0;
    for (int i = 0; i < count; i++, entry += channels) {
        const int before = green;
        model->residual = 0;
        if (has_alpha) {
            uint8_t *last = entry + channels - 1;
            alpha = kmq_code_sample(coder, decoding, model, KMQ_ALPHA, last, alpha);
        }
        green = kmq_code_sample(coder, decoding, model, KMQ_GREEN, entry + has_color, green);
        if (!has_color) continue;
        red = kmq_code_sample(coder, decoding, model, KMQ_RED, entry, red + green - before);
        const int like = kmq_like_blue(entry, i, channels, red, green);
        kmq_code_sample(coder, decoding, model, KMQ_BLUE, entry + 2, green + like);
    }
}

KMQ_INLINE void kmq_code_plain_samples(RangeCoder *coder, int decoding, uint8_t *samples,
                                       int64_t count) {
    for (int64_t j = 0; j < count; j++) {
        int sample = decoding ? 0 : samples[j];
        for (int b = 7; b >= 0; b--) {
            const int bit = kmq_code_plain(coder, decoding, sample >> b & 1);
            if (decoding) sample |= bit << b;
        }
        if (decoding) samples[j] = (uint8_t)sample;
    }
}

/* The numbers not yet used, counted by a Fenwick tree: tree[at] is of the at & -at last before at. */

static void kmq_fill_tree(int32_t *tree, int count) {
    for (int at = 1; at <= count; at++) tree[at] = at & -at;
}

static int kmq_rank_of(const int32_t *tree, int number) {
    int rank = 0;
    for (int at = number; at > 0; at -= at & -at) rank += tree[at];
    return rank;
}

/* The number of a rank: the last with at most so many below it. */
static int kmq_number_of(const int32_t *tree, int count, int highest, int rank) {
    int at = 0;
    for (int step = highest; step > 0; step >>= 1) {
        if (at + step <= count && tree[at + step] <= rank) {
            at += step;
            rank -= tree[at];
        }
    }
    return at;
}

static void kmq_use_number(int32_t *tree, int count, int number) {
    for (int at = number + 1; at <= count; at += at & -at) tree[at]--;
}

/* Codes ranks among the numbers not yet used (spec 5.3.4). Returns whether the encoder's order is
   a permutation; a decoder's always is. */
KMQ_INLINE int kmq_code_order(RangeCoder *coder, int decoding, KmqPaletteModel *model,
                              uint16_t *order, int count, int32_t *tree) {
    int highest = 1, predicted = 0;
    while (2 * highest <= count) highest *= 2;
    kmq_fill_tree(tree, count);
    model->residual = 0;
    for (int i = 0; i < count; i++) {
        const int most = count - i - 1;
        int rank = 0;
        if (!decoding) rank = kmq_rank_of(tree, order[i] < count ? order[i] : count);
        rank = kmq_code_value(coder, decoding, model, KMQ_RANK, rank, predicted, most);
        const int number = kmq_number_of(tree, count, highest, rank);
        if (decoding) {
            order[i] = (uint16_t)number;
        } else if (order[i] != number) {
            return 0;
        }
        kmq_use_number(tree, count, number);
        predicted = rank < most ? rank : 0;
    }
    return 1;
}

/* Codes the whole payload but its end (spec 5.3.1). `predicting` and `ordered` are the encoder's;
   a decoder without room for an order has none of it. Returns a status. */
KMQ_INLINE int kmq_code_palette(RangeCoder *coder, int decoding, int predicting, int ordered,
                                uint8_t *palette, int count, int channels, uint16_t *order,
                                int32_t *unused) {
    KmqPaletteModel model;
    kmq_start_palette_model(&model);
    if (kmq_code_plain(coder, decoding, predicting)) {
        kmq_code_entries(coder, decoding, &model, palette, count, channels);
    } else {
        kmq_code_plain_samples(coder, decoding, palette, (int64_t)count * channels);
    }
    if (!kmq_code_plain(coder, decoding, ordered)) return KMQ_OK;
    if (!order) return KMQ_UNEXPECTED_ORDER;
    const int permutes = kmq_code_order(coder, decoding, &model, order, count, unused);
    return permutes ? KMQ_ORDERED : KMQ_NO_PERMUTATION;
}

#endif

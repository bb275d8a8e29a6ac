/* What each pixel of a band costs in bits: the decoder's kernels once more, with coders that note it.
   Whatever else is compiled of them does not. */

#ifndef KMQ_COSTS_H
#define KMQ_COSTS_H

#define KMQ_COSTS

#include "kmq.h"

#include "graphics_state.h"
#include "tables.h"

#if defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wunused-function" /* the encoder's */
#endif
#include "simd.h"

#include "bands.h"

#include "frames.h"

/* Decodes the next frame as kmq_decode_frame does, or a band, which is as a key frame. Fills not its
   indices, but the bits that each of them cost, rows * width `costs`: what one decision tells of
   several pixels, in equal parts. They stay as they are if there are no bytes. */
static int kmq_decode_costs(const uint8_t *payload, int64_t length, int64_t rows, int64_t width,
                            int colors, int is_key, void *memory, float *costs) {
    RangeCoder coder;
    if (!is_key && length == 0) return KMQ_OK;
    kmq_start(&coder, 1, (uint8_t *)payload, length);
    coder.costs = costs;
    coder.spent = 0;
    frames_decode(&coder, is_key, 0, (uint8_t *)memory, 0, rows, width, (uint32_t)colors);
    return kmq_is_canonical(&coder) ? KMQ_OK : KMQ_NOT_CANONICAL;
}

#endif

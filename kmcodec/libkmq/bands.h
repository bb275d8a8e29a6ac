/* Bands: the plane of their codes, and the kernels of all models (spec 6.3). Included once for each
   form of vectors. */

#include "lines.h"

#include "graphics.h"
#include "photo.h"

/* Codes the name of the model, then the plane. Returns whether it is graphics, and keeps what that
   has learned if `kept` is not null. */
KMQ_INLINE int band_code(RangeCoder *coder, int decoding, int graphics, Graphics *kept,
                         uint16_t *plane, int64_t rows, int64_t width, uint32_t colors,
                         uint8_t *memory) {
    if (!kmq_code_bit(coder, decoding, graphics, 32768, 16)) {
        photo_dispatch(coder, decoding, plane, rows, width, colors, (int16_t *)memory);
        return 0;
    }
    Graphics g;
    graphics_start(&g, plane, rows, width, colors, memory);
    graphics_code(coder, decoding, &g, plane, rows, width);
    if (kept) *kept = g;
    return 1;
}

static int band_encode(RangeCoder *coder, int graphics, Graphics *kept, uint16_t *plane,
                       int64_t rows, int64_t width, uint32_t colors, uint8_t *memory) {
    return band_code(coder, 0, graphics, kept, plane, rows, width, colors, memory);
}

static int band_decode(RangeCoder *coder, int graphics, Graphics *kept, uint16_t *plane,
                       int64_t rows, int64_t width, uint32_t colors, uint8_t *memory) {
    return band_code(coder, 1, graphics, kept, plane, rows, width, colors, memory);
}

/* Bands: the plane of their codes, and the kernels of all models (spec 6.3). Included once for each
   form of vectors. */

#include "lines.h"

#include "graphics.h"
#include "photo.h"

/* Codes the name of the model, then the plane. */
KMQ_INLINE void band_code(RangeCoder *coder, int decoding, int graphics, uint16_t *plane,
                          int64_t rows, int64_t width, uint32_t colors, uint8_t *memory) {
    if (kmq_code_bit(coder, decoding, graphics, 32768, 16)) {
        Graphics g;
        graphics_start(&g, plane, rows, width, colors, memory);
        graphics_code(coder, decoding, &g, plane, rows, width);
    } else {
        photo_dispatch(coder, decoding, plane, rows, width, colors, (int16_t *)memory);
    }
}

static void band_encode(RangeCoder *coder, int graphics, uint16_t *plane, int64_t rows,
                        int64_t width, uint32_t colors, uint8_t *memory) {
    band_code(coder, 0, graphics, plane, rows, width, colors, memory);
}

static void band_decode(RangeCoder *coder, int graphics, uint16_t *plane, int64_t rows,
                        int64_t width, uint32_t colors, uint8_t *memory) {
    band_code(coder, 1, graphics, plane, rows, width, colors, memory);
}

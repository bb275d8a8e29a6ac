/* libkmq: the palettes and indices of .kmq files to payloads and back, in plain C99.

   No function allocates, or keeps anything from one call to the next, so all may run in any number
   of threads. What is decoded may be any bytes: nothing comes of them but a status, and what a
   function fills is without meaning if that is a fault. All else must be as said below, and is not
   checked. Buffers are aligned as their elements are and do not overlap; nothing is read or
   written outside the sizes given.

   `colors` is the number of entries of the palette, 1..KMQ_MAX_COLORS. Indices are bytes if it is at most
   256, uint16_t if it is more. `rows` and `width` are at least 1. */

#ifndef KMQ_H
#define KMQ_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Limits of the format (spec 3.8, 3.9), and the border of a band's plane (spec 6.3.1). */
enum kmq_limits {
    KMQ_MAX_COLORS = 65536,
    KMQ_MAX_CELLS = 1 << 28, /* of a plane: (rows + KMQ_ABOVE) * (width + 2 * KMQ_BORDER) */
    KMQ_ABOVE = 3,           /* rows above the first */
    KMQ_BORDER = 8           /* cells on either side of a row */
};

/* What functions return; faults are negative. */
enum kmq_status {
    KMQ_OK = 0,
    KMQ_ORDERED = 1,           /* the decoded palette has an order */
    KMQ_NO_ROOM = -1,          /* the payload does not fit into its buffer */
    KMQ_NO_PERMUTATION = -2,   /* the order to encode has an entry twice, or one that is none */
    KMQ_NOT_CANONICAL = -3,    /* no encoder ends a payload like this (spec 6.4.2) */
    KMQ_UNEXPECTED_ORDER = -4, /* the payload has an order where there must be none */
    KMQ_BAD_INDEX = -5,        /* an index is not below `colors` */
    KMQ_BAD_PADDING = -6       /* a bit after the last index of a row is not zero */
};

/* Coded palettes (spec 5.3). `palette` is colors * channels bytes, `channels` is 1..4. `order` is
   `colors` numbers, or null for none. `unused` is scratch of colors + 1 numbers; null if `order`
   is. */

/* Encodes a palette by residuals if `predicting`, else by its samples, which noise needs. At most
   `room` bytes of `payload` are written: if not predicting, those of the samples and 16 suffice,
   with an order 6 more an entry. Returns the length, KMQ_NO_ROOM or KMQ_NO_PERMUTATION. */
int64_t kmq_encode_palette(const uint8_t *palette, int colors, int channels, const uint16_t *order,
                           int predicting, int32_t *unused, uint8_t *payload, int64_t room);

/* Decodes a palette from `length` bytes, which may be none. Fills `palette`, in the order of codes,
   for which `order` gives the index of each entry, and `order` if the
   result is KMQ_ORDERED, always with a permutation; one that leaves all entries in their places is
   for the caller to refuse. Returns KMQ_OK, KMQ_ORDERED, KMQ_NOT_CANONICAL or
   KMQ_UNEXPECTED_ORDER. */
int kmq_decode_palette(const uint8_t *payload, int64_t length, uint8_t *palette, int colors,
                       int channels, uint16_t *order, int32_t *unused);

/* Packed indices (spec 6.2). `packed` is rows * kmq_row_bytes(width, colors) bytes, `indices` is
   rows * width indices. */

/* Bytes of a row of packed indices. */
int64_t kmq_row_bytes(int64_t width, int colors);

/* Packs indices, filling `packed`. Returns KMQ_OK or KMQ_BAD_INDEX. */
int kmq_pack_indices(const void *indices, int64_t rows, int64_t width, int colors, uint8_t *packed);

/* Unpacks indices, filling `indices`. Returns KMQ_OK, KMQ_BAD_INDEX or KMQ_BAD_PADDING. */
int kmq_unpack_indices(const uint8_t *packed, int64_t rows, int64_t width, int colors,
                       void *indices);

/* Tells what kmq_unpack_indices would, and at a fault its place: `row`, and the `column` of the
   index, or `width` for padding. Padding comes first. */
int kmq_check_indices(const uint8_t *packed, int64_t rows, int64_t width, int colors, int64_t *row,
                      int64_t *column);

/* Unpacks indices and looks them up in `palette`, of colors * channels bytes; `channels` is 1..4.
   Fills `pixels`, rows * width * channels bytes. Returns KMQ_OK, KMQ_BAD_INDEX or
   KMQ_BAD_PADDING. */
int kmq_unpack_pixels(const uint8_t *packed, int64_t rows, int64_t width, const uint8_t *palette,
                      int colors, int channels, uint8_t *pixels);

/* Modelled bands (spec 6.3). `colors` is at least 2, and the plane has at most KMQ_MAX_CELLS.
   `memory` is scratch of kmq_band_memory(...) bytes at an address that 64 divides; what is in it
   does not matter. */

/* The models: photo for pictures with noise, graphics for those with repeats and flat areas. */
enum kmq_model { KMQ_PHOTO = 0, KMQ_GRAPHICS = 1 };

/* Fills the tables of the library, once, before any band is coded. AVX2 is used if the processor
   has it and `may_use_avx2` is not 0; the results are the same bytes. */
void kmq_start_up(int may_use_avx2);

/* Bytes of scratch: the plane, which has two for each of its cells, and at most 7.1 million and
   4 * width more. */
int64_t kmq_band_memory(int64_t rows, int64_t width, int colors);

/* Encodes rows * width indices, each below `colors`. At most `room` bytes of `payload` are written.
   Returns the length or KMQ_NO_ROOM. */
int64_t kmq_encode_band(const void *indices, int64_t rows, int64_t width, int colors, int model,
                        void *memory, uint8_t *payload, int64_t room);

/* Decodes a band from `length` bytes, which may be none, filling `indices`, all below `colors`.
   Returns KMQ_OK or KMQ_NOT_CANONICAL. */
int kmq_decode_band(const uint8_t *payload, int64_t length, int64_t rows, int64_t width, int colors,
                    void *memory, void *indices);

/* Frames of a modelled band (spec 6.5.2). What a band is and has learned stays in `memory` from one
   frame to the next: kmq_frames_memory(...) bytes at an address that 64 divides, which belong to
   one direction and must not be moved. The first frame is a key frame. */

int64_t kmq_frames_memory(int64_t rows, int64_t width, int colors);

/* Encodes the next frame: a key frame by a model, any other, for which `model` does not matter, by
   what has changed. Returns the length, which is 0 if nothing has, or KMQ_NO_ROOM; then the next
   must be a key frame. */
int64_t kmq_encode_frame(const void *indices, int64_t rows, int64_t width, int colors, int is_key,
                         int model, void *memory, uint8_t *payload, int64_t room);

/* Decodes the next frame. `indices` are filled if it is a key frame; else they are those of the
   frame before, and what has changed is: nothing, at once, if there are no bytes. Returns KMQ_OK,
   or KMQ_NOT_CANONICAL; then the next must be a key frame. */
int kmq_decode_frame(const uint8_t *payload, int64_t length, int64_t rows, int64_t width,
                     int colors, int is_key, void *memory, void *indices);

#ifdef __cplusplus
}
#endif

#endif

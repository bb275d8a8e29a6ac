/* What has changed since the frame before: one decision for a row, for 16 pixels, or for a pixel (spec
   6.5.2). */

#ifndef KMQ_CHANGES_H
#define KMQ_CHANGES_H

#include "certain.h"

enum { CHANGES_TILE_WIDTH = 16, CHANGES_TILE_ROWS = 8 };

typedef struct {
    Rare rows[4][4], blocks[4][4][8], in_block[2][CERTAIN_BLOCK], quiet[4][8][16], busy[4][16][16];
    uint32_t frame;                     /* number of this one, from 1 */
    uint32_t *row_frames, *tile_frames; /* the last ones in which a row, or a tile, changed */
    int64_t tiles;                      /* in a row */
    uint16_t *before[2];                /* this row and that above in the frame before */
    uint16_t *codes;                    /* the row to encode */
    uint32_t row_past, block_past;      /* outcomes, the last in bit 0 */
    int block_left;                     /* in a block that is not as before: cells left */
    int64_t last_column;                /* of this row that has changed, or far left */
    int64_t top, bottom;                /* rows that changed in this frame */
} Changes;

KMQ_INLINE int64_t changes_tiles(int64_t width) {
    return (width + CHANGES_TILE_WIDTH - 1) / CHANGES_TILE_WIDTH;
}

/* Bytes for frames of rows and tiles, and three rows. */
KMQ_INLINE size_t changes_memory(int64_t rows, int64_t width) {
    const int64_t tile_rows = (rows + CHANGES_TILE_ROWS - 1) / CHANGES_TILE_ROWS;
    return 4 * (size_t)(rows + tile_rows * changes_tiles(width))
           + 3 * 2 * (size_t)(width + 2 * KMQ_BORDER);
}

static void changes_start(Changes *c, int64_t rows, int64_t width, uint8_t *memory) {
    memset(c, 0, sizeof *c);
    memset(memory, 0, changes_memory(rows, width));
    kmq_set_rares(c->rows[0], 4 * 4, 3);
    kmq_set_rares(c->blocks[0][0], 4 * 4 * 8, 4);
    kmq_set_rares(c->quiet[0][0], 4 * 8 * 16, 4);
    kmq_set_rares(c->busy[0][0], 4 * 16 * 16, 2);
    for (int flat = 0; flat < 2; flat++) certain_set_block(c->in_block[flat]);
    c->tiles = changes_tiles(width);
    c->row_frames = (uint32_t *)memory;
    c->tile_frames = c->row_frames + rows;
    uint16_t *row = (uint16_t *)(memory + changes_memory(rows, width)) + KMQ_BORDER;
    c->codes = row -= width + 2 * KMQ_BORDER;
    c->before[0] = row -= width + 2 * KMQ_BORDER;
    c->before[1] = row - (width + 2 * KMQ_BORDER);
}

/* How long ago something changed: in the frame before, the one before that, the last eight, or not. */
KMQ_INLINE int changes_age(const Changes *c, uint32_t frame) {
    const uint32_t age = c->frame - frame;
    return frame == 0 ? 3 : age <= 1 ? 0 : age <= 2 ? 1 : age <= 8 ? 2 : 3;
}

KMQ_INLINE uint32_t *changes_tile(const Changes *c, int64_t x, int64_t y) {
    return c->tile_frames + y / CHANGES_TILE_ROWS * c->tiles + x / CHANGES_TILE_WIDTH;
}

KMQ_INLINE void changes_note(Changes *c, int64_t x, int64_t y) {
    *changes_tile(c, x, y) = c->frame;
    c->last_column = x;
}

/* Where a cell is: how far behind the last change of its row, and whether the row above changed. */
KMQ_INLINE int changes_where(const Changes *c, int64_t x) {
    const int64_t distance = x - c->last_column;
    return (distance < 4    ? 0
            : distance < 16 ? 2
            : distance < 64 ? 4
                            : 6)
           + (int)(c->row_past >> 1 & 1);
}

KMQ_INLINE Before changes_look(Around a, const uint16_t *before, const uint16_t *before_north,
                               const uint16_t *cell, const uint16_t *south) {
    Before b = {*before, cell[1], *south, 0, 0};
    b.changed = (uint32_t)((a.w != before[-1]) | (a.n != before_north[0]) << 1
                           | (a.nw != before_north[-1]) << 2 | (a.ne != before_north[1]) << 3);
    b.alike = (uint32_t)((b.code == a.w) | (b.code == a.n) << 1 | (b.code == b.e) << 2
                         | (b.code == b.s) << 3);
    return b;
}

/* Codes whether a row is as before. The sense of the bit is that which makes a frame without any
   change an empty payload. */
KMQ_INLINE int changes_row(RangeCoder *coder, int decoding, Changes *c, int64_t y, int changes) {
    Rare *rare = &c->rows[c->row_past & 3][changes_age(c, c->row_frames[y])];
    changes =
        !kmq_code_bit(coder, decoding, !changes, (1u << KMQ_RARE_UNIT) - rare->p, KMQ_RARE_UNIT);
    kmq_learn_rare(rare, changes);
    c->row_past = c->row_past << 1 | (uint32_t)changes;
    return changes;
}

/* Codes whether 16 cells are not as before. */
KMQ_INLINE int changes_block(RangeCoder *coder, int decoding, Changes *c, int age, int where,
                             const uint16_t *codes, const uint16_t *cell) {
    const int changes = kmq_code_rare(coder, decoding, &c->blocks[c->block_past & 3][age][where],
                                      decoding ? 0 : !certain_are_equal(codes, cell));
    c->block_past = c->block_past << 1 | (uint32_t)changes;
    if (changes) c->block_left = CERTAIN_BLOCK;
    return changes;
}

/* Codes whether a cell is not as before, in a block where one is not: the last is known. */
KMQ_INLINE int changes_in_block(RangeCoder *coder, int decoding, Changes *c, Before b,
                                int changes) {
    if (--c->block_left == 0) return 1;
    changes = kmq_code_rare(coder, decoding, &c->in_block[b.alike == 15][c->block_left], changes);
    if (changes) c->block_left = 0;
    return changes;
}

#endif

/* Frames of a band (spec 6.5.2): key frames as bands are, others by what has changed. The plane holds
   the frame before, and each cell its code there until it gets the new one. So what does not change
   costs no time, and what comes later in the frame before is still there. Included once for each
   form of vectors. */

typedef struct { /* a row: this frame, the row above, and both in the frame before */
    uint16_t *cells;
    const uint16_t *north, *before, *before_north, *south;
    int64_t y, width;
} FrameRow;

/* Codes the pixels of a row that has changed. */
KMQ_INLINE void frames_pixels(RangeCoder *coder, int decoding, Graphics *g, Changes *c,
                              FrameRow row, Area area) {
    const int64_t stride = g->stride;
    Match *match = &g->match;
    int64_t x = 0;
    g->certain.block_left = c->block_left = 0;
    c->last_column = -64;
    while (x < row.width) {
        if (decoding && kmq_is_over(coder)) break;
        uint16_t *cell = row.cells + x;
        const uint16_t *codes = c->codes + x;
        const Around a = kmq_look_around(cell, stride);
        const Before b = changes_look(a, row.before + x, row.before_north + x, cell, row.south + x);
        const int age = changes_age(c, *changes_tile(c, x, row.y)), where = changes_where(c, x);
        const int fits = x + CERTAIN_BLOCK <= row.width && !g->certain.block_left;
        uint32_t code = decoding ? 0 : *codes;
        int changes = 1;
        Rare *undecided = 0;
        if (fits && !b.changed && !c->block_left
            && memcmp(row.north + x - 1, row.before_north + x - 1, 2 * (CERTAIN_BLOCK + 2)) == 0
            && !changes_block(coder, decoding, c, age, where, codes, cell)) {
            kmq_note_cost(coder, CERTAIN_BLOCK);
            x += CERTAIN_BLOCK;
            continue;
        }
        if (c->block_left) {
            changes = changes_in_block(coder, decoding, c, b, code != b.code);
        } else {
            Rare *rare =
                b.changed ? &c->busy[age][b.changed][b.alike] : &c->quiet[age][where][b.alike];
            if (!g->certain.block_left
                && (!b.changed || rare->p < 1u << (KMQ_RARE_UNIT - CERTAIN_LIKELY))) {
                changes = kmq_code_rare(coder, decoding, rare, code != b.code);
            } else {
                undecided = rare;
            }
        }
        if (!changes) {
            kmq_note_cost(coder, 1);
            x++;
            continue;
        }
        const uint32_t place = (uint32_t)(cell - g->plane);
        if (!kmq_is_within(area, place - match->offset)) match->offset = match->run = 0;
        const uint16_t *source = g->plane + (place - match->offset);
        const Cell at = {
            a, source, match->offset ? *source : 0,  graphics_which(a), graphics_is_flat(a),
            1, b.code, undecided ? KMQ_NONE : b.code};
        if (fits) {
            const uint16_t *from =
                certain_block(coder, decoding, &g->certain, match, &at, cell, codes, stride);
            if (from) {
                for (int i = 0; i < CERTAIN_BLOCK; i++) {
                    if (cell[i] != from[i]) changes_note(c, x + i, row.y);
                }
                if (undecided) kmq_learn_rare(undecided, *from != b.code);
                memmove(cell, from, CERTAIN_BLOCK * sizeof *cell);
                kmq_note_cost(coder, CERTAIN_BLOCK);
                x += CERTAIN_BLOCK;
                continue;
            }
        }
        code = graphics_cell(coder, decoding, g, &at, &b, cell, x, row.y, code, area);
        if (undecided) kmq_learn_rare(undecided, code != b.code);
        if (code != b.code) changes_note(c, x, row.y);
        *cell = (uint16_t)code;
        kmq_note_cost(coder, 1);
        x++;
    }
}

/* Codes a frame: the plane holds the one before and is changed. `indices` are those to encode. */
KMQ_INLINE void frames_changes(RangeCoder *shared, int decoding, Graphics *g, Changes *c,
                               uint16_t *plane, const void *indices, int64_t rows, int64_t width) {
    RangeCoder coder = *shared;
    const int64_t stride = g->stride;
    const size_t size = 2 * (size_t)width;
    const Area area = {(uint32_t)(KMQ_ABOVE * stride + KMQ_BORDER),
                       (uint32_t)(rows * stride - 2 * KMQ_BORDER)};
    int above_changed = 0;
    c->frame++;
    c->row_past = 0;
    c->top = rows;
    c->bottom = 0;
    for (int64_t y = 0; y < rows; y++) {
        uint16_t *cells = plane + (y + KMQ_ABOVE) * stride + KMQ_BORDER;
        if (!decoding) kmq_take_row(c->codes, indices, y, width, g->bits > 8);
        const int changes =
            changes_row(&coder, decoding, c, y, decoding ? 0 : memcmp(c->codes, cells, size) != 0);
        if (changes) {
            uint16_t *before = c->before[y & 1];
            const uint16_t *north = cells - stride;
            const FrameRow row = {
                cells,          north, before, above_changed ? c->before[~y & 1] : north,
                cells + stride, y,     width};
            memcpy(before - KMQ_BORDER, cells - KMQ_BORDER, 2 * (size_t)stride);
            c->row_frames[y] = c->frame;
            if (y < c->top) c->top = y;
            c->bottom = y + 1;
            kmq_begin_row(cells, stride);
            frames_pixels(&coder, decoding, g, c, row, area);
            kmq_end_row(cells, width);
        } else {
            kmq_note_cost(&coder, width);
        }
        above_changed = changes;
        if (decoding && kmq_is_over(&coder)) break;
    }
    *shared = coder;
}

/* Codes a frame: a key frame with the name of its model, any other by what has changed. */
KMQ_INLINE void frames_code(RangeCoder *coder, int decoding, int is_key, int graphics,
                            uint8_t *memory, const void *indices, int64_t rows, int64_t width,
                            uint32_t colors) {
    Frames *f = (Frames *)(void *)memory;
    uint16_t *plane = (uint16_t *)(void *)(memory + frames_bytes());
    uint8_t *tables = memory + frames_bytes() + frames_plane_bytes(rows, width);
    if (is_key) {
        memset(plane, 0, (size_t)frames_plane_bytes(rows, width));
        if (!decoding) kmq_fill_plane(plane, indices, rows, width, colors > 256);
        changes_start(&f->changes, rows, width, tables + kmq_tables_bytes(rows, width, colors));
        f->is_begun =
            decoding
                ? band_decode(coder, 0, &f->graphics, plane, rows, width, colors, tables)
                : band_encode(coder, graphics, &f->graphics, plane, rows, width, colors, tables);
    } else {
        if (!f->is_begun) graphics_start(&f->graphics, plane, rows, width, colors, tables);
        f->is_begun = 1;
        frames_changes(coder, decoding, &f->graphics, &f->changes, plane, indices, rows, width);
    }
}

static void frames_encode(RangeCoder *coder, int is_key, int graphics, uint8_t *memory,
                          const void *indices, int64_t rows, int64_t width, uint32_t colors) {
    frames_code(coder, 0, is_key, graphics, memory, indices, rows, width, colors);
}

static void frames_decode(RangeCoder *coder, int is_key, int graphics, uint8_t *memory,
                          const void *indices, int64_t rows, int64_t width, uint32_t colors) {
    frames_code(coder, 1, is_key, graphics, memory, indices, rows, width, colors);
}

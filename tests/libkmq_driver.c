/* Holds libkmq to its word without Python, for a build with sanitizers.

   Every object below is encoded and must come back; then its payload is damaged at random, as often
   as the one argument says, and nothing may come of it but a status and what the status promises.
   Each buffer is a block of its own of just the size that kmq.h gives, so that a sanitizer sees
   every access outside it. */

#define _POSIX_C_SOURCE 200112L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../kmcodec/libkmq/kmq.h"

static long round_trips, mutations;

static void expect(int holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "libkmq: not so: %s\n", what);
    exit(1);
}

static void *allocate(int64_t size) {
    void *block = malloc((size_t)size);
    expect(block != NULL || size == 0, "there is memory");
    return block;
}

static void *duplicate(const void *bytes, int64_t size) {
    void *block = allocate(size);
    if (size) memcpy(block, bytes, (size_t)size);
    return block;
}

/* Less than `count`, by Marsaglia's xorshift; the same in every run. */
static int random_below(int64_t count) {
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (int)((state >> 32) % (uint64_t)count);
}

/* A payload in a block of its own, with some bits flipped and, if its length is free, some bytes
   lost or appended. */
static uint8_t *damage(const uint8_t *payload, int64_t *length, int free_length) {
    const int64_t whole = *length;
    if (free_length && random_below(2)) *length = random_below(whole + 9);
    uint8_t *damaged = allocate(*length);
    for (int64_t i = 0; i < *length; i++) {
        damaged[i] = i < whole ? payload[i] : (uint8_t)random_below(256);
    }
    for (int flips = random_below(4); flips >= 0 && *length; flips--) {
        damaged[random_below(*length)] ^= (uint8_t)(1 << random_below(8));
    }
    mutations++;
    return damaged;
}

/* Palettes */

static int is_permutation(const uint16_t *order, int count) {
    uint8_t *seen = calloc((size_t)count, 1);
    int good = seen != NULL;
    for (int i = 0; good && i < count; i++) good = order[i] < count && !seen[order[i]]++;
    free(seen);
    return good;
}

/* A palette of which each entry exceeds the one before by less than `step`, and any order. */
static void fill_palette(uint8_t *palette, uint16_t *order, int colors, int channels, int step) {
    for (int i = 0; i < colors * channels; i++) {
        const int before = i < channels ? random_below(256) : palette[i - channels];
        palette[i] = (uint8_t)(before + random_below(step));
    }
    for (int i = 0; order && i < colors; i++) {
        const int other = random_below(i + 1);
        order[i] = order[other];
        order[other] = (uint16_t)i;
    }
}

static void try_damaged_palette(const uint8_t *payload, int64_t length, int colors, int channels,
                                int ordered) {
    uint8_t *damaged = damage(payload, &length, 1);
    uint8_t *palette = allocate(colors * channels);
    uint16_t *order = ordered ? allocate(2 * colors) : NULL;
    int32_t *unused = ordered ? allocate(4 * (colors + 1)) : NULL;
    const int status =
        kmq_decode_palette(damaged, length, palette, colors, channels, order, unused);
    expect(status == KMQ_OK || status == KMQ_NOT_CANONICAL
               || (status == KMQ_ORDERED && ordered && is_permutation(order, colors))
               || (status == KMQ_UNEXPECTED_ORDER && !ordered),
           "damaged palettes give one of their statuses, and permutations");
    free(damaged);
    free(palette);
    free(order);
    free(unused);
}

static void try_palette(int colors, int channels, int step, int ordered, int predicting,
                        long damages) {
    const int64_t size = (int64_t)colors * channels;
    const int64_t room = (predicting ? 2 : 1) * size + 16 + (ordered ? 6 * colors : 0);
    uint8_t *palette = allocate(size), *again = allocate(size), *scratch = allocate(room);
    uint16_t *order = ordered ? allocate(2 * colors) : NULL;
    uint16_t *order_again = ordered ? allocate(2 * colors) : NULL;
    int32_t *unused = ordered ? allocate(4 * (colors + 1)) : NULL;
    fill_palette(palette, order, colors, channels, step);

    const int64_t length =
        kmq_encode_palette(palette, colors, channels, order, predicting, unused, scratch, room);
    expect(length >= 0 && length <= room, "the room suffices");
    uint8_t *payload = duplicate(scratch, length);
    const int status =
        kmq_decode_palette(payload, length, again, colors, channels, order_again, unused);
    expect(status == (ordered ? KMQ_ORDERED : KMQ_OK), "a payload is decoded");
    expect(!memcmp(palette, again, (size_t)size), "a palette comes back");
    expect(!ordered || !memcmp(order, order_again, 2 * (size_t)colors), "an order comes back");
    round_trips++;

    uint8_t *narrow = allocate(length / 2);
    expect(
        kmq_encode_palette(palette, colors, channels, order, predicting, unused, narrow, length / 2)
            == KMQ_NO_ROOM,
        "what does not fit is not written");
    for (long i = 0; i < damages; i++) {
        try_damaged_palette(payload, length, colors, channels, ordered);
    }
    if (ordered && colors > 1) {
        order[0] = order[1];
        expect(
            kmq_encode_palette(palette, colors, channels, order, predicting, unused, scratch, room)
                == KMQ_NO_PERMUTATION,
            "an order is a permutation");
    }
    free(palette);
    free(again);
    free(scratch);
    free(order);
    free(order_again);
    free(unused);
    free(payload);
    free(narrow);
}

static void try_palettes(long damages) {
    static const int COUNTS[] = {1, 2, 3, 17, 33, 256, 257, 900};
    for (int i = 0; i < (int)(sizeof COUNTS / sizeof *COUNTS); i++) {
        for (int channels = 1; channels <= 4; channels++) {
            for (int ordered = 0; ordered <= 1; ordered++) {
                try_palette(COUNTS[i], channels, 256, ordered, 0, damages);
                try_palette(COUNTS[i], channels, 3, ordered, 1, damages);
            }
        }
    }
}

/* Packed indices */

static int index_at(const void *indices, int64_t i, int colors) {
    return colors > 256 ? ((const uint16_t *)indices)[i] : ((const uint8_t *)indices)[i];
}

static void set_index(void *indices, int64_t i, int colors, int index) {
    if (colors > 256) {
        ((uint16_t *)indices)[i] = (uint16_t)index;
    } else {
        ((uint8_t *)indices)[i] = (uint8_t)index;
    }
}

/* Unpacks a payload to `indices` and in the two other ways, which must agree. Returns the status. */
static int unpack_all_ways(const uint8_t *packed, int rows, int width, int colors,
                           const uint8_t *palette, int channels, void *indices) {
    int64_t row = -1, column = -1;
    uint8_t *pixels = allocate((int64_t)rows * width * channels);
    const int status = kmq_unpack_indices(packed, rows, width, colors, indices);
    expect(kmq_check_indices(packed, rows, width, colors, &row, &column) == status
               && kmq_unpack_pixels(packed, rows, width, palette, colors, channels, pixels)
                      == status,
           "all ways to unpack agree");
    if (status == KMQ_OK) {
        for (int64_t i = 0; i < (int64_t)rows * width; i++) {
            const int index = index_at(indices, i, colors);
            expect(index < colors, "an index that is good is below the number of colors");
            expect(!memcmp(pixels + i * channels, palette + index * channels, (size_t)channels),
                   "a pixel is the color of its index");
        }
    } else {
        expect(row >= 0 && row < rows, "a fault has a row");
        expect(status == KMQ_BAD_PADDING ? column == width : column >= 0 && column < width,
               "a fault has a column");
    }
    free(pixels);
    return status;
}

static void try_indices(int rows, int width, int colors, int channels, long damages) {
    const int64_t count = (int64_t)rows * width, size = count * (colors > 256 ? 2 : 1);
    int64_t length = rows * kmq_row_bytes(width, colors);
    void *indices = allocate(size), *again = allocate(size);
    uint8_t *packed = allocate(length), *palette = allocate(colors * channels);
    for (int i = 0; i < colors * channels; i++) palette[i] = (uint8_t)random_below(256);
    for (int64_t i = 0; i < count; i++) set_index(indices, i, colors, random_below(colors));

    expect(kmq_pack_indices(indices, rows, width, colors, packed) == KMQ_OK, "indices are packed");
    expect(unpack_all_ways(packed, rows, width, colors, palette, channels, again) == KMQ_OK,
           "packed indices are unpacked");
    expect(!memcmp(indices, again, (size_t)size), "indices come back");
    round_trips++;

    for (long i = 0; i < damages && length; i++) {
        uint8_t *damaged = damage(packed, &length, 0);
        const int status = unpack_all_ways(damaged, rows, width, colors, palette, channels, again);
        expect(status == KMQ_OK || status == KMQ_BAD_INDEX || status == KMQ_BAD_PADDING,
               "damaged indices give one of their statuses");
        free(damaged);
    }
    if (colors < 256) {
        set_index(indices, count - 1, colors, colors);
        expect(kmq_pack_indices(indices, rows, width, colors, packed) == KMQ_BAD_INDEX,
               "an index is below the number of colors");
    }
    free(indices);
    free(again);
    free(packed);
    free(palette);
}

static void try_all_widths(long damages) {
    static const int WIDTHS[] = {1, 7, 8, 9, 37, 1030};
    for (int bits = 0; bits <= 16; bits++) {
        const int most = 1 << bits, least = most / 2 + 1;
        for (int i = 0; i < (int)(sizeof WIDTHS / sizeof *WIDTHS); i++) {
            const int some = least + random_below(most - least + 1);
            try_indices(3, WIDTHS[i], most, 1 + (bits + i) % 4, damages);
            try_indices(2, WIDTHS[i], some, 1 + random_below(4), damages);
        }
    }
}

/* Modelled bands */

/* Codes of some kind: noise, a slope with a little of it, a pattern that repeats, or nearly flat. */
static int code_of(int kind, int x, int y, int colors) {
    switch (kind) {
    case 0: return random_below(colors);
    case 1: return (x / 3 + y / 5 + random_below(2)) % colors;
    case 2: return (x % 7 * (y % 3) + x % 5) % colors;
    default: return random_below(90) ? 0 : random_below(colors);
    }
}

static int decode_band(const uint8_t *payload, int64_t length, int rows, int width, int colors,
                       void *memory, void *indices) {
    const int status = kmq_decode_band(payload, length, rows, width, colors, memory, indices);
    if (status == KMQ_OK) {
        for (int64_t i = 0; i < (int64_t)rows * width; i++) {
            expect(index_at(indices, i, colors) < colors, "a code is below the number of colors");
        }
    }
    return status;
}

static void try_band(int rows, int width, int colors, int kind, int model, long damages) {
    const int64_t count = (int64_t)rows * width, size = count * (colors > 256 ? 2 : 1);
    const int64_t room = 3 * count + 64;
    void *indices = allocate(size), *again = allocate(size), *memory;
    uint8_t *buffer = allocate(room);
    expect(!posix_memalign(&memory, 64, (size_t)kmq_band_memory(rows, width, colors)), "memory");
    for (int64_t i = 0; i < count; i++) {
        set_index(indices, i, colors, code_of(kind, (int)(i % width), (int)(i / width), colors));
    }
    int64_t length = kmq_encode_band(indices, rows, width, colors, model, memory, buffer, room);
    expect(length >= 0, "a band is encoded");
    uint8_t *payload = duplicate(buffer, length);
    expect(decode_band(payload, length, rows, width, colors, memory, again) == KMQ_OK,
           "a band is decoded");
    expect(!memcmp(indices, again, (size_t)size), "codes come back");
    if (length) {
        expect(kmq_encode_band(indices, rows, width, colors, model, memory, buffer, length - 1)
                   == KMQ_NO_ROOM,
               "room that does not suffice is told");
    }
    round_trips++;
    for (long i = 0; i < damages; i++) {
        int64_t damaged_length = length;
        uint8_t *damaged = damage(payload, &damaged_length, 1);
        const int status = decode_band(damaged, damaged_length, rows, width, colors, memory, again);
        expect(status == KMQ_OK || status == KMQ_NOT_CANONICAL, "a damaged band gives a status");
        free(damaged);
    }
    free(indices);
    free(again);
    free(memory);
    free(buffer);
    free(payload);
}

static void try_bands(long damages) {
    for (int bits = 1; bits <= 16; bits++) {
        const int most = 1 << bits, least = most / 2 + 1;
        for (int kind = 0; kind < 4; kind++) {
            for (int model = KMQ_PHOTO; model <= KMQ_GRAPHICS; model++) {
                try_band(1, 1, most, kind, model, damages / 8);
                try_band(9, 33, least + random_below(most - least + 1), kind, model, damages / 8);
            }
            try_band(70, 61, most, kind, kind & 1, damages / 64);
        }
    }
}

/* Frames of a modelled band */

enum { FRAMES = 7 };

typedef struct {
    int rows, width, colors;
    int64_t count, size, state_size;
    void *state; /* what a coder keeps, and a copy of it to go back to */
    uint8_t *saved;
} Moving;

static Moving start_moving(int rows, int width, int colors) {
    const int64_t count = (int64_t)rows * width,
                  state_size = kmq_frames_memory(rows, width, colors);
    Moving moving = {rows, width, colors, count, count * (colors > 256 ? 2 : 1), state_size, 0, 0};
    expect(!posix_memalign(&moving.state, 64, (size_t)state_size), "memory");
    memset(moving.state, 0xa5, (size_t)state_size);
    moving.saved = allocate(state_size);
    return moving;
}

static void end_moving(Moving *moving) {
    free(moving->state);
    free(moving->saved);
}

static void save_state(const Moving *moving) {
    memcpy(moving->saved, moving->state, (size_t)moving->state_size);
}

static void restore_state(const Moving *moving) {
    memcpy(moving->state, moving->saved, (size_t)moving->state_size);
}

/* Makes the next frame: the one before scrolled, with a box of other codes, or with both. */
static void change_frame(const Moving *m, void *indices, int kind) {
    const int left = random_below(m->width), top = random_below(m->rows);
    const int right = left + 1 + random_below(m->width - left);
    const int bottom = top + 1 + random_below(m->rows - top);
    if (random_below(2)) {
        const int64_t step = random_below(2) ? 1 + random_below(m->width) : random_below(20);
        const int64_t moved = step < m->count ? m->size / m->count * (m->count - step) : 0;
        uint8_t *first = indices, *later = first + m->size - moved;
        if (random_below(2)) {
            memmove(later, first, (size_t)moved);
        } else {
            memmove(first, later, (size_t)moved);
        }
        if (random_below(2)) return;
    }
    for (int y = top; y < bottom; y++) {
        for (int x = left; x < right; x++) {
            set_index(indices, (int64_t)y * m->width + x, m->colors,
                      code_of(kind, x, y, m->colors));
        }
    }
}

static int decode_frame(const Moving *m, const uint8_t *payload, int64_t length, int is_key,
                        void *indices) {
    const int status =
        kmq_decode_frame(payload, length, m->rows, m->width, m->colors, is_key, m->state, indices);
    if (status == KMQ_OK) {
        for (int64_t i = 0; i < m->count; i++) {
            expect(index_at(indices, i, m->colors) < m->colors, "a code is below their number");
        }
    }
    return status;
}

/* Decodes a damaged frame and, as long as they have indices, those that follow it. */
static void try_damaged_frames(const Moving *m, uint8_t *const *payloads, const int64_t *lengths,
                               int first, int key_interval, const void *before) {
    void *indices = duplicate(before, m->size);
    int status = KMQ_OK;
    for (int frame = first; frame < FRAMES && status == KMQ_OK; frame++) {
        int64_t length = lengths[frame];
        const int is_damaged = frame == first || random_below(4) == 0;
        uint8_t *payload =
            is_damaged ? damage(payloads[frame], &length, 1) : duplicate(payloads[frame], length);
        status = decode_frame(m, payload, length, frame % key_interval == 0, indices);
        expect(status == KMQ_OK || status == KMQ_NOT_CANONICAL, "a damaged frame gives a status");
        free(payload);
    }
    free(indices);
}

static void try_frames(int rows, int width, int colors, int kind, long damages) {
    Moving encoder = start_moving(rows, width, colors), decoder = start_moving(rows, width, colors);
    const int64_t room = 48 * encoder.count + 64;
    const int key_interval = 1 + random_below(FRAMES);
    void *indices = allocate(encoder.size), *again = allocate(encoder.size), *before;
    uint8_t *buffer = allocate(room), *payloads[FRAMES];
    int64_t lengths[FRAMES];
    for (int64_t i = 0; i < encoder.count; i++) {
        set_index(indices, i, colors, code_of(kind, (int)(i % width), (int)(i / width), colors));
    }
    for (int frame = 0; frame < FRAMES; frame++) {
        const int is_key = frame % key_interval == 0, model = random_below(2);
        const int changes = frame && random_below(6);
        if (changes) change_frame(&encoder, indices, kind);
        save_state(&encoder);
        const int64_t length = kmq_encode_frame(indices, rows, width, colors, is_key, model,
                                                encoder.state, buffer, room);
        expect(length >= 0, "a frame is encoded");
        expect(is_key || changes || length == 0, "a frame without any change has no payload");
        lengths[frame] = length;
        payloads[frame] = duplicate(buffer, length);
        if (length) { /* once more, to see that room which does not suffice is told, and again */
            uint8_t *narrow = allocate(length - 1);
            restore_state(&encoder);
            expect(kmq_encode_frame(indices, rows, width, colors, is_key, model, encoder.state,
                                    narrow, length - 1)
                       == KMQ_NO_ROOM,
                   "room that does not suffice is told");
            free(narrow);
            restore_state(&encoder);
            expect(kmq_encode_frame(indices, rows, width, colors, is_key, model, encoder.state,
                                    buffer, room)
                           == length
                       && !memcmp(buffer, payloads[frame], (size_t)length),
                   "a frame has one payload");
        }
    }
    memset(again, 0, (size_t)encoder.size);
    for (int frame = 0; frame < FRAMES; frame++) {
        const int is_key = frame % key_interval == 0;
        save_state(&decoder);
        before = duplicate(again, decoder.size);
        for (long i = 0; i < damages; i++) {
            try_damaged_frames(&decoder, payloads, lengths, frame, key_interval, before);
            restore_state(&decoder);
        }
        free(before);
        expect(decode_frame(&decoder, payloads[frame], lengths[frame], is_key, again) == KMQ_OK,
               "a frame is decoded");
    }
    expect(!memcmp(indices, again, (size_t)encoder.size), "codes of the last frame come back");
    round_trips++;
    for (int frame = 0; frame < FRAMES; frame++) free(payloads[frame]);
    free(indices);
    free(again);
    free(buffer);
    end_moving(&encoder);
    end_moving(&decoder);
}

static void try_all_frames(long damages) {
    static const int SHAPES[][2] = {{1, 1}, {1, 40}, {40, 1}, {9, 16}, {9, 33}, {20, 15}, {17, 64}};
    for (int bits = 1; bits <= 16; bits++) {
        const int most = 1 << bits, least = most / 2 + 1;
        for (int i = 0; i < (int)(sizeof SHAPES / sizeof *SHAPES); i++) {
            const int colors = i % 2 ? most : least + random_below(most - least + 1);
            for (int kind = 0; kind < 4; kind++) {
                try_frames(SHAPES[i][0], SHAPES[i][1], colors, kind, damages / 64);
            }
        }
    }
}

int main(int argc, char **argv) {
    static void (*const TRIALS[])(long damages) = {try_palettes, try_all_widths, try_bands,
                                                   try_all_frames};
    expect(argc == 2, "the one argument is how often each payload is damaged");
    const long damages = strtol(argv[1], NULL, 10);
    kmq_start_up(1);
    for (int i = 0; i < (int)(sizeof TRIALS / sizeof *TRIALS); i++) TRIALS[i](damages);
    printf("libkmq: %ld round trips, %ld mutations\n", round_trips, mutations);
    return 0;
}

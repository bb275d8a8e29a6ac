/* Packed rows to and from indices and pixels, eight at a time (spec 6.2).

   Eight indices of `bits` bits are exactly `bits` bytes, so every group of eight starts on a byte.
   Its indices are lanes of 64-bit words, which shifts join by twos, fours and eights, or part.
   Words are composed byte by byte, which compilers turn into one load, so nothing depends on the
   machine's byte order. */

#ifndef KMQ_PACKING_H
#define KMQ_PACKING_H

#include "compiler.h"
#include "kmq.h"

enum {
    KMQ_GROUP = 8,
    KMQ_GROUP_ROOM = 16, /* bytes that are read or written for a group, whatever it has */
    KMQ_CHUNK = 1024, /* indices that are unpacked at a time where they go on to something else */
    KMQ_BYTE_SAMPLES = 32 /* most that a byte holds: 8 pixels of 4 channels */
};

KMQ_INLINE uint64_t kmq_load64(const uint8_t *p) {
    return (uint64_t)p[0] << 56 | (uint64_t)p[1] << 48 | (uint64_t)p[2] << 40 | (uint64_t)p[3] << 32
           | (uint64_t)p[4] << 24 | (uint64_t)p[5] << 16 | (uint64_t)p[6] << 8 | (uint64_t)p[7];
}

KMQ_INLINE void kmq_store64(uint8_t *p, uint64_t word) {
    for (int i = 0; i < 8; i++) p[i] = (uint8_t)(word >> (56 - 8 * i));
}

/* Eight lanes of 8 bits to one number of 8 * bits, by twos, fours and eights; and back. */

KMQ_INLINE uint64_t kmq_join_lanes(uint64_t lanes, int bits) {
    const uint64_t twos = 0x00ff00ff00ff00ff, fours = 0x0000ffff0000ffff, eights = 0xffffffff;
    lanes = (lanes >> 8 & twos) << bits | (lanes & twos);
    lanes = (lanes >> 16 & fours) << 2 * bits | (lanes & fours);
    return (lanes >> 32) << 4 * bits | (lanes & eights);
}

KMQ_INLINE uint64_t kmq_part_lanes(uint64_t word, int bits) {
    const uint64_t fours = ((uint64_t)1 << 4 * bits) - 1;
    const uint64_t twos = (((uint64_t)1 << 2 * bits) - 1) * 0x0000000100000001;
    const uint64_t ones = (((uint64_t)1 << bits) - 1) * 0x0001000100010001;
    word = (word >> 4 * bits) << 32 | (word & fours);
    word = (word >> 2 * bits & twos) << 16 | (word & twos);
    return (word >> bits & ones) << 8 | (word & ones);
}

/* A group of indices of 1..8 bits, which are bytes. */

KMQ_INLINE void kmq_pack_bytes(const uint8_t *indices, int bits, uint8_t *packed) {
    kmq_store64(packed, kmq_join_lanes(kmq_load64(indices), bits) << (64 - 8 * bits));
}

KMQ_INLINE void kmq_unpack_bytes(const uint8_t *packed, int bits, uint8_t *indices) {
    kmq_store64(indices, kmq_part_lanes(kmq_load64(packed) >> (64 - 8 * bits), bits));
}

/* A group of indices of 9..16 bits, by halves; the second begins within a byte if `bits` is odd. */

KMQ_INLINE void kmq_pack_words(const uint16_t *indices, int bits, uint8_t *packed) {
    const int half = 4 * bits;
    uint64_t first = 0, second = 0;
    for (int i = 0; i < 4; i++) {
        first = first << bits | indices[i];
        second = second << bits | indices[4 + i];
    }
    second <<= 64 - half;
    if (half & 7) second = second >> 4 | first << 60;
    kmq_store64(packed, first << (64 - half));
    kmq_store64(packed + half / 8, second);
}

KMQ_INLINE void kmq_unpack_words(const uint8_t *packed, int bits, uint16_t *indices) {
    const int half = 4 * bits, mask = (1 << bits) - 1;
    const uint64_t first = kmq_load64(packed) >> (64 - half);
    const uint64_t second = kmq_load64(packed + half / 8) << (half & 7) >> (64 - half);
    for (int i = 0; i < 4; i++) {
        const int below = half - bits - i * bits;
        indices[i] = (uint16_t)(first >> below & mask);
        indices[4 + i] = (uint16_t)(second >> below & mask);
    }
}

KMQ_INLINE void kmq_pack_group(const void *indices, int bits, uint8_t *packed) {
    if (bits <= 8) {
        kmq_pack_bytes((const uint8_t *)indices, bits, packed);
    } else {
        kmq_pack_words((const uint16_t *)indices, bits, packed);
    }
}

KMQ_INLINE void kmq_unpack_group(const uint8_t *packed, int bits, void *indices) {
    if (bits <= 8) {
        kmq_unpack_bytes(packed, bits, (uint8_t *)indices);
    } else {
        kmq_unpack_words(packed, bits, (uint16_t *)indices);
    }
}

/* Packs `count` indices from where a byte begins. Bytes up to `end` may be written that are not
   theirs, for what comes after them to overwrite. */
KMQ_INLINE void kmq_pack_run(const uint8_t *indices, int64_t count, int bits, uint8_t *packed,
                             const uint8_t *end) {
    const int size = bits > 8 ? 2 : 1;
    int64_t left = count;
    if (bits == 0) return;
    if (bits == 8) {
        memcpy(packed, indices, (size_t)count);
        return;
    }
    for (; bits == 1 && left >= KMQ_GROUP; left -= KMQ_GROUP) { /* each byte's bit to the highest */
        *packed++ = (uint8_t)(kmq_load64(indices) * 0x0102040810204080u >> 56);
        indices += KMQ_GROUP;
    }
    for (; left >= KMQ_GROUP && end - packed >= KMQ_GROUP_ROOM; left -= KMQ_GROUP) {
        kmq_pack_group(indices, bits, packed);
        indices += KMQ_GROUP * size;
        packed += bits;
    }
    for (; left > 0; left -= KMQ_GROUP) {
        uint16_t group[KMQ_GROUP] = {0};
        uint8_t bytes[KMQ_GROUP_ROOM];
        const int64_t some = left < KMQ_GROUP ? left : KMQ_GROUP;
        memcpy(group, indices, (size_t)(some * size));
        kmq_pack_group(group, bits, bytes);
        memcpy(packed, bytes, (size_t)((some * bits + 7) / 8));
        indices += KMQ_GROUP * size;
        packed += bits;
    }
}

/* Unpacks `count` indices from where a byte begins. Bytes up to `end` may be read. */
KMQ_INLINE void kmq_unpack_run(const uint8_t *packed, const uint8_t *end, int bits, int64_t count,
                               uint8_t *indices) {
    const int size = bits > 8 ? 2 : 1;
    int64_t left = count;
    if (bits == 0) {
        memset(indices, 0, (size_t)count);
        return;
    }
    if (bits == 8) {
        memcpy(indices, packed, (size_t)count);
        return;
    }
    for (; left >= KMQ_GROUP && end - packed >= KMQ_GROUP_ROOM; left -= KMQ_GROUP) {
        kmq_unpack_group(packed, bits, indices);
        indices += KMQ_GROUP * size;
        packed += bits;
    }
    for (; left > 0; left -= KMQ_GROUP) {
        uint16_t group[KMQ_GROUP];
        uint8_t bytes[KMQ_GROUP_ROOM] = {0};
        const int64_t some = left < KMQ_GROUP ? left : KMQ_GROUP;
        memcpy(bytes, packed, (size_t)((some * bits + 7) / 8));
        kmq_unpack_group(bytes, bits, group);
        memcpy(indices, group, (size_t)(some * size));
        indices += KMQ_GROUP * size;
        packed += bits;
    }
}

/* Whether some indices are all below `colors`. No type is wider than they are, so that a vector
   compares as many as it can hold. */
KMQ_INLINE int kmq_are_below(const void *indices, int64_t count, int bits, int colors) {
    if (bits <= 8) {
        const uint8_t *bytes = (const uint8_t *)indices, greatest = (uint8_t)(colors - 1);
        uint8_t beyond = 0;
        for (int64_t i = 0; i < count; i++) beyond |= bytes[i] > greatest;
        return !beyond;
    }
    const uint16_t *words = (const uint16_t *)indices, greatest = (uint16_t)(colors - 1);
    uint16_t beyond = 0;
    for (int64_t i = 0; i < count; i++) beyond |= words[i] > greatest;
    return !beyond;
}

/* Whether the bits after the last index of each row are zero; if not, `row` is the first that has
   others. */
static int kmq_check_padding(const uint8_t *packed, int64_t rows, int64_t width, int bits,
                             int64_t *row) {
    const int64_t row_bytes = (width * bits + 7) / 8;
    const int64_t padding = 8 * row_bytes - width * bits;
    for (*row = 0; padding && *row < rows; ++*row) {
        if (packed[(*row + 1) * row_bytes - 1] & ((1 << padding) - 1)) return 0;
    }
    return 1;
}

/* Whether all indices of a row are below `colors`; if not, `column` is the first that is not. */
static int kmq_check_row(const uint8_t *packed, const uint8_t *end, int64_t width, int bits,
                         int colors, int64_t *column) {
    uint16_t chunk[KMQ_CHUNK];
    for (int64_t x = 0; x < width; x += KMQ_CHUNK) {
        const int64_t count = width - x < KMQ_CHUNK ? width - x : KMQ_CHUNK;
        kmq_unpack_run(packed + x / 8 * bits, end, bits, count, (uint8_t *)chunk);
        if (kmq_are_below(chunk, count, bits, colors)) continue;
        *column = x;
        while (kmq_are_below(chunk, *column - x + 1, bits, colors)) ++*column;
        return 0;
    }
    return 1;
}

/* Unpacks a row to pixels; whether all its indices are below `colors`. */
KMQ_INLINE int kmq_unpack_row_of(const uint8_t *packed, const uint8_t *end, int64_t width, int bits,
                                 const uint8_t *palette, int colors, int channels,
                                 uint8_t *pixels) {
    uint16_t chunk[KMQ_CHUNK];
    for (int64_t x = 0; x < width; x += KMQ_CHUNK) {
        const int64_t count = width - x < KMQ_CHUNK ? width - x : KMQ_CHUNK;
        kmq_unpack_run(packed + x / 8 * bits, end, bits, count, (uint8_t *)chunk);
        if (!kmq_are_below(chunk, count, bits, colors)) return 0;
        for (int64_t i = 0; i < count; i++) {
            const int index = bits > 8 ? chunk[i] : ((const uint8_t *)chunk)[i];
            memcpy(pixels, palette + index * channels, (size_t)channels);
            pixels += channels;
        }
    }
    return 1;
}

/* Constant `channels` let the compiler specialize the loop. */
static int kmq_unpack_row(const uint8_t *packed, const uint8_t *end, int64_t width, int bits,
                          const uint8_t *palette, int colors, int channels, uint8_t *pixels) {
    switch (channels) {
    case 1: return kmq_unpack_row_of(packed, end, width, bits, palette, colors, 1, pixels);
    case 2: return kmq_unpack_row_of(packed, end, width, bits, palette, colors, 2, pixels);
    case 3: return kmq_unpack_row_of(packed, end, width, bits, palette, colors, 3, pixels);
    default: return kmq_unpack_row_of(packed, end, width, bits, palette, colors, 4, pixels);
    }
}

/* The samples that a byte of 1, 2 or 4 bits an index holds, and whether all its indices are below
   `colors`. */
typedef struct {
    uint8_t samples[256][KMQ_BYTE_SAMPLES];
    uint8_t good[256];
} KmqByteTable;

static void kmq_fill_byte_table(KmqByteTable *table, int bits, const uint8_t *palette, int colors,
                                int channels) {
    memset(table, 0, sizeof *table);
    for (int byte = 0; byte < 256; byte++) {
        uint8_t *samples = table->samples[byte];
        table->good[byte] = 1;
        for (int shift = 8 - bits; shift >= 0; shift -= bits, samples += channels) {
            const int index = byte >> shift & ((1 << bits) - 1);
            if (index < colors) {
                memcpy(samples, palette + index * channels, (size_t)channels);
            } else {
                table->good[byte] = 0;
            }
        }
    }
}

/* Unpacks a row to pixels a byte at a time, `samples` in all, of which a byte has `step`; whether
   all its indices are good. */
static int kmq_unpack_row_bytes(const uint8_t *packed, int64_t samples, int step,
                                const KmqByteTable *table, uint8_t *pixels) {
    int good = 1;
    int64_t left = samples;
    for (; left >= KMQ_BYTE_SAMPLES; left -= step) { /* the next copy overwrites the excess */
        good &= table->good[*packed];
        memcpy(pixels, table->samples[*packed++], KMQ_BYTE_SAMPLES);
        pixels += step;
    }
    for (; left > 0; left -= step) {
        good &= table->good[*packed];
        memcpy(pixels, table->samples[*packed++], (size_t)(left < step ? left : step));
        pixels += step;
    }
    return good;
}

#endif

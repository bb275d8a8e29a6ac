/* What Clang calls of a C library that is not there. */

#include <stddef.h>
#include <stdint.h>

int memcmp(const void *a, const void *b, size_t size) {
    const uint8_t *one = (const uint8_t *)a, *other = (const uint8_t *)b;
    for (; size >= 8; size -= 8, one += 8, other += 8) {
        uint64_t words[2];
        __builtin_memcpy(&words[0], one, 8);
        __builtin_memcpy(&words[1], other, 8);
        if (words[0] != words[1]) break;
    }
    for (; size; size--, one++, other++) {
        if (*one != *other) return *one - *other;
    }
    return 0;
}

#include "codec.h"
#include "widths.h"

// A word at any address.
typedef uint32_t word __attribute__((aligned(1)));

EACH_WIDTH
void gedge_split_words(
    const void *words, uint8_t *plane0, uint8_t *plane1, uint8_t *plane2, uint8_t *plane3, size_t count
) {
    const word *restrict from = words;
    uint8_t *restrict to0 = plane0, *restrict to1 = plane1, *restrict to2 = plane2, *restrict to3 = plane3;
    for (size_t i = 0; i < count; i++) {
        const uint32_t value = from[i] << 1 | from[i] >> 31;
        to0[i] = (uint8_t)value;
        to1[i] = (uint8_t)(value >> 8);
        to2[i] = (uint8_t)(value >> 16);
        to3[i] = (uint8_t)(value >> 24);
    }
}

EACH_WIDTH
void gedge_join_words(
    void *words, const uint8_t *plane0, const uint8_t *plane1, const uint8_t *plane2, const uint8_t *plane3, size_t count
) {
    word *restrict to = words;
    const uint8_t *restrict from0 = plane0, *restrict from1 = plane1, *restrict from2 = plane2, *restrict from3 = plane3;
    for (size_t i = 0; i < count; i++) {
        const uint32_t value =
            from0[i] | (uint32_t)from1[i] << 8 | (uint32_t)from2[i] << 16 | (uint32_t)from3[i] << 24;
        to[i] = value >> 1 | value << 31;
    }
}

// A float's bits as an integer of the same order, and back: it is its own inverse.
static inline uint32_t order(uint32_t bits) { return bits ^ (uint32_t)((int32_t)bits >> 31) >> 1; }

EACH_WIDTH
void gedge_split_differences(
    const void *words, const void *base, uint8_t *plane0, uint8_t *plane1, uint8_t *plane2, uint8_t *plane3,
    size_t count
) {
    const word *restrict from = words, *restrict old = base;
    uint8_t *restrict to0 = plane0, *restrict to1 = plane1, *restrict to2 = plane2, *restrict to3 = plane3;
    for (size_t i = 0; i < count; i++) {
        const uint32_t difference = order(from[i]) - order(old[i]);
        const uint32_t value = difference << 1 ^ (uint32_t)((int32_t)difference >> 31);
        to0[i] = (uint8_t)value;
        to1[i] = (uint8_t)(value >> 8);
        to2[i] = (uint8_t)(value >> 16);
        to3[i] = (uint8_t)(value >> 24);
    }
}

EACH_WIDTH
void gedge_join_differences(
    void *words, const void *base, const uint8_t *plane0, const uint8_t *plane1, const uint8_t *plane2,
    const uint8_t *plane3, size_t count
) {
    word *restrict to = words;
    const word *restrict old = base;
    const uint8_t *restrict from0 = plane0, *restrict from1 = plane1, *restrict from2 = plane2, *restrict from3 = plane3;
    for (size_t i = 0; i < count; i++) {
        const uint32_t value =
            from0[i] | (uint32_t)from1[i] << 8 | (uint32_t)from2[i] << 16 | (uint32_t)from3[i] << 24;
        to[i] = order(order(old[i]) + (value >> 1 ^ -(value & 1)));
    }
}

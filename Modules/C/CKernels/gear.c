#include "codec.h"

// Spans that are hashed side by side, so that the processor has more to do than to wait for one sum.
enum { LANES = 4, SPAN = 1024, WINDOW = 64 };

size_t gedge_gear_scan(const uint8_t *bytes, size_t count, uint64_t *hash, const uint64_t *gear, uint64_t threshold) {
    uint64_t a = *hash;
    size_t at = 0;
    for (; count - at >= LANES * SPAN; at += LANES * SPAN) {
        const uint8_t *const p = bytes + at, *const q = p + SPAN, *const r = q + SPAN, *const s = r + SPAN;
        uint64_t b = 0, c = 0, d = 0;
        for (size_t j = WINDOW - 1; j > 0; j--) {
            b = (b << 1) + gear[*(q - j)];
            c = (c << 1) + gear[*(r - j)];
            d = (d << 1) + gear[*(s - j)];
        }
        size_t found = LANES * SPAN;
        for (size_t i = 0; i < SPAN; i++) {
            a = (a << 1) + gear[p[i]];
            b = (b << 1) + gear[q[i]];
            c = (c << 1) + gear[r[i]];
            d = (d << 1) + gear[s[i]];
            if (__builtin_expect((a < threshold) | (b < threshold) | (c < threshold) | (d < threshold), 0)) {
                if (a < threshold) return at + i;
                if (b < threshold && i + SPAN < found) found = i + SPAN;
                if (c < threshold && i + 2 * SPAN < found) found = i + 2 * SPAN;
                if (d < threshold && i + 3 * SPAN < found) found = i + 3 * SPAN;
            }
        }
        if (found < LANES * SPAN) return at + found;
        a = d;
    }
    for (; at < count; at++) {
        a = (a << 1) + gear[bytes[at]];
        if (a < threshold) return at;
    }
    *hash = a;
    return count;
}

void gedge_count_bytes(const uint8_t *bytes, size_t count, uint32_t counts[256]) {
    for (size_t i = 0; i < count; i++) counts[bytes[i]]++;
}

#include "codec.h"
#include "widths.h"

// Spans that are hashed side by side, one in each lane of a vector, so that the processor has more to do than to wait for
// one sum; and bytes of each span between two looks at whether anything was found.
enum { LANES = 4, SPAN = 1024, STEP = 8, WINDOW = 64 };

typedef uint64_t lanes __attribute__((vector_size(8 * LANES)));

// The numbers of the bytes at p in each span.
#define GEARS(p) ((lanes){gear[(p)[0]], gear[(p)[SPAN]], gear[(p)[2 * SPAN]], gear[(p)[3 * SPAN]]})

// The lowest index of a byte in the spans from p after which a hash is below threshold, looking at STEP bytes of each span; the
// hashes before them are given.
static size_t lowest(const uint64_t *gear, const uint8_t *p, const uint64_t *before, uint64_t threshold) {
    for (size_t lane = 0; lane < LANES; lane++) {
        uint64_t hash = before[lane];
        for (size_t i = lane * SPAN; i < lane * SPAN + STEP; i++) {
            hash = (hash << 1) + gear[p[i]];
            if (hash < threshold) return i;
        }
    }
    return LANES * SPAN;
}

EACH_WIDTH
size_t gedge_gear_scan(const uint8_t *bytes, size_t count, uint64_t *hash, const uint64_t *gear, uint64_t threshold) {
    const lanes bound = {threshold, threshold, threshold, threshold};
    uint64_t last = *hash;
    size_t at = 0;
    for (; count - at >= LANES * SPAN; at += LANES * SPAN) {
        const uint8_t *const p = bytes + at;
        lanes now = {0};
        for (size_t j = WINDOW - 1; j > 0; j--) {
            const lanes before = {0, gear[*(p + SPAN - j)], gear[*(p + 2 * SPAN - j)], gear[*(p + 3 * SPAN - j)]};
            now = now + now + before;
        }
        now[0] = last;
        size_t found = LANES * SPAN;
        for (size_t i = 0; i < SPAN && i < found; i += STEP) {
            const lanes before = now;
            lanes below = {0};
            for (size_t k = 0; k < STEP; k++) {
                now = now + now + GEARS(p + i + k);
                below |= (now - bound) & ~now; // the highest bit of a lane tells, for a bound below 2^63
            }
            if (__builtin_expect((int64_t)(below[0] | below[1] | below[2] | below[3]) < 0, 0)) {
                const uint64_t hashes[LANES] = {before[0], before[1], before[2], before[3]};
                const size_t index = i + lowest(gear, p + i, hashes, threshold);
                if (index < found) found = index;
            }
        }
        if (found < LANES * SPAN) return at + found;
        last = now[LANES - 1];
    }
    for (; at < count; at++) {
        last = (last << 1) + gear[bytes[at]];
        if (last < threshold) return at;
    }
    *hash = last;
    return count;
}

void gedge_count_bytes(const uint8_t *bytes, size_t count, uint32_t counts[256]) {
    for (size_t i = 0; i < count; i++) counts[bytes[i]]++;
}

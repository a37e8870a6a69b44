#include "kernels.h"
#include "widths.h"

#pragma STDC FP_CONTRACT OFF

// A float at any address.
typedef float unaligned __attribute__((aligned(1)));

// Elements of the target that stay in the first cache (8 KiB) while all sources are added to them.
enum { BLOCK = 2048 };

EACH_WIDTH
void gedge_weighted_sum(
    float *target, const float *const *sources, const float *weights, size_t sources_count, size_t count, int replacing
) {
    unaligned *restrict to = target;
    for (size_t start = 0; start < count; start += BLOCK) {
        const size_t end = count - start < BLOCK ? count : start + BLOCK;
        size_t k = 0;
        if (replacing)
            for (size_t i = start; i < end; i++) to[i] = 0;
        // Two at a time: more streams at once are more than the hardware fetches ahead.
        for (; k + 2 <= sources_count; k += 2) {
            const unaligned *restrict a = sources[k], *restrict b = sources[k + 1];
            const float x = weights[k], y = weights[k + 1];
            for (size_t i = start; i < end; i++) to[i] = to[i] + a[i] * x + b[i] * y;
        }
        if (k < sources_count) {
            const unaligned *restrict a = sources[k];
            const float x = weights[k];
            for (size_t i = start; i < end; i++) to[i] = to[i] + a[i] * x;
        }
    }
}

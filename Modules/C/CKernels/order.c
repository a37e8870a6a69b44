#include "kernels.h"
#include "widths.h"

#pragma STDC FP_CONTRACT OFF

// A float at any address.
typedef float unaligned __attribute__((aligned(1)));

// Coordinates that are sorted at once: four of the widest registers.
enum { LANES = GEDGE_ORDER_LANES };

#define INLINE static inline __attribute__((always_inline))

// rows[k][i] = sources[k][start + i], for `width` coordinates; the others become 0.
INLINE void gather(float *restrict rows, const float *const *sources, size_t n, size_t start, size_t width) {
    for (size_t k = 0; k < n; k++) {
        const unaligned *restrict from = sources[k] + start;
        float *restrict row = rows + k * LANES;
        if (width == LANES) {
            for (size_t i = 0; i < LANES; i++) row[i] = from[i];
        } else {
            for (size_t i = 0; i < LANES; i++) row[i] = i < width ? from[i] : 0;
        }
    }
}

// Batcher's odd-even merge sort ("Sorting networks and their applications", 1968) of n rows, for each coordinate by itself. A
// network compares the same pairs whatever the values are, so all coordinates go through it side by side.
INLINE void sort(float *rows, size_t n) {
    for (size_t p = 1; p < n; p *= 2)
        for (size_t k = p; k >= 1; k /= 2)
            for (size_t j = k % p; j + k < n; j += 2 * k)
                for (size_t i = j; i < j + k && i + k < n; i++) {
                    if (i / (2 * p) != (i + k) / (2 * p)) continue;
                    float *restrict low = rows + i * LANES, *restrict high = rows + (i + k) * LANES;
                    for (size_t lane = 0; lane < LANES; lane++) {
                        const float x = low[lane], y = high[lane];
                        low[lane] = y < x ? y : x;
                        high[lane] = y < x ? x : y;
                    }
                }
}

EACH_WIDTH
void gedge_sorted_mean(
    float *to, const float *const *sources, size_t n, size_t count, size_t from, size_t end, float *rows
) {
    for (size_t start = 0; start < count; start += LANES) {
        const size_t width = count - start < LANES ? count - start : LANES;
        gather(rows, sources, n, start, width);
        sort(rows, n);
        double sum[LANES] = {0};
        for (size_t k = from; k < end; k++)
            for (size_t i = 0; i < LANES; i++) sum[i] += rows[k * LANES + i];
        for (size_t i = 0; i < width; i++) to[start + i] = (float)(sum[i] / (double)(end - from));
    }
}

EACH_WIDTH
void gedge_central_mean(
    float *to, const float *const *sources, size_t n, size_t count, size_t keep, float *rows
) {
    for (size_t start = 0; start < count; start += LANES) {
        const size_t width = count - start < LANES ? count - start : LANES;
        gather(rows, sources, n, start, width);
        sort(rows, n);
        for (size_t i = 0; i < width; i++) {
            const double median = ((double)rows[(n - 1) / 2 * LANES + i] + rows[n / 2 * LANES + i]) / 2;
            // Sorted, the values nearest to the median are neighbours: the window moves on while its first is farther than
            // the one behind its last.
            size_t first = 0;
            while (first + keep < n && median - rows[first * LANES + i] > rows[(first + keep) * LANES + i] - median) first++;
            double sum = 0;
            for (size_t k = first; k < first + keep; k++) sum += rows[k * LANES + i];
            to[start + i] = (float)(sum / (double)keep);
        }
    }
}

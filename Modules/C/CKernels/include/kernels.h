#pragma once
#include <stddef.h>

/// Loops over memory, compiled once for each width of vector registers; the widest that the processor has is taken when the
/// program loads. Products and sums are rounded each by itself (never fused), so the bits are the same on every width.

/// to[i] = (replacing ? 0 : to[i]) + weights[0] * sources[0][i] + weights[1] * sources[1][i] + ..., in this order.
///
/// Each source is read once. The pointers need no alignment; `to` overlaps no source.
void gedge_weighted_sum(
    float *to, const float *const *sources, const float *weights, size_t sources_count, size_t count, int replacing);

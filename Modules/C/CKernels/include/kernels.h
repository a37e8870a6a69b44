#pragma once
#include <stddef.h>

/// Loops over memory, compiled once for each width of vector registers; the widest that the processor has is taken when the
/// program loads. Products and sums are rounded each by itself (never fused), so the bits are the same on every width.

/// to[i] = (replacing ? 0 : to[i]) + weights[0] * sources[0][i] + weights[1] * sources[1][i] + ..., in this order.
///
/// Each source is read once. The pointers need no alignment; `to` overlaps no source.
void gedge_weighted_sum(
    float *to, const float *const *sources, const float *weights, size_t sources_count, size_t count, int replacing);

/// Coordinates whose values are sorted at once.
#define GEDGE_ORDER_LANES 64

/// to[i] = the mean of the sorted sources[0][i], ..., sources[n - 1][i] from place `from` up to before place `end`.
///
/// `rows` is room for n * GEDGE_ORDER_LANES values. The sum is taken in float64, smallest first. No source holds NaN.
void gedge_sorted_mean(
    float *to, const float *const *sources, size_t n, size_t count, size_t from, size_t end, float *rows);

/// to[i] = the mean of those `keep` of sources[0][i], ..., sources[n - 1][i] that are nearest to their median; of two that are
/// equally near, the smaller. `rows` and the sum as for gedge_sorted_mean.
void gedge_central_mean(
    float *to, const float *const *sources, size_t n, size_t count, size_t keep, float *rows);

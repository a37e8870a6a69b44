#pragma once
#include <stddef.h>
#include <stdint.h>

/// Loops of the shard codecs, on integers alone. Values are 32-bit little-endian words at any address; a plane is one byte of
/// each of them. What is read and what is written do not overlap.

/// plane k [i] = byte k of word i rotated left by one bit, so that a float's exponent is plane 3 and its sign the lowest bit of
/// plane 0.
void gedge_split_words(
    const void *words, uint8_t *plane0, uint8_t *plane1, uint8_t *plane2, uint8_t *plane3, size_t count);

/// The inverse of `gedge_split_words`.
void gedge_join_words(
    void *words, const uint8_t *plane0, const uint8_t *plane1, const uint8_t *plane2, const uint8_t *plane3, size_t count);

/// plane k [i] = byte k of zigzag(order(words[i]) - order(base[i])), where order maps floats to integers of the same order
/// (sign and magnitude to two's complement), the difference wraps, and zigzag(d) = 2 d, or -2 d - 1 where d < 0.
void gedge_split_differences(
    const void *words, const void *base, uint8_t *plane0, uint8_t *plane1, uint8_t *plane2, uint8_t *plane3,
    size_t count);

/// The inverse of `gedge_split_differences`.
void gedge_join_differences(
    void *words, const void *base, const uint8_t *plane0, const uint8_t *plane1, const uint8_t *plane2,
    const uint8_t *plane3, size_t count);

/// The first i with H(i) < threshold, or `count`, where H(i) = 2 H(i - 1) + gear[bytes[i]] modulo 2^64 and H(-1) = *hash.
///
/// H(i) depends on the last 64 bytes alone; `threshold` is at most 2^63. Unless one is found, *hash becomes the last H.
size_t gedge_gear_scan(const uint8_t *bytes, size_t count, uint64_t *hash, const uint64_t *gear, uint64_t threshold);

/// counts[v] += how often byte v occurs.
void gedge_count_bytes(const uint8_t *bytes, size_t count, uint32_t counts[256]);

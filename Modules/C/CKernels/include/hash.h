#pragma once
#include <stddef.h>
#include <stdint.h>

/// Whether this processor has instructions for SHA-256 that `gedge_sha256` uses.
int gedge_sha256_is_fast(void);

/// The SHA-256 (FIPS 180-4) of `count` messages, two at a time; digest i is written to digests + 32 i.
///
/// Only where `gedge_sha256_is_fast`.
void gedge_sha256(const uint8_t *const *messages, const size_t *counts, uint8_t *digests, size_t count);

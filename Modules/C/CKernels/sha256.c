#include "hash.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#include <string.h>

// Messages that are hashed side by side: a round waits several cycles for the one before it, and the other message's fills them.
enum { LANES = 2, BLOCK = 64 };

static const uint32_t constants[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01,
    0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
    0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08,
    0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};
static const uint32_t initial[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

// One message on its way through the rounds.
struct lane {
    uint32_t state[8];
    const uint8_t *next;
    size_t blocks; // that lie at next
    size_t count;  // bytes of the whole message
    uint8_t *digest;
    int is_last; // whether next is the tail
    uint8_t tail[2 * BLOCK];
};

// Takes `count` blocks of each of `width` lanes through the rounds; inlined for each width.
__attribute__((target("sha,sse4.1"), always_inline)) static inline void
rounds(struct lane *const *lanes, const int width, size_t count) {
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
    __m128i abef[LANES], cdgh[LANES];
    for (int l = 0; l < width; l++) {
        const __m128i low = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)lanes[l]->state), 0xb1);
        const __m128i high = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(lanes[l]->state + 4)), 0x1b);
        abef[l] = _mm_alignr_epi8(low, high, 8);
        cdgh[l] = _mm_blend_epi16(high, low, 0xf0);
    }
    for (size_t block = 0; block < count; block++) {
        __m128i a[LANES], c[LANES], words[LANES][4];
        for (int l = 0; l < width; l++) {
            const __m128i *from = (const __m128i *)(lanes[l]->next + BLOCK * block);
            for (int i = 0; i < 4; i++) words[l][i] = _mm_shuffle_epi8(_mm_loadu_si128(from + i), swap);
            a[l] = abef[l];
            c[l] = cdgh[l];
        }
#pragma unroll
        for (int four = 0; four < 16; four++) {
            for (int l = 0; l < width; l++) {
                __m128i *const w = words[l];
                const __m128i now = w[four & 3], last = w[(four + 3) & 3];
                const __m128i sum = _mm_add_epi32(now, _mm_load_si128((const __m128i *)(constants + 4 * four)));
                c[l] = _mm_sha256rnds2_epu32(c[l], a[l], sum);
                if (four < 12) {
                    const __m128i middle = _mm_alignr_epi8(last, w[(four + 2) & 3], 4);
                    const __m128i partial = _mm_add_epi32(_mm_sha256msg1_epu32(now, w[(four + 1) & 3]), middle);
                    w[four & 3] = _mm_sha256msg2_epu32(partial, last);
                }
                a[l] = _mm_sha256rnds2_epu32(a[l], c[l], _mm_shuffle_epi32(sum, 0x0e));
            }
        }
        for (int l = 0; l < width; l++) {
            abef[l] = _mm_add_epi32(abef[l], a[l]);
            cdgh[l] = _mm_add_epi32(cdgh[l], c[l]);
        }
    }
    for (int l = 0; l < width; l++) {
        const __m128i low = _mm_shuffle_epi32(abef[l], 0x1b), high = _mm_shuffle_epi32(cdgh[l], 0xb1);
        _mm_storeu_si128((__m128i *)lanes[l]->state, _mm_blend_epi16(low, high, 0xf0));
        _mm_storeu_si128((__m128i *)(lanes[l]->state + 4), _mm_alignr_epi8(high, low, 8));
        lanes[l]->next += BLOCK * count;
        lanes[l]->blocks -= count;
    }
}

__attribute__((target("sha,sse4.1"))) static void both(struct lane *const *lanes, size_t count) {
    rounds(lanes, LANES, count);
}

__attribute__((target("sha,sse4.1"))) static void alone(struct lane *const *lanes, size_t count) { rounds(lanes, 1, count); }

static void begin(struct lane *lane, const uint8_t *message, size_t count, uint8_t *digest) {
    memcpy(lane->state, initial, sizeof initial);
    lane->next = message;
    lane->blocks = count / BLOCK;
    lane->count = count;
    lane->digest = digest;
    lane->is_last = 0;
}

// What is to be done when all blocks at next are through: the padded tail, or the digest. Returns whether the lane is free.
static int go_on(struct lane *lane) {
    if (!lane->is_last) {
        const size_t rest = lane->count % BLOCK, size = rest < BLOCK - 8 ? BLOCK : 2 * BLOCK;
        memset(lane->tail, 0, size);
        if (rest > 0) memcpy(lane->tail, lane->next, rest);
        lane->tail[rest] = 0x80;
        const uint64_t bits = __builtin_bswap64((uint64_t)lane->count * 8);
        memcpy(lane->tail + size - 8, &bits, 8);
        lane->next = lane->tail;
        lane->blocks = size / BLOCK;
        lane->is_last = 1;
        return 0;
    }
    for (int i = 0; i < 8; i++) {
        const uint32_t word = __builtin_bswap32(lane->state[i]);
        memcpy(lane->digest + 4 * i, &word, 4);
    }
    return 1;
}

int gedge_sha256_is_fast(void) {
    unsigned a, b, c, d, first;
    return __get_cpuid(1, &a, &b, &first, &d) && (first & bit_SSE4_1) && (first & bit_SSSE3)
        && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
}

void gedge_sha256(const uint8_t *const *messages, const size_t *counts, uint8_t *digests, size_t count) {
    struct lane lanes[LANES];
    struct lane *busy[LANES];
    int width = 0;
    size_t taken = 0;
    for (; width < LANES && taken < count; width++, taken++) {
        busy[width] = &lanes[width];
        begin(busy[width], messages[taken], counts[taken], digests + 32 * taken);
    }
    while (width > 0) {
        size_t blocks = busy[0]->blocks;
        if (width == LANES && busy[1]->blocks < blocks) blocks = busy[1]->blocks;
        if (blocks > 0) {
            if (width == LANES) both(busy, blocks);
            else alone(busy, blocks);
        }
        for (int l = width - 1; l >= 0; l--) {
            if (busy[l]->blocks > 0 || !go_on(busy[l])) continue;
            if (taken < count) {
                begin(busy[l], messages[taken], counts[taken], digests + 32 * taken);
                taken++;
            } else {
                busy[l] = busy[--width];
            }
        }
    }
}

#else

int gedge_sha256_is_fast(void) { return 0; }

void gedge_sha256(const uint8_t *const *messages, const size_t *counts, uint8_t *digests, size_t count) {
    (void)messages, (void)counts, (void)digests, (void)count;
    __builtin_trap();
}

#endif

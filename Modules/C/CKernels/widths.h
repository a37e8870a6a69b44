#pragma once

// Compiles a function once for each width of vector registers; the loader takes the widest that the processor has.
#if defined(__x86_64__)
#define EACH_WIDTH __attribute__((target_clones("default", "avx2", "avx512f")))
#else
#define EACH_WIDTH
#endif

#pragma once
// OpenBLAS is opened when the first matrix product needs it, not linked: a process that never multiplies matrices pays
// nothing for it, and the two settings it reads only while loading (kernel family, thread count) can still be chosen.
#include <cblas.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

typedef __typeof__(&cblas_sgemm) gedge_sgemm_function;
typedef __typeof__(&openblas_set_num_threads) gedge_set_num_threads_function;
typedef __typeof__(&openblas_get_corename) gedge_get_corename_function;

typedef struct {
    gedge_sgemm_function sgemm;
    gedge_set_num_threads_function set_num_threads;
    gedge_get_corename_function get_corename;
} gedge_openblas;

extern char **environ;

/// Adds `entry` ("NAME=value") to the environment unless NAME is set. Unlike `setenv`, a thread that reads the environment
/// at the same time is safe: the new table is published whole and the old one is never freed.
static inline void gedge_environment_default(const char *name, const char *entry) {
    if (getenv(name) != NULL) return;
    size_t count = 0;
    while (environ != NULL && environ[count] != NULL) count++;
    char **table = (char **)malloc((count + 2) * sizeof(char *));
    char *copy = strdup(entry);
    if (table == NULL || copy == NULL) {
        free(table);
        free(copy);
        return;
    }
    if (count > 0) memcpy(table, environ, count * sizeof(char *));
    table[count] = copy;
    table[count + 1] = NULL;
    __atomic_store_n(&environ, table, __ATOMIC_RELEASE);
}

/// OpenBLAS 0.3.21 does not know AMD's AVX-512 processors and gives them AVX2 kernels, at half their speed.
static inline int gedge_cpu_is_unknown_avx512(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    return __builtin_cpu_is("amd") && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")
        && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
#else
    return 0;
#endif
}

/// Opens OpenBLAS. Returns 0, or -1 when it is not installed or lacks a function; `dlerror` then says what.
static inline int gedge_openblas_load(gedge_openblas *library) {
    void *handle = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) return -1;
    library->sgemm = (gedge_sgemm_function)dlsym(handle, "cblas_sgemm");
    library->set_num_threads = (gedge_set_num_threads_function)dlsym(handle, "openblas_set_num_threads");
    library->get_corename = (gedge_get_corename_function)dlsym(handle, "openblas_get_corename");
    return library->sgemm && library->set_num_threads && library->get_corename ? 0 : -1;
}

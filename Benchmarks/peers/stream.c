// The machine's streaming memory bandwidth, after J. McCalpin's STREAM: what a loop over large float32 arrays that does
// next to nothing can move. Counts the bytes the program reads and writes, not what caches add to them.
//
//   gcc -O3 -march=native -pthread stream.c -o stream && ./stream [MILLION_FLOATS_PER_ARRAY] [REPEATS]
//
// Measures, with one thread and with one for each CPU, four ways through the same nine arrays: read (the sum of eight), copy
// (a = b, four times), triad (a = b + s c, three times), and mean (a = the weighted sum of eight, as a C programmer writes
// federated averaging). Best of the repeats. Prints the fastest of the first three as the measurement to compare with, and
// all four beside it.
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SOURCES = 8, KERNELS = 4, MAXIMUM_THREADS = 1024 };
static const int arrays[KERNELS] = {SOURCES, 8, 9, SOURCES + 1};

static float *source[SOURCES + 1]; // the last is the mean's target
static size_t count;
static int threads, kernel;
static float sums[MAXIMUM_THREADS];
static pthread_barrier_t barrier;

static void work(int thread) {
    const size_t span = count / threads, from = span * thread, to = thread == threads - 1 ? count : span * (thread + 1);
    if (kernel == 0) {
        float lane[64] = {0};
        for (int k = 0; k < SOURCES; k++)
            for (size_t i = from; i + 64 <= to; i += 64)
                for (int j = 0; j < 64; j++) lane[j] += source[k][i + j];
        float sum = 0;
        for (int j = 0; j < 64; j++) sum += lane[j];
        sums[thread] = sum;
    } else if (kernel == 1) {
        for (int k = 0; k < 8; k += 2) {
            float *restrict a = source[k];
            const float *restrict b = source[k + 1];
            for (size_t i = from; i < to; i++) a[i] = b[i];
        }
    } else if (kernel == 2) {
        for (int k = 0; k < 9; k += 3) {
            float *restrict a = source[k];
            const float *restrict b = source[k + 1], *restrict c = source[k + 2];
            for (size_t i = from; i < to; i++) a[i] = b[i] + 0.5f * c[i];
        }
    } else {
        float *restrict a = source[SOURCES];
        const float *restrict s[SOURCES];
        for (int k = 0; k < SOURCES; k++) s[k] = source[k];
        for (size_t i = from; i < to; i++)
            a[i] = 0.1f * s[0][i] + 0.2f * s[1][i] + 0.1f * s[2][i] + 0.2f * s[3][i] + 0.1f * s[4][i] + 0.1f * s[5][i]
                 + 0.1f * s[6][i] + 0.1f * s[7][i];
    }
}

static void *run(void *thread) {
    for (;;) {
        pthread_barrier_wait(&barrier);
        if (kernel < 0) return NULL;
        work((int)(size_t)thread);
        pthread_barrier_wait(&barrier);
    }
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static int measure(int repeats, const char *label) {
    pthread_t ids[MAXIMUM_THREADS];
    pthread_barrier_init(&barrier, NULL, threads + 1);
    for (int t = 0; t < threads; t++)
        if (pthread_create(&ids[t], NULL, run, (void *)(size_t)t)) return 1;
    double bandwidth[KERNELS];
    for (int k = 0; k < KERNELS; k++) {
        double best = 1e9;
        for (int r = 0; r < repeats; r++) {
            kernel = k;
            const double start = now();
            pthread_barrier_wait(&barrier);
            pthread_barrier_wait(&barrier);
            const double seconds = now() - start;
            if (seconds < best) best = seconds;
        }
        bandwidth[k] = arrays[k] * count * 4e-9 / best;
    }
    kernel = -1;
    pthread_barrier_wait(&barrier);
    for (int t = 0; t < threads; t++) pthread_join(ids[t], NULL);
    pthread_barrier_destroy(&barrier);
    double most = bandwidth[0];
    for (int k = 1; k < KERNELS - 1; k++)
        if (bandwidth[k] > most) most = bandwidth[k];
    printf("{\"benchmark\":\"fedlearn.aggregate\",\"variant\":\"8 x 25 M floats, %s\",\"value\":%.3f,\"unit\":\"GB/s\","
           "\"read\":%.3f,\"copy\":%.3f,\"triad\":%.3f,\"mean\":%.3f}\n",
           label, most, bandwidth[0], bandwidth[1], bandwidth[2], bandwidth[3]);
    return 0;
}

int main(int argc, char **argv) {
    count = (size_t)((argc > 1 ? atof(argv[1]) : 25) * 1e6);
    const int repeats = argc > 2 ? atoi(argv[2]) : 10;
    if (count < 1000 || repeats < 1) {
        fprintf(stderr, "usage: stream [MILLION_FLOATS_PER_ARRAY] [REPEATS]\n");
        return 2;
    }
    for (int k = 0; k <= SOURCES; k++) {
        source[k] = aligned_alloc(64, (count * 4 + 63) / 64 * 64);
        if (!source[k]) return 1;
        for (size_t i = 0; i < count; i++) source[k][i] = (float)((i + k) % 1000) * 1e-3f;
    }
    threads = 1;
    if (measure(repeats, "1 thread")) return 1;
    const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    threads = cpus < 1 ? 1 : cpus > MAXIMUM_THREADS ? MAXIMUM_THREADS : (int)cpus;
    if (measure(repeats, "all CPUs")) return 1;
    return sums[0] < -1;
}

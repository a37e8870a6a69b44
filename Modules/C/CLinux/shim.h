#pragma once
#include <malloc.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

/// Calls of Linux that glibc declares only under `_GNU_SOURCE`, which Swift's importer does not set.
extern int sync_file_range(int descriptor, long offset, long count, unsigned int flags);

extern int fallocate(int descriptor, int mode, long offset, long length);

/// Gives the disk space of a stretch of a file back; it reads as zeros from then on, and the file keeps its size
/// (`FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE`).
static inline int gedge_punch_hole(int descriptor, long offset, long length) {
    return fallocate(descriptor, 3, offset, length);
}

extern int syncfs(int descriptor);

/// Returns when everything written to the file system of `descriptor` so far survives a power loss.
static inline int gedge_sync_file_system(int descriptor) {
    return syncfs(descriptor);
}

/// Begins to write a stretch of a file to its disk and does not wait.
static inline int gedge_start_writeback_of(int descriptor, long offset, long count) {
    return sync_file_range(descriptor, offset, count, 2);
}

/// Begins to write a file's dirty pages to its disk and does not wait (`SYNC_FILE_RANGE_WRITE`).
static inline int gedge_start_writeback(int descriptor) {
    return sync_file_range(descriptor, 0, 0, 2);
}

/// Memory that the allocator keeps and that nobody uses: what is resident of the process's own, less what blocks in use take of
/// it (`mallinfo2`, a name that Swift takes for its struct). Bytes; 0 when it cannot be known.
static inline long gedge_free_resident_bytes(void) {
    FILE *file = fopen("/proc/self/statm", "re");
    long size = 0, resident = 0, shared = 0;
    if (file == NULL) return 0;
    int count = fscanf(file, "%ld %ld %ld", &size, &resident, &shared);
    fclose(file);
    struct mallinfo2 info = mallinfo2();
    long used = (long)(info.uordblks + info.hblkhd);
    return count == 3 ? (resident - shared) * sysconf(_SC_PAGESIZE) - used : 0;
}

/// The most arenas the allocator makes (`M_ARENA_MAX`, a macro). Call before threads start.
static inline void gedge_limit_arenas(int count) {
    mallopt(M_ARENA_MAX, count);
}

/// Where a thread may run, as a mask of words, the lowest processor in the lowest bit; 0 is the calling thread. Glibc's
/// `sched_setaffinity` wants a type whose size ends at 1024 processors.
static inline long gedge_set_affinity(int thread, const unsigned long *words, long bytes) {
    return syscall(SYS_sched_setaffinity, thread, bytes, words);
}

/// The bytes of the mask that the kernel wrote to `words`, or -1.
static inline long gedge_get_affinity(int thread, unsigned long *words, long bytes) {
    return syscall(SYS_sched_getaffinity, thread, bytes, words);
}

/// The kernel's number of the calling thread.
static inline int gedge_thread_number(void) {
    return (int)syscall(SYS_gettid);
}

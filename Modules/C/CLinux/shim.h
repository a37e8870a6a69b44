#pragma once
#include <malloc.h>

/// Calls of Linux that glibc declares only under `_GNU_SOURCE`, which Swift's importer does not set.
extern int sync_file_range(int descriptor, long offset, long count, unsigned int flags);

/// Begins to write a file's dirty pages to its disk and does not wait (`SYNC_FILE_RANGE_WRITE`).
static inline int gedge_start_writeback(int descriptor) {
    return sync_file_range(descriptor, 0, 0, 2);
}

/// The most arenas the allocator makes (`M_ARENA_MAX`, a macro). Call before threads start.
static inline void gedge_limit_arenas(int count) {
    mallopt(M_ARENA_MAX, count);
}

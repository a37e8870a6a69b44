#pragma once
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <zmq.h>

/// `struct epoll_event` is packed, which Swift cannot import.

/// Watches `descriptor` for input; `gedge_epoll_wait` reports it as `place`.
static inline int gedge_epoll_add(int epoll, int descriptor, uint64_t place) {
    struct epoll_event event = {.events = EPOLLIN, .data = {.u64 = place}};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event);
}

/// Writes the places of up to `capacity`, at most 64, readable descriptors and returns how many they are.
static inline int gedge_epoll_wait(int epoll, uint64_t *places, int capacity, int milliseconds) {
    struct epoll_event events[64];
    int count = epoll_wait(epoll, events, capacity < 64 ? capacity : 64, milliseconds);
    for (int i = 0; i < count; i++) places[i] = events[i].data.u64;
    return count;
}

static inline int gedge_epoll_create(void) {
    return epoll_create1(EPOLL_CLOEXEC);
}

/// Sets from which size on the allocator maps memory anew for each block (`M_MMAP_THRESHOLD`), and how much free memory at
/// the end of an arena it keeps (`M_TRIM_THRESHOLD`); both are macros.
static inline void gedge_keep_memory(int mapped_from, int kept) {
    mallopt(M_MMAP_THRESHOLD, mapped_from);
    mallopt(M_TRIM_THRESHOLD, kept);
}

#pragma once
#include <errno.h>
#include <fcntl.h>
#include <hwloc.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/// Whether hwloc loads an XML text, tried in a child process: some damaged texts make hwloc 2.9 follow null pointers or loop.
/// 0 when it loads, 1 when it is refused, 2 when the child crashed or took longer than ten seconds, -1 when there was no child.
static inline int gedge_hwloc_try_xml(const char *text, int size) {
    pid_t child = fork();
    if (child < 0) return -1;
    if (child == 0) {
        // The parent's handlers would print a backtrace, and hwloc prints what it finds wrong.
        const int fatal[] = {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE, SIGALRM};
        sigset_t open_signals;
        sigemptyset(&open_signals);
        for (unsigned i = 0; i < sizeof fatal / sizeof *fatal; i++) {
            signal(fatal[i], SIG_DFL);
            sigaddset(&open_signals, fatal[i]);
        }
        sigprocmask(SIG_UNBLOCK, &open_signals, NULL);
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        if (null >= 0) dup2(null, STDERR_FILENO);
        alarm(10);
        hwloc_topology_t topology;
        if (hwloc_topology_init(&topology) != 0) _exit(1);
        hwloc_topology_set_io_types_filter(topology, HWLOC_TYPE_FILTER_KEEP_IMPORTANT);
        if (hwloc_topology_set_xmlbuffer(topology, text, size) != 0) _exit(1);
        _exit(hwloc_topology_load(topology) == 0 ? 0 : 1);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) return -1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}

import CLinux
import MessageBus

/// The C allocator, which serves the shards and frames that travel between a daemon's threads.
enum Heap {
    /// Shards are allocated on one thread and freed on another. With an arena for each thread, as glibc has it, every arena
    /// keeps the most it ever held, and memory grows with the number of edges that deliver at once.
    static func limit() {
        gedge_limit_arenas(2)
        FrameMemory.keepPages()
    }

    /// Gives back what is free: a job has ended.
    static func release() { malloc_trim(0) }
}

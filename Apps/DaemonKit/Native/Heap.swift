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

    /// Gives back what is free, unless it is little: the next frames find it where it is.
    static func release() {
        if gedge_free_resident_bytes() > kept { malloc_trim(0) }
    }

    private static let kept = 8 << 20
}

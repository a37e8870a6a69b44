import CZeroMQ

/// The memory that libzmq takes from the C allocator for frames.
public enum FrameMemory {
    /// Lets the process's allocator keep the pages of freed frames for the next ones.
    ///
    /// As it comes, glibc maps every large frame anew and the kernel clears its pages, which costs about as much as moving
    /// the bytes: with encryption, of which libzmq makes several copies, a fifth of the throughput. Up to 64 MiB of free memory
    /// then stay with the process; `malloc_trim` gives them back. The setting is the whole process's, so
    /// it is the program's to choose: call this once, when it starts.
    public static func keepPages() { gedge_keep_memory(32 << 20, 64 << 20) }
}

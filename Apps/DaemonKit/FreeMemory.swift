/// Memory that is free and that the allocator keeps for later.
public enum FreeMemory {
    /// Gives it back to the system, if it is more than 8 MiB. Blocks for some milliseconds.
    public static func release() { Heap.release() }
}

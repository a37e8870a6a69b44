extension ThreadExecutor {
    /// The kernel's number of this executor's thread.
    public func kernelThread() async throws -> Int32 { try await run { ThreadAffinity.currentThread } }

    /// Binds this executor's thread to some hardware threads, from the next job on.
    /// - Parameter processors: their numbers, as the operating system counts them.
    /// - Throws: `AffinityError` with the kernel's error number.
    public func bind(to processors: [Int]) async throws {
        try await run { try ThreadAffinity.set(processors) }
    }
}

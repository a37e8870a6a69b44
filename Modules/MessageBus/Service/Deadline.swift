/// Work with a limit on its time.
enum Deadline {
    /// Runs `work` and cancels it after `timeout`. Work that does not heed cancellation is waited for all the same.
    /// - Returns: what `work` returned, or `nil` when its time was up.
    static func within<Result: Sendable>(
        _ timeout: Duration, _ work: @escaping @Sendable () async throws -> Result
    ) async throws -> Result? {
        try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await work() }
            group.addTask {
                try await ContinuousClock().sleep(for: timeout)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }
}

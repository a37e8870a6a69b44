/// Work that must be done in time.
enum Deadline {
    /// The result of `work`, which is cancelled when `limit` is over.
    /// - Throws: `CommandError` with the code `deadline-exceeded` and `message`, or what `work` throws.
    static func run<Result: Sendable>(
        _ limit: Duration?, _ message: @autoclosure @Sendable () -> String,
        _ work: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        guard let limit else { return try await work() }
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await work() }
            group.addTask {
                try await Task.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            if let first = try await group.next(), let result = first { return result }
            throw CommandError.timedOut(message())
        }
    }
}

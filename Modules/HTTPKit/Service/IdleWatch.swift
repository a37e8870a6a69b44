/// Ends a wait in which nothing moves.
struct IdleWatch: Sendable {
    /// How long nothing may move.
    let idle: Duration
    /// How long the wait may take in all.
    let total: Duration?
    let clock: any Clock<Duration>

    private enum End<Result: Sendable>: Sendable {
        case result(Result)
        case idle
        case late
    }

    /// Runs `body`.
    /// - Throws: what `body` throws, or `HTTPError` `timed-out`.
    func run<Result: Sendable>(
        _ transfer: Transfer, _ body: @escaping @Sendable (Transfer) async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: End<Result>.self) { group in
            defer { group.cancelAll() }
            group.addTask { .result(try await body(transfer)) }
            group.addTask {
                while true {
                    let before = transfer.progress
                    try await clock.sleep(for: idle)
                    if transfer.progress == before { return .idle }
                }
            }
            if let total {
                group.addTask {
                    try await clock.sleep(for: total)
                    return .late
                }
            }
            switch try await group.next() {
            case .result(let result): return result
            case .late:
                throw HTTPError(
                    .timedOut, "\(transfer.name): no answer within \(total ?? idle)", isRetriable: true)
            case .idle, nil:
                throw HTTPError(.timedOut, "\(transfer.name): nothing moved for \(idle)", isRetriable: true)
            }
        }
    }
}

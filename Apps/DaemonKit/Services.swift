public import Telemetry

/// Runs a daemon's services beside each other until it is asked to stop or one of them fails.
public struct Services: Sendable {
    private let logger: Logger

    public init(logger: Logger) { self.logger = logger }

    /// - Throws: the first service's error, or `DaemonError` for a service that ended by itself.
    public func run(
        _ services: [(name: String, body: @Sendable () async throws -> Void)],
        until stop: @escaping @Sendable () async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: String?.self) { group in
            defer { group.cancelAll() }
            for (name, body) in services {
                group.addTask { [logger] in
                    do { try await body() } catch is CancellationError { return name } catch {
                        logger.error("service '\(name)' failed; the daemon stops", error: error)
                        throw error
                    }
                    return name
                }
            }
            group.addTask {
                try await stop()
                return nil
            }
            guard let ended = try await group.next(), let name = ended else {
                logger.notice("stopping")
                group.cancelAll()
                try await group.waitForAll()
                return
            }
            throw DaemonError("service-ended", "service '\(name)' ended by itself; see the log before this line")
        }
    }
}

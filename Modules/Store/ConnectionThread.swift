import Core

/// A connection and the one thread that uses it. The connection opens with the first piece of work.
final class ConnectionThread: @unchecked Sendable {
    // @unchecked: `connection` and `isClosed` are touched only on `thread`, which runs one piece of work after another.
    private let thread: ThreadExecutor
    private var connection: Connection?
    private var isClosed = false
    private let path: String
    private let isWriter: Bool
    private let limits: DatabaseLimits

    init(name: String, path: String, isWriter: Bool, limits: DatabaseLimits) {
        thread = ThreadExecutor(name: name)
        self.path = path
        self.isWriter = isWriter
        self.limits = limits
    }

    func run<Result: Sendable>(_ body: @escaping @Sendable (Connection) throws -> Result) async throws -> Result {
        try await thread.run { try body(self.opened()) }
    }

    /// Closes the connection after the work that was given before.
    func close() async {
        // The work itself throws nothing.
        try? await thread.run {
            self.connection = nil
            self.isClosed = true
        }
    }

    private func opened() throws -> Connection {
        if let connection { return connection }
        guard !isClosed else { throw StoreError(.closed, "\(path) was closed; open it again") }
        let connection = try Connection(path: path, isWriter: isWriter, limits: limits)
        self.connection = connection
        return connection
    }
}

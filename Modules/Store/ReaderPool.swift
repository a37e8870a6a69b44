import Synchronization

/// Up to a fixed number of reading connections, each with its thread, started when all before it are busy.
final class ReaderPool: Sendable {
    private struct Reader {
        let connection: ConnectionThread
        /// Pieces of work given to it and not finished.
        var pending = 0
    }

    private struct State {
        var readers: [Reader] = []
        var isClosed = false
    }

    private let path: String
    private let maximum: Int
    private let limits: DatabaseLimits
    private let state = Mutex(State())

    init(path: String, maximum: Int, limits: DatabaseLimits) {
        self.path = path
        self.maximum = maximum
        self.limits = limits
    }

    func run<Result: Sendable>(_ body: @escaping @Sendable (Connection) throws -> Result) async throws -> Result {
        let (index, reader) = try take()
        defer { state.withLock { $0.readers[index].pending -= 1 } }
        return try await reader.run(body)
    }

    func close() async {
        let readers = state.withLock { state in
            state.isClosed = true
            return state.readers
        }
        for reader in readers { await reader.connection.close() }
    }

    /// The least busy reader, or a new one when every one is busy and there may be more.
    private func take() throws -> (Int, ConnectionThread) {
        try state.withLock { state in
            guard !state.isClosed else { throw StoreError(.closed, "\(path) was closed; open it again") }
            let least = state.readers.indices.min { state.readers[$0].pending < state.readers[$1].pending }
            let index: Int
            if let least, state.readers[least].pending == 0 || state.readers.count == maximum {
                index = least
            } else {
                let connection = ConnectionThread(
                    name: "store-reader", path: path, isWriter: false, limits: limits)
                state.readers.append(Reader(connection: connection))
                index = state.readers.count - 1
            }
            state.readers[index].pending += 1
            return (index, state.readers[index].connection)
        }
    }
}

import Core
public import Telemetry

/// A SQLite database in write-ahead mode: one writer thread, a few readers that open when they are needed, transactions
/// as closures.
///
/// What `write` returned from survives `kill -9` and power loss (`synchronous = FULL`); what it threw from left nothing.
public final class Database: Sendable {
    public let path: String
    private let limits: DatabaseLimits
    private let writer: ConnectionThread
    private let readers: ReaderPool
    private let logger: Logger

    /// Opens the database at `path`, creating it if there is none, checks that it is sound and brings its tables up to
    /// date.
    /// - Parameter readers: the most threads that read at the same time.
    /// - Throws: `StoreError`: `corrupt`, `newer-database`, `full`, `busy`, `io`, or `sql` for a wrong migration.
    public static func open(
        path: String, migrations: [MigrationSet], readers: Int = 2, limits: DatabaseLimits = DatabaseLimits(),
        logger: Logger
    ) async throws -> Database {
        let writer = ConnectionThread(name: "store-writer", path: path, isWriter: true, limits: limits)
        let applied = try await writer.run { connection in
            try connection.checkPages()
            return try Migrator(connection: connection, clock: SystemWallClock()).migrate(migrations)
        }
        if !applied.isEmpty { logger.info("tables brought up to date", ["path": path, "steps": "\(applied)"]) }
        let pool = ReaderPool(path: path, maximum: max(1, readers), limits: limits)
        return Database(path: path, limits: limits, readers: pool, writer: writer, logger: logger)
    }

    private init(path: String, limits: DatabaseLimits, readers: ReaderPool, writer: ConnectionThread, logger: Logger) {
        self.path = path
        self.limits = limits
        self.writer = writer
        self.logger = logger
        self.readers = readers
    }

    /// Runs `body` in a transaction on the writer thread: durable when this returns, rolled back whole when `body` throws.
    ///
    /// Writes happen one after another; keep `body` short and free of other work.
    /// - Throws: what `body` threw, or `StoreError`: `full` and `busy` are worth a retry.
    public func write<Result: Sendable>(
        _ body: @escaping @Sendable (Connection) throws -> Result
    ) async throws -> Result {
        try await writer.run { try $0.transaction("BEGIN IMMEDIATE", body) }
    }

    /// Runs `body` on a reader thread, which sees the database as of one moment and cannot change it.
    public func read<Result: Sendable>(
        _ body: @escaping @Sendable (Connection) throws -> Result
    ) async throws -> Result {
        try await readers.run { try $0.transaction("BEGIN", body) }
    }

    /// Copies the database as of now to `path`, which is replaced in one step; writes go on meanwhile.
    public func backup(to path: String) async throws {
        let temporary = "\(path).tmp"
        let limits = limits
        try await readers.run { source in
            DurableFile.discard(temporary)
            do {
                try source.copyDatabase(to: temporary, limits: limits)
                try DurableFile.syncFile(temporary)
                try DurableFile.move(temporary, to: path)
                try DurableFile.syncDirectory(DurableFile.parent(of: path))
            } catch {
                DurableFile.discard(temporary)
                throw error
            }
        }
        logger.info("database backed up", ["path": self.path, "backup": path])
    }

    /// Reads the whole database and compares it with its indexes.
    /// - Throws: `StoreError` `corrupt`, with what is wrong.
    public func checkIntegrity() async throws {
        try await readers.run { try $0.checkEverything() }
    }

    /// Waits for what was asked before, then closes every connection. Later calls throw `closed`.
    public func close() async {
        await readers.close()
        await writer.close()
    }
}

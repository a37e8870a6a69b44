import CSQLite
import Core
import FoundationEssentials
import Glibc

/// A connection to a database, inside the closure of `Database.write` or `Database.read` and on its thread. Statements are
/// prepared once and kept.
public final class Connection {
    private let handle: OpaquePointer
    let path: String
    private var cache: StatementCache
    /// Inside `transaction`, the error that made SQLite roll it back by itself (a full disk does): nothing more may run,
    /// or the rest of the closure would be committed without its beginning.
    private var rolledBack: StoreError?
    private var isInTransaction = false

    /// Opens the file at `path` without looking into it.
    /// - Parameter isWriter: creates the file, mode 0600, if there is none; else the connection cannot change anything.
    init(path: String, isWriter: Bool, limits: DatabaseLimits) throws {
        if isWriter { try Self.createFile(path) }
        var handle: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let code = sqlite3_open_v2(path, &handle, flags, nil)
        guard code == SQLITE_OK, let handle else {
            let error = StoreError(sqlite: code, handle: handle, path: path, context: "open")
            sqlite3_close_v2(handle)
            throw error
        }
        self.handle = handle
        self.path = path
        cache = StatementCache(capacity: limits.cachedStatements)
        sqlite3_busy_timeout(handle, Int32(clamping: limits.busyTimeout.milliseconds))
        try pragmas(isWriter: isWriter, limits: limits)
    }

    deinit {
        cache.removeAll()
        sqlite3_close_v2(handle)
    }

    /// Rows that the last `INSERT`, `UPDATE` or `DELETE` changed.
    public var changes: Int { Int(sqlite3_changes64(handle)) }

    /// The row id of the last `INSERT`.
    public var lastInsertedRow: Int64 { sqlite3_last_insert_rowid(handle) }

    /// Runs one statement; rows it yields are dropped.
    public func execute(_ sql: String, _ values: (any SQLValue)?...) throws {
        try execute(sql, values: values)
    }

    public func execute(_ sql: String, values: [(any SQLValue)?]) throws {
        try using(sql, values) { statement in
            while try statement.step(handle: handle, path: path) {}
        }
    }

    /// Every row of the result, through `row`.
    public func query<Element>(
        _ sql: String, _ values: (any SQLValue)?..., row: (Row) throws -> Element
    ) throws -> [Element] {
        try query(sql, values: values, row: row)
    }

    public func query<Element>(
        _ sql: String, values: [(any SQLValue)?], row: (Row) throws -> Element
    ) throws -> [Element] {
        try using(sql, values) { statement in
            var elements: [Element] = []
            let current = Row(statement)
            while try statement.step(handle: handle, path: path) { elements.append(try row(current)) }
            return elements
        }
    }

    /// The first row of the result through `row`, or `nil` when there is none.
    public func first<Element>(
        _ sql: String, _ values: (any SQLValue)?..., row: (Row) throws -> Element
    ) throws -> Element? {
        try using(sql, values) { statement in
            try statement.step(handle: handle, path: path) ? try row(Row(statement)) : nil
        }
    }

    /// Hands each row to `body` without keeping any; for results of any size.
    public func forEach(_ sql: String, _ values: (any SQLValue)?..., row body: (Row) throws -> Void) throws {
        try using(sql, values) { statement in
            let current = Row(statement)
            while try statement.step(handle: handle, path: path) { try body(current) }
        }
    }

    /// `value` as JSON text with sorted keys, to bind to a parameter.
    public func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// Runs `body` inside a transaction: committed when it returns, rolled back when it throws.
    func transaction<Result>(_ begin: String, _ body: (Connection) throws -> Result) throws -> Result {
        try execute(begin)
        isInTransaction = true
        rolledBack = nil
        defer {
            isInTransaction = false
            rolledBack = nil
        }
        do {
            let result = try body(self)
            if let rolledBack { throw rolledBack }
            try execute("COMMIT")
            return result
        } catch {
            isInTransaction = false
            rolledBack = nil
            // A full disk and other serious errors make SQLite roll back by itself. A rollback cannot fail otherwise in
            // a way that matters: the first error is the one to tell, and an open transaction would fail the next BEGIN.
            if sqlite3_get_autocommit(handle) == 0 { sqlite3_exec(handle, "ROLLBACK", nil, nil, nil) }
            throw error
        }
    }

    /// Runs every statement of `sql`, which binds no values.
    func script(_ sql: String) throws {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw StoreError(sqlite: code, handle: handle, path: path, context: sql) }
    }

    /// Copies the whole database, as of one moment, over the empty database of `destination`.
    func copy(to destination: Connection) throws {
        guard let backup = sqlite3_backup_init(destination.handle, "main", handle, "main") else {
            throw StoreError(
                sqlite: sqlite3_errcode(destination.handle), handle: destination.handle, path: destination.path,
                context: "backup")
        }
        let code = sqlite3_backup_step(backup, -1)
        let finished = sqlite3_backup_finish(backup)
        guard code == SQLITE_DONE, finished == SQLITE_OK else {
            throw StoreError(
                sqlite: code == SQLITE_DONE ? finished : code, handle: destination.handle, path: destination.path,
                context: "backup of \(path)")
        }
    }

    private func using<Result>(
        _ sql: String, _ values: [(any SQLValue)?], _ body: (Statement) throws -> Result
    ) throws -> Result {
        if let rolledBack { throw rolledBack }
        let statement = try cache.take(sql) ?? Statement(sql, on: handle, path: path)
        defer {
            statement.reset()
            cache.put(statement)
        }
        try statement.bind(values)
        do {
            let result = try body(statement)
            noteEndOfTransaction(sql, nil)
            return result
        } catch {
            noteEndOfTransaction(sql, error as? StoreError)
            throw error
        }
    }

    private func noteEndOfTransaction(_ sql: String, _ error: StoreError?) {
        guard isInTransaction, sql != "COMMIT", sqlite3_get_autocommit(handle) != 0 else { return }
        rolledBack = error ?? StoreError(.sql, "'\(sql)' ended the transaction that its closure must not end")
    }

    private func pragmas(isWriter: Bool, limits: DatabaseLimits) throws {
        try execute("PRAGMA cache_size = \(-max(64, limits.pageCacheBytes / 1024))")
        try execute("PRAGMA foreign_keys = ON")
        try execute("PRAGMA trusted_schema = OFF")
        try execute("PRAGMA cell_size_check = ON")
        guard isWriter else { return try execute("PRAGMA query_only = ON") }
        let mode = try first("PRAGMA journal_mode = WAL") { try $0.string(0) }
        guard mode == "wal" else {
            throw StoreError(
                .io,
                "\(path) cannot use a write-ahead log (SQLite says '\(mode ?? "nothing")'); keep it on a local disk")
        }
        try execute("PRAGMA synchronous = FULL")
        try execute("PRAGMA journal_size_limit = \(4 << 20)")
        if let maximumBytes = limits.maximumBytes {
            let pageSize = try first("PRAGMA page_size") { try $0.int(0) } ?? 4096
            try execute("PRAGMA max_page_count = \(max(1, maximumBytes / pageSize))")
        }
    }

    /// SQLite would create the file readable to all; its log files take the mode of the database.
    private static func createFile(_ path: String) throws {
        _ = try OwnedFile(path, flags: O_RDWR | O_CREAT, mode: 0o600)
    }
}

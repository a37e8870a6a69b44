public import Core

/// What went wrong in the store: with a database, or with the directory that holds a daemon's state.
public struct StoreError: ModuleError {
    /// The kinds of failure; the raw value is the stable `code`.
    public enum Kind: String, Sendable, CaseIterable {
        /// Another connection holds the lock for longer than the busy timeout; try again.
        case busy
        /// The disk, the quota or the configured size of the database is used up. The transaction was rolled back whole;
        /// the same call succeeds once there is room.
        case full
        /// The file is not a sound database.
        case corrupt
        /// The database was written by a later version of the program.
        case newerDatabase = "newer-database"
        /// A uniqueness, foreign-key, not-null or check constraint refused a row.
        case constraint
        /// Another process owns the state directory.
        case lockedByOtherProcess = "locked-by-other-process"
        /// A directory or file whose owner or mode would let others read or change the state.
        case unsafePermissions = "unsafe-permissions"
        /// The operating system refused a file operation.
        case io
        /// A statement is wrong: a programmer's error.
        case sql
        /// A column does not hold what the caller asks for.
        case mistypedColumn = "mistyped-column"
        /// The database was closed.
        case closed
    }

    public let kind: Kind
    public let message: String
    public let cause: (any Error)?

    public init(_ kind: Kind, _ message: String, cause: (any Error)? = nil) {
        self.kind = kind
        self.message = message
        self.cause = cause
    }

    public var code: String { kind.rawValue }
    public var isRetriable: Bool { kind == .busy || kind == .full }
}

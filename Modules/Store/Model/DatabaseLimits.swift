/// What a database may use of memory, time and disk.
public struct DatabaseLimits: Sendable, Hashable {
    /// The page cache of each connection, in bytes.
    public var pageCacheBytes: Int
    /// How long a statement waits for another connection's lock before it fails with `busy`.
    public var busyTimeout: Duration
    /// The size no database file exceeds, in bytes; beyond it a transaction fails with `full`. `nil` for the disk's size.
    public var maximumBytes: Int?
    /// Prepared statements each connection keeps.
    public var cachedStatements: Int

    public init(
        pageCacheBytes: Int = 1 << 20, busyTimeout: Duration = .seconds(5), maximumBytes: Int? = nil,
        cachedStatements: Int = 96
    ) {
        self.pageCacheBytes = pageCacheBytes
        self.busyTimeout = busyTimeout
        self.maximumBytes = maximumBytes
        self.cachedStatements = cachedStatements
    }
}

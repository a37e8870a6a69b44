/// A store of whole objects under keys, such as Amazon S3 and what speaks its language.
///
/// Every call may be repeated: its effect is that of one. Errors are `DataSyncError`; those that may pass were tried again
/// already.
public protocol ObjectStore: Sendable {
    /// What the store is called in messages: endpoint and bucket.
    var name: String { get }

    /// An object's bytes, or those at `range`.
    /// - Throws: `missing` when there is no such object; `too-large` when it has more than `maximumBytes`.
    func get(_ key: String, range: Range<Int>?, maximumBytes: Int) async throws -> ShardBytes

    /// What is known of an object, or `nil` when there is none.
    func info(_ key: String) async throws -> ObjectInfo?

    /// Stores one object in one request.
    /// - Returns: whether it was stored, or was there already.
    func put(_ key: String, _ bytes: ShardBytes, condition: PutCondition) async throws -> PutOutcome

    /// Stores one object in parts, which are asked for in any order, some at a time, and again after a failure. Nothing of
    /// it stays when it fails.
    /// - Parameter parts: how many; each but the last has 5 MiB at least.
    func put(
        _ key: String, parts: Int, condition: PutCondition,
        part: @escaping @Sendable (Int) async throws -> ShardBytes
    ) async throws -> PutOutcome

    /// The objects whose keys begin with `prefix`, in order, a page at a time.
    /// - Parameter after: where the page before ended.
    func list(prefix: String, after: String?) async throws -> ObjectPage

    /// Removes objects; those that are not there are no error.
    func delete(_ keys: [String]) async throws

    /// Gives up uploads in parts that began before `age` ago and were never completed.
    /// - Returns: how many there were.
    func abortStaleUploads(prefix: String, olderThan age: Duration) async throws -> Int
}

/// When an object is stored.
public enum PutCondition: Sendable, Hashable {
    case always
    /// Only where there is none; of two writers one wins.
    case ifAbsent
}

public enum PutOutcome: Sendable, Hashable {
    case stored
    /// There was one already, which is untouched.
    case exists
}

public struct ObjectInfo: Sendable, Hashable {
    public var key: String
    public var size: Int

    public init(key: String, size: Int) {
        self.key = key
        self.size = size
    }
}

public struct ObjectPage: Sendable, Hashable {
    public var objects: [ObjectInfo]
    /// For the next page; `nil` when this is the last.
    public var next: String?

    public init(objects: [ObjectInfo], next: String?) {
        self.objects = objects
        self.next = next
    }
}

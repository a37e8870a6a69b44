public import Core

/// What will be wanted soon, fetched while there is time.
extension DataSyncContract {
    /// Asks an edge to fetch something from the core behind everything else, and to keep it in its cache; answered at once. The
    /// core passes on what names an edge.
    public static let prefetch = Call<PrefetchRequest, PrefetchReply>("datasync.prefetch", audience: .supervisors)
    /// It will not be wanted after all: what of it is on its way stops, what is there stays in the cache.
    public static let cancelPrefetch = Call<PrefetchCancellation, PrefetchReply>(
        "datasync.cancel-prefetch", audience: .supervisors)
}

public struct PrefetchRequest: Codable, Sendable, Hashable {
    public var manifest: Digest
    /// As in `FetchRequest`: the edge's own rules are asked under them.
    public var tags: TransferTags
    public var maximumBytes: Int
    public var edge: Name?

    public init(manifest: Digest, tags: TransferTags, maximumBytes: Int, edge: Name? = nil) {
        self.manifest = manifest
        self.tags = tags
        self.maximumBytes = maximumBytes
        self.edge = edge
    }
}

public struct PrefetchReply: Codable, Sendable, Hashable {
    public enum State: String, Codable, Sendable, Hashable {
        /// Everything of it is there already.
        case present
        /// It is being fetched, or waits for its turn.
        case fetching
        /// Nothing of it is on its way ahead of time.
        case none
    }

    public var state: State

    public init(state: State) { self.state = state }
}

public struct PrefetchCancellation: Codable, Sendable, Hashable {
    public var manifest: Digest
    public var edge: Name?

    public init(manifest: Digest, edge: Name? = nil) {
        self.manifest = manifest
        self.edge = edge
    }
}

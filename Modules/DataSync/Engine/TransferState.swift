/// How far a fetch has come. Every step is committed before its effect is told, so that whoever is killed goes on from it.
public enum TransferState: String, Sendable, Hashable, CaseIterable {
    /// Asked for; the manifest is not here yet.
    case wanted
    /// The manifest is here, checked and committed; shards arrive.
    case moving
    /// Every shard is here, verified and durable.
    case verified
    /// Held by its reference; announced to whoever asked.
    case complete

    /// Whether a transfer may go from this state to `next`. `verified` falls back to `moving` when a shard turns out to be
    /// damaged, `complete` when it is fetched again for that reason.
    public func canBecome(_ next: TransferState) -> Bool {
        switch (self, next) {
        case (.wanted, .moving), (.moving, .verified), (.verified, .complete): true
        case (.verified, .moving), (.complete, .moving): true
        default: self == next
        }
    }
}

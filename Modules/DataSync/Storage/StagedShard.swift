import Glibc
import Store

/// A shard that was hashed and, unless it was in the store already, written beside it. It joins the store by
/// `ShardStore.commit`; released before that, it leaves nothing behind.
public final class StagedShard: @unchecked Sendable {
    // @unchecked: `file` is consumed once, by the one thread that commits.
    public let shard: StoredShard
    private var file: OwnedFile?
    /// Where the bytes wait, or `nil` when the store has them.
    private(set) var temporary: String?

    /// A shard that the store has.
    init(present shard: StoredShard) { self.shard = shard }

    init(_ shard: StoredShard, file: consuming OwnedFile, temporary: String) {
        self.shard = shard
        self.file = consume file
        self.temporary = temporary
    }

    deinit {
        if let temporary { DurableFile.discard(temporary) }
    }

    /// Returns when the bytes survive a power loss.
    func sync() throws {
        guard let file = file.take() else { return }
        try file.sync()
    }

    /// Gives the file its name in the store.
    func rename(to path: String) throws {
        guard let temporary else { return }
        try DurableFile.move(temporary, to: path)
        self.temporary = nil
    }
}

import Contracts
import Store
import Testing

@testable import DataSync

/// What must be true of a store: everything that was told to anybody, and nothing else.
struct ProtocolFacts: Sendable {
    let content: ProtocolContent
    /// Who holds which manifest.
    var held: [String: Digest] = [:]
    /// Who was told that all of it is here.
    var complete: Set<String> = []
    /// Shards that were told to be durable, while somebody holds a manifest that names them.
    var stored: Set<Digest> = []
    /// Records in which a bit was flipped.
    var flipped: Set<LeafRow> = []

    init(_ content: ProtocolContent) { self.content = content }

    var named: Set<Digest> { Set(held.values.flatMap { content.shards(of: $0) }) }

    func isFlipped(_ shard: Digest) -> Bool {
        content.lists[shard]?.leaves.contains { leaf in flipped.contains { $0.record.leaf == leaf } } ?? false
    }

    /// Nobody holds anything by this name any more.
    mutating func release(_ owner: String) {
        held[owner] = nil
        complete.remove(owner)
        stored.formIntersection(named)
    }

    /// Shards were found damaged and count as missing.
    mutating func lose(_ shards: some Sequence<Digest>) {
        let shards = Set(shards)
        stored.subtract(shards)
        for (owner, manifest) in held where !shards.isDisjoint(with: content.shards(of: manifest)) {
            complete.remove(owner)
        }
    }

    /// Compares a store with the facts.
    /// - Parameter isTidy: whether what nothing names was removed before.
    func check(_ store: TestStore, isTidy: Bool, _ place: @autoclosure () -> String) async throws {
        let (references, whole, names) = try await store.database.read { connection in
            (
                try connection.query("SELECT owner, manifest FROM datasync_references") {
                    (try $0.string(0), Digest(hex: try $0.string(1)))
                },
                try connection.query("SELECT digest FROM datasync_manifests WHERE is_complete") {
                    Digest(hex: try $0.string(0))
                },
                try connection.query("SELECT DISTINCT shard FROM datasync_names") {
                    try $0.withBlob(0) { LeafKey(bytes: $0).digest }
                }
            )
        }
        #expect(Dictionary(uniqueKeysWithValues: references) == held.mapValues { $0 }, "\(place()): references")
        let here = Set(try await store.shards.digests())
        // What is visible was verified.
        for shard in here where !isFlipped(shard) {
            let bytes = try await store.shards.array(shard)
            #expect(bytes == content.bytes[shard], "\(place()): shard \(shard)")
        }
        for shard in here where isFlipped(shard) {
            // A flip may leave the very same raw bytes; it never gives others.
            do {
                let bytes = try await store.shards.array(shard)
                #expect(bytes == content.bytes[shard], "\(place()): flipped shard \(shard)")
            } catch let error as DataSyncError {
                #expect(error.is(.corruptShard) || error.is(.missing), "\(place()): \(error)")
            }
        }
        // What was told is there.
        for shard in stored where !isFlipped(shard) {
            #expect(here.contains(shard), "\(place()): lost shard \(shard)")
        }
        for owner in complete {
            let digest = try #require(held[owner])
            let isLost = content.shards(of: digest).contains { isFlipped($0) }
            #expect(isLost || whole.contains(digest), "\(place()): '\(owner)' was told of \(digest)")
        }
        // What says that it is complete is.
        for digest in whole.compactMap({ $0 }) {
            for shard in content.shards(of: digest) where !isFlipped(shard) {
                #expect(here.contains(shard), "\(place()): a complete manifest lacks \(shard)")
            }
        }
        #expect(Set(names) == named, "\(place()): names")
        if isTidy {
            #expect(here.isSubset(of: named), "\(place()): something stays that nothing names")
            if flipped.isEmpty { #expect(try await store.problems() == [], "\(place())") }
        }
    }
}

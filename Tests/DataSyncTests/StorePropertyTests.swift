import Contracts
import Core
import Store
import TestKit
import Testing

@testable import DataSync

/// Random interleavings of everything that changes a store, against a model of what must be there.
@Suite struct StorePropertyTests {
    /// What a holder was told it has.
    private struct Held: Sendable {
        let owner: String
        let lists: [LeafList]
        let bytes: [[UInt8]]
    }

    private static let pieces = (0..<10).map { index in
        index < 6 ? Bytes.noise(900 + index * 211, seed: UInt64(index)) : Bytes.text(3000 + index, seed: UInt64(index))
    }

    /// A shard of some pieces, which many shards have in common.
    private static func shard(_ random: inout SplitMix64) -> NewShard {
        let parts = (0..<Int.random(in: 1...5, using: &random)).map { _ in pieces.randomElement(using: &random) ?? [] }
        return NewShard(bytes: ShardBytes(parts.flatMap { $0 }), leafSizes: parts.map(\.count))
    }

    /// Puts or accepts shards and names them; what is not told to be held is forgotten.
    private static func hold(_ owner: String, in store: TestStore, _ random: inout SplitMix64) async throws -> Held {
        let new = (0..<Int.random(in: 1...3, using: &random)).map { _ in shard(&random) }
        let byPut = Bool.random(using: &random)
        while true {
            var lists: [LeafList] = []
            if byPut {
                lists = try await store.shards.put(new)
            } else {
                var arrived: [ArrivedShard] = []
                for shard in new {
                    var start = 0
                    let parts = shard.leafSizes.map { size in
                        defer { start += size }
                        return shard.bytes.slice(start..<start + size)
                    }
                    let leaves = parts.map { Leaf(key: $0.withUnsafeBytes { SHA256.key(of: $0) }, size: $0.count) }
                    let list = try #require(LeafList(leaves))
                    let held = try await store.shards.held(leaves.map(\.key))
                    arrived.append(
                        ArrivedShard(
                            digest: list.digest, list: list,
                            contents: zip(leaves, parts).map { held.contains($0.key) ? .present : .raw($1) }))
                    lists.append(list)
                }
                // What was here a moment ago may have gone; then it is told and nothing is counted on.
                let refused = try await store.shards.accept(arrived)
                #expect(refused.values.allSatisfy { $0.is(.missing) && $0.isRetriable })
                if !refused.isEmpty { continue }
            }
            do { try await store.name(lists, as: owner) } catch let error as DataSyncError where error.is(.missing) {
                continue
            }
            return Held(
                owner: owner, lists: lists, bytes: new.map { $0.bytes.withUnsafeBytes { [UInt8]($0) } })
        }
    }

    private static func check(_ held: Held, in store: TestStore) async throws {
        for (list, bytes) in zip(held.lists, held.bytes) {
            #expect(try await store.shards.array(list.digest) == bytes, "\(held.owner)")
        }
    }

    /// Several at once put, accept, read and release, with restarts in between: nothing referenced is lost, nothing
    /// else stays, and the counts agree.
    @Test(arguments: [1, 2, 3]) func nothingReferencedIsLostAndNothingElseStays(_ seed: UInt64) async throws {
        let directory = try TemporaryDirectory("shards")
        var held: [Held] = []
        var random = SplitMix64(seed: seed)
        for round in 0..<4 {
            let store = try await TestStore.open(directory.path) { $0.segmentBytes = 30_000 }
            // What nobody named in the last round goes; what was named is there.
            _ = try await store.shards.removeUnnamed()
            for entry in held { try await Self.check(entry, in: store) }
            #expect(try await store.problems() == [], "seed \(seed), round \(round)")
            let kept = try await withThrowingTaskGroup(of: [Held].self) { group in
                for task in 0..<4 {
                    let own = held.enumerated().filter { $0.offset % 4 == task }.map(\.element)
                    let seed = random.next()
                    group.addTask {
                        try await Self.churn(store, own, prefix: "\(round).\(task)", seed: seed)
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            held = kept
            try await store.shards.reclaim()
            #expect(try await store.problems() == [], "seed \(seed), round \(round)")
            await store.database.close()
        }
        let store = try await TestStore.open(directory.path)
        for entry in held { try await store.release(entry.owner) }
        _ = try await store.shards.removeUnnamed()
        let usage = try await store.shards.usage()
        #expect(usage.leaves == 0 && usage.shards == 0 && usage.garbageBytes == 0)
        #expect(usage.segments <= 1)
        #expect(held.count > 0)
    }

    private static func churn(
        _ store: TestStore, _ own: [Held], prefix: String, seed: UInt64
    ) async throws -> [Held] {
        var held = own
        var random = SplitMix64(seed: seed)
        for step in 0..<40 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<4: held.append(try await hold("\(prefix).\(step)/", in: store, &random))
            case 4..<7:
                guard let index = held.indices.randomElement(using: &random) else { continue }
                try await store.release(held.remove(at: index).owner)
            case 7:
                // Put and not named, as by whoever is killed in between.
                _ = try await store.shards.put([shard(&random)])
            case 8:
                let report = try await store.shards.scrub()
                #expect(report.damaged.isEmpty)
            default:
                guard let entry = held.randomElement(using: &random) else { continue }
                try await check(entry, in: store)
            }
        }
        return held
    }

    /// A reader never sees other bytes than the shard's, however often it is removed and stored again under it.
    @Test func readersRaceRemovalSafely() async throws {
        let directory = try TemporaryDirectory("shards")
        let store = try await TestStore.open(directory.path) { $0.segmentBytes = 20_000 }
        let bytes = Bytes.noise(20_000, seed: 1)
        let new = NewShard(bytes: ShardBytes(bytes), leafBytes: 5000)
        let digest = try await store.shards.put([new])[0].digest
        let done = CancellationFlag()
        let reads = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    var reads = 0
                    while !done.isSet {
                        do {
                            let read = try await store.shards.array(digest)
                            #expect(read == bytes)
                            reads += 1
                        } catch let error as DataSyncError { #expect(error.is(.missing), "\(error)") }
                    }
                    return reads
                }
            }
            for _ in 0..<60 {
                try await store.shards.removeUnnamed([digest])
                _ = try await store.shards.put([new])
            }
            done.set()
            return try await group.reduce(0, +)
        }
        #expect(reads > 0)
        #expect(try DirectoryListing.names(in: directory.file("shards/quarantine")).isEmpty)
        try await store.shards.reclaim()
        #expect(try await store.problems() == [])
    }

    /// Space comes back: of whole segments at once, of parts of others by holes.
    @Test func spaceComesBack() async throws {
        let directory = try TemporaryDirectory("shards")
        let store = try await TestStore.open(directory.path) { $0.segmentBytes = 2 << 20 }
        var lists: [LeafList] = []
        for seed in 0..<12 { lists.append(try await store.shards.put(Bytes.noise(1 << 20, seed: UInt64(seed)))) }
        let full = try await store.space()
        #expect(full.segments >= 6 && full.disk >= 12 << 20)
        for (index, list) in lists.enumerated() where index != 5 { try await store.shards.removeUnnamed([list.digest]) }
        let rest = try await store.space()
        #expect(rest.live == 16 * (65_536 + 48))
        #expect(rest.disk <= rest.live + rest.segments * 8192, "\(rest)")
        // The shard may lie in two segments, and the last one is still written to.
        #expect(rest.segments <= 3)
        #expect(try await store.shards.array(lists[5].digest) == Bytes.noise(1 << 20, seed: 5))
    }
}

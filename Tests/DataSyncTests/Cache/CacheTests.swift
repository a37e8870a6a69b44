import Contracts
import Core
import Foundation
import Glibc
import MessageBus
import Store
import Telemetry
import TestKit
import Testing

@testable import DataSync

/// What stays of fetched versions that nobody needs, and what goes first.
@Suite(.timeLimit(.minutes(5))) struct CacheTests {
    @Test func whatIsDearToFetchAndOftenWantedIsWorthMore() {
        func cost(_ bytes: Int, _ rate: Double?, _ roundTrip: Duration?) -> Double {
            CacheValue.cost(bytes: bytes, bytesPerSecond: rate, roundTrip: roundTrip)
        }
        #expect(cost(10_000_000, 1e6, .milliseconds(100)) == 10.4)
        #expect(cost(1 << 20, 1e6, nil) > cost(1 << 20, 1e8, nil))
        #expect(cost(0, 0, .zero).isFinite && cost(1, nil, nil) > 0)
        func value(_ age: Double, _ frequency: Int, _ cost: Double, _ bytes: Int) -> Double {
            CacheValue.value(age: age, frequency: frequency, cost: cost, bytes: bytes)
        }
        #expect(value(0, 2, 1, 1 << 20) == 2 && value(0, 1, 1, 1 << 21) == 0.5)
        // What is not used again is overtaken, however much it was used once.
        #expect(value(5, 1, 1, 1 << 20) > value(0, 5, 1, 1 << 20))
        #expect(value(0, 1, 1, 0).isFinite)
    }

    /// A core that has models of 8 KiB, and an edge with room in its cache for `room` of them.
    private func clouds(
        _ pair: Pair, models: Int, room: Int
    ) async throws -> (core: Cloud, edge: Cloud) {
        let core = try await pair.core()
        let edge = try await pair.edge { $0.cacheBytes = room * 8192 }
        return (core, edge)
    }

    private static func publish(_ core: Cloud, models: Int) async throws -> [Digest] {
        var digests: [Digest] = []
        for number in 0..<models {
            digests.append(
                try await core.publish([Bytes.noise(8192, seed: UInt64(number))], as: "model/\(number)/").digest)
        }
        return digests
    }

    private static let model = TransferTags(artefact: .model)

    /// Fetches and lets go.
    private static func use(_ edge: Cloud, _ digest: Digest) async throws -> FetchReply {
        let reply = try await edge.fetch(digest, as: "use/", tags: model)
        try await edge.release("use/")
        return reply
    }

    private static func isHere(_ edge: Cloud, _ digest: Digest) async throws -> Bool {
        try await edge.database.read { try Catalogue(connection: $0).isComplete(digest) } == true
    }

    @Test func whatWasLetGoIsThereWhenItIsWantedAgain() async throws {
        let pair = try Pair()
        let (core, edge) = try await clouds(pair, models: 3, room: 2)
        try await pair.running(core, edge) {
            let models = try await Self.publish(core, models: 3)
            #expect(try await Self.use(edge, models[0]).movedShards > 0)
            #expect(try await Self.use(edge, models[0]).movedShards == 0)
            var status = try #require(try await edge.status().cache)
            #expect(status.hits == 1 && status.misses == 1 && status.versions == 1 && status.bytes == 8192)
            // The one that was wanted once goes, not the one that was wanted twice.
            _ = try await Self.use(edge, models[1])
            _ = try await Self.use(edge, models[2])
            #expect(try await Self.isHere(edge, models[0]))
            let others = [try await Self.isHere(edge, models[1]), try await Self.isHere(edge, models[2])]
            #expect(others.count { $0 } == 1)
            status = try #require(try await edge.status().cache)
            #expect(status.evictions == 1 && status.bytes == status.quota && status.versions == 2)
            #expect(try await edge.namedShards() == Set(await edge.shards.digests()))
        }
    }

    @Test func whatSomebodyNeedsIsNoCache() async throws {
        let pair = try Pair()
        let (core, edge) = try await clouds(pair, models: 4, room: 1)
        try await pair.running(core, edge) {
            let models = try await Self.publish(core, models: 4)
            _ = try await edge.fetch(models[0], as: "live/0", tags: Self.model)
            _ = try await edge.fetch(models[1], as: "use/1", tags: Self.model)
            _ = try await edge.fetch(models[1], as: "live/1", tags: Self.model)
            try await edge.release("use/")
            _ = try await Self.use(edge, models[3])
            // What is in the cache and is needed again leaves it.
            _ = try await edge.fetch(models[3], as: "live/3", tags: Self.model)
            #expect(try await edge.status().cache?.versions == 0)
            #expect(try await edge.service.makeRoom() == false)
            for index in [0, 1, 3] {
                let manifest = try await edge.service.manifest(models[index])
                #expect(try await edge.tensors(of: manifest) == [Bytes.noise(8192, seed: UInt64(index))])
            }
            // Once it is let go again it can be evicted.
            try await edge.release("live/")
            #expect(try await edge.service.makeRoom())
            #expect(try await edge.shards.digests().isEmpty)
        }
    }

    /// What a cloud made itself, what is used once, what nobody labelled, and versions that a person removes are not kept.
    @Test func whatCannotBeWantedAgainIsNotKept() async throws {
        let pair = try Pair()
        let (core, edge) = try await clouds(pair, models: 2, room: 10)
        try await pair.running(core, edge) {
            let models = try await Self.publish(core, models: 2)
            _ = try await edge.fetch(models[0], as: "a/", tags: TransferTags(artefact: .update))
            _ = try await edge.fetch(models[1], as: "b/")
            _ = try await edge.publish([Bytes.noise(8192, seed: 99)], as: "c/", tags: Self.model)
            for prefix in ["a/", "b/", "c/"] { try await edge.release(prefix) }
            #expect(try await edge.shards.digests().isEmpty)
            try await edge.append("a\n")
            let version = try await edge.service.seal(Cloud.dataset()).version
            _ = try await edge.service.removeVersions(version.reference)
            while edge.service.metrics.waitingRemovals.value > 0 { try await Task.sleep(for: .milliseconds(1)) }
            #expect(try await edge.shards.digests().isEmpty)
        }
    }

    /// Cached versions are served by the rules of what they were held as.
    @Test func whatIsCachedKeepsItsLabels() async throws {
        let pair = try Pair()
        let (core, edge) = try await clouds(pair, models: 1, room: 10)
        try await pair.running(core, edge) {
            let models = try await Self.publish(core, models: 1)
            let tags = TransferTags(artefact: .features, dataset: try Cloud.dataset())
            _ = try await edge.fetch(models[0], as: "x/", tags: tags)
            try await edge.release("x/")
            #expect(try await edge.service.tags(of: models[0]) == tags)
            _ = try await edge.fetch(models[0], as: "y/", tags: Self.model)
            let labels = try await edge.database.read { try Catalogue(connection: $0).labels(of: models[0]) }
            #expect(labels == [Self.model])
        }
    }

    @Test func aSmallerQuotaHoldsFromTheNextStart() async throws {
        let pair = try Pair()
        let (core, edge) = try await clouds(pair, models: 3, room: 3)
        try await pair.running(core, edge) {
            for model in try await Self.publish(core, models: 3) { _ = try await Self.use(edge, model) }
            #expect(try await edge.status().cache?.versions == 3)
        }
        await edge.database.close()
        let again = try await Cloud.open(
            PeerID("edge-a"), directory: pair.directory.file("edge"), context: BusContext()
        ) { $0.cacheBytes = 8192 }
        try await again.service.recover()
        #expect(try await again.service.cacheStatus().versions == 1)
        await again.database.close()
        let off = try await Cloud.open(
            PeerID("edge-a"), directory: pair.directory.file("edge"), context: BusContext())
        try await off.service.recover()
        #expect(try await off.shards.digests().isEmpty)
    }

    /// On a full disk the cache gives way to what is fetched and appended, and only then is the disk full.
    @Test(.enabled(if: SmallDisk.isAvailable, "needs the right to mount a file system"))
    func aFullDiskTakesTheCacheFirst() async throws {
        let disk = try SmallDisk(bytes: 16 << 20)
        let pair = try Pair()
        let core = try await pair.core { $0.shardBytes = 1 << 20 }
        let edge = try await pair.edge(at: disk.file("edge")) {
            $0.cacheBytes = 1 << 30
            $0.segmentBytes = 2 << 20
        }
        try await pair.running(core, edge) {
            var models: [Digest] = []
            for number in 0..<12 {
                let model = [Bytes.noise(2 << 20, seed: UInt64(number))]
                models.append(try await core.publish(model, as: "model/\(number)/").digest)
            }
            // 24 MiB go over a disk of 16.
            for model in models { _ = try await Self.use(edge, model) }
            #expect(try await edge.service.cacheStatus().evictions > 0)
            var appended = 0
            let text = String(repeating: "x", count: 1 << 20) + "\n"
            do {
                while appended < 100 {
                    try await edge.append(text)
                    appended += 1
                }
                Issue.record("the disk is never full")
            } catch let error as StoreError { #expect(error.kind == .full) }
            #expect(appended >= 5)
            #expect(try await edge.open().bytes == appended * text.utf8.count)
            #expect(try await edge.service.cacheStatus().versions == 0)
        }
        await edge.database.close()
    }
}

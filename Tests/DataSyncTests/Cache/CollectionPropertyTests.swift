import Contracts
import Core
import MessageBus
import Store
import Synchronization
import TestKit
import Testing

@testable import DataSync

/// Random interleavings of everything that adds to a cloud's store and takes from it, against a model of what must be there.
@Suite(.serialized, .timeLimit(.minutes(10))) struct CollectionPropertyTests {
    private static let models = 8
    private static let quota = 3 * 12_288

    /// What must be there.
    private struct Model: Sendable {
        /// What references that were acknowledged hold.
        var held: [String: Int] = [:]
        /// References whose fetch or release was cut short: they may be there or not.
        var unsure: [String: Int] = [:]
        /// Records that were acknowledged, and those after them of an append that was cut short.
        var records: [UInt8] = []
        var sent: [UInt8] = []
        var pinned: Set<Int> = []
        var removable: Set<Int> = []
        /// Versions whose removal was cut short.
        var mayBeGone: Set<Int> = []
        var next = 0
    }

    /// Tensors that share half of their bytes with the others.
    private static func tensors(_ number: Int) -> [[UInt8]] {
        [Bytes.noise(6144, seed: UInt64(number)), Bytes.noise(6144, seed: UInt64(100 + number % 3))]
    }

    private enum Step: CaseIterable {
        case fetch, fetchAgain, release, append, seal, pin, remove, evict, reclaim, publish
    }

    private final class World: Sendable {
        let model = Mutex(Model())
        let digests: [Digest]

        init(_ digests: [Digest]) { self.digests = digests }
    }

    @Test(arguments: 0..<16) func nothingThatIsNeededIsCollected(_ seed: Int) async throws {
        var random = SplitMix64(seed: UInt64(seed))
        let pair = try Pair()
        // In memory where that may be mounted: thousands of syncs would hold up whatever else runs.
        let disk = SmallDisk.isAvailable ? try SmallDisk(bytes: 64 << 20) : nil
        let core = try await pair.core()
        try await running(core) {
            var digests: [Digest] = []
            for number in 0..<Self.models {
                digests.append(try await core.publish(Self.tensors(number), as: "model/\(number)/").digest)
            }
            let world = World(digests)
            for life in 0..<4 {
                let edge = try await pair.edge(at: disk?.file("edge")) {
                    $0.cacheBytes = Self.quota
                    $0.segmentBytes = 64 << 10
                    $0.sealedVersions = .max
                }
                try await running(edge) {
                    try await edge.bus.ready(.core, timeout: .seconds(60))
                    try await Self.settle(world, edge)
                    for step in 0..<15 {
                        // Three at once; in the end of a life all of them are cut short.
                        try await Self.steps(world, edge, &random, isLast: step == 14)
                    }
                }
                try await Self.check(world, edge, "seed \(seed), life \(life)")
                await edge.database.close()
            }
        }
    }

    private static func steps(
        _ world: World, _ edge: Cloud, _ random: inout SplitMix64, isLast: Bool
    ) async throws {
        let seeds = (0..<3).map { _ in random.next() }
        let pause = Int.random(in: 0...3, using: &random)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for seed in seeds {
                group.addTask {
                    var random = SplitMix64(seed: seed)
                    try await Self.step(world, edge, &random)
                }
            }
            if isLast {
                try await Task.sleep(for: .milliseconds(pause))
                group.cancelAll()
            }
            while let result = await group.nextResult() {
                // What was cut short may say so in many ways.
                if !isLast { try result.get() }
            }
        }
        if !isLast, try await edge.service.cacheStatus().bytes > quota { await edge.service.enforceQuota() }
    }

    private static func step(_ world: World, _ edge: Cloud, _ random: inout SplitMix64) async throws {
        let service = edge.service
        let name = try Cloud.dataset()
        switch Step.allCases.randomElement(using: &random) ?? .fetch {
        case .fetch, .fetchAgain:
            let number = Int.random(in: 0..<models, using: &random)
            let reference = world.model.withLock { model in
                model.next += 1
                let reference = "job/\(model.next)/"
                model.unsure[reference] = number
                return reference
            }
            _ = try await edge.fetch(world.digests[number], as: reference, tags: TransferTags(artefact: .model))
            world.model.withLock { model in
                model.unsure[reference] = nil
                model.held[reference] = number
            }
        case .release:
            let keys = world.model.withLock { $0.held.keys.sorted() }
            guard let reference = keys.randomElement(using: &random) else { return }
            let isMine = world.model.withLock { model in
                guard let number = model.held.removeValue(forKey: reference) else { return false }
                model.unsure[reference] = number
                return true
            }
            guard isMine else { return }
            try await service.release(prefix: reference)
            _ = world.model.withLock { $0.unsure.removeValue(forKey: reference) }
        case .append:
            // One at a time: what was sent is what the next one begins behind.
            let text = "\(random.next()) \(String(repeating: "y", count: Int(random.next() % 600)))\n"
            let bytes = Array(text.utf8)
            let start: Int? = world.model.withLock { model in
                guard model.sent.count == model.records.count else { return nil }
                model.sent += bytes
                return model.records.count
            }
            guard let start else { return }
            try await edge.append(text, producer: "p", at: start)
            world.model.withLock { $0.records += bytes }
        case .seal:
            do {
                let sealed = try await service.seal(name)
                guard !sealed.isUnchanged, let version = sealed.version.reference.version else { return }
                world.model.withLock { _ = $0.removable.insert(version) }
            } catch let error as DataSyncError where error.is(.missing) { return }
        case .pin:
            let version: Int? = world.model.withLock { model in
                guard let version = model.removable.subtracting(model.mayBeGone).max() else { return nil }
                model.removable.remove(version)
                model.pinned.insert(version)
                return version
            }
            guard let version else { return }
            try await edge.database.write { connection in
                let table = VersionTable(connection: connection)
                try table.setPinned(true, table.version(DatasetReference(name, version: version)))
            }
        case .remove:
            // The newest one has everything; the others may go.
            let version: Int? = world.model.withLock { model in
                guard let version = model.removable.min(), version != model.removable.union(model.pinned).max() else {
                    return nil
                }
                model.removable.remove(version)
                model.mayBeGone.insert(version)
                return version
            }
            guard let version else { return }
            _ = try await service.removeVersions(DatasetReference(name, version: version))
        case .evict: _ = try await service.makeRoom()
        case .reclaim: _ = try await edge.shards.reclaim()
        case .publish:
            let number = Int.random(in: 0..<models, using: &random)
            let reference = world.model.withLock { model in
                model.next += 1
                let reference = "own/\(model.next)/"
                model.unsure[reference] = number
                return reference
            }
            _ = try await edge.publish(tensors(number), as: reference, tags: TransferTags(artefact: .model))
            world.model.withLock { model in
                model.unsure[reference] = nil
                model.held[reference] = number
            }
        }
    }

    /// After a restart: finds out what became of what was cut short.
    private static func settle(_ world: World, _ edge: Cloud) async throws {
        let references = Set(
            try await edge.service.references(prefix: "job/") + edge.service.references(prefix: "own/"))
        let position = try await edge.service.append(
            nil, AppendRequest(dataset: Cloud.dataset(), producer: "p")
        ).position
        let unsure = world.model.withLock { model in
            let unsure = model.unsure
            model.unsure = [:]
            #expect(position == model.records.count || position == model.sent.count)
            model.records = Array(model.sent.prefix(position))
            model.sent = model.records
            return unsure
        }
        for (reference, number) in unsure where references.contains(reference) {
            // Held, whole or not: asked for again, it is whole.
            _ = try await edge.fetch(world.digests[number], as: reference, tags: TransferTags(artefact: .model))
            world.model.withLock { $0.held[reference] = number }
        }
        let versions = try await edge.database.read {
            try VersionTable(connection: $0).versions(of: Cloud.dataset()).compactMap(\.reference.version)
        }
        world.model.withLock { model in
            model.mayBeGone = []
            model.removable = Set(versions).subtracting(model.pinned)
            #expect(model.pinned.isSubset(of: versions))
        }
    }

    /// Everything that must be there is, byte for byte, and what nobody needs takes no space but the cache's.
    private static func check(_ world: World, _ edge: Cloud, _ what: String) async throws {
        let model = world.model.withLock { $0 }
        for (reference, number) in model.held {
            let digest = world.digests[number]
            let manifest = try await edge.service.manifest(digest)
            var bytes: [UInt8] = []
            for shard in manifest.shards { bytes += try await edge.shards.array(shard.digest) }
            #expect(bytes == tensors(number).flatMap { $0 }, "\(what): \(reference)")
        }
        let versions = try await edge.database.read {
            try VersionTable(connection: $0).versions(of: Cloud.dataset())
        }
        for version in versions {
            let records = try await edge.records(version)
            #expect(model.sent.starts(with: records), "\(what): \(version.reference)")
        }
        if let newest = versions.last {
            let open = try await edge.open()
            let count = try await edge.records(newest).count + open.bytes
            #expect(count == model.records.count || count == model.sent.count, "\(what)")
        }
        #expect(model.pinned.isSubset(of: versions.compactMap(\.reference.version)), "\(what)")
        // What a release that was cut short left behind goes with the start.
        try await edge.service.recover()
        let store = TestStore(shards: edge.shards, database: edge.database)
        #expect(try await store.problems() == [], "\(what)")
        // Of a fetch that was cut short shards may be missing; none is there that nothing names.
        let named = try await edge.namedShards()
        #expect(try await named.isSuperset(of: edge.shards.digests()), "\(what)")
        #expect(try await edge.service.cacheStatus().bytes <= quota, "\(what)")
    }
}

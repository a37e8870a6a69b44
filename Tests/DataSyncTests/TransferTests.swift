import Contracts
import Core
import MessageBus
import Store
import TestKit
import Testing

@testable import DataSync

@Suite struct TransferTests {
    /// Whatever is published arrives, bit for bit, and moves once.
    @Test func whatIsPublishedArrives() async throws {
        var random = SeededGenerator(seed: 31)
        let pair = try Pair()
        let (core, edge) = (try await pair.core(), try await pair.edge())
        try await pair.running(core, edge) {
            var seen: Set<Digest> = []
            for trial in 0..<25 {
                let tensors = (0..<Int.random(in: 0...5, using: &random)).map { index in
                    let count = 4 * Int.random(in: 0...2000, using: &random)
                    return switch Int.random(in: 0...2, using: &random) {
                    case 0: Bytes.noise(count, seed: random.next())
                    case 1: Bytes.text(count, seed: random.next())
                    default: [UInt8](repeating: UInt8(index), count: count)
                    }
                }
                let summary = try await core.publish(tensors, as: "job/\(trial)/global")
                let reply = try await edge.fetch(summary.digest, as: "job/\(trial)/global")
                #expect(reply.manifest.digest == summary.digest)
                #expect(summary.rawBytes == tensors.reduce(0) { $0 + $1.count })
                #expect(try await edge.tensors(of: reply.manifest) == tensors, "trial \(trial)")
                let new = Set(reply.manifest.shards.map(\.digest)).subtracting(seen)
                #expect(reply.movedShards == new.count, "trial \(trial)")
                #expect(reply.movedShards + reply.presentShards == summary.shards)
                seen.formUnion(new)
                let again = try await edge.fetch(summary.digest, as: "job/\(trial)/again")
                #expect(again.movedShards == 0 && again.movedBytes == 0)
                #expect(again.presentShards == summary.shards)
                #expect(try await edge.service.manifest(summary.digest) == reply.manifest)
            }
        }
    }

    @Test func onlyReadingIsForPeers() async throws {
        let pair = try Pair()
        let (core, edge) = (try await pair.core(), try await pair.edge())
        try await pair.running(core, edge) {
            let summary = try await core.publish([Bytes.noise(4000, seed: 1)], as: "job/1")
            let manifest = try await core.service.manifest(summary.digest)
            let to = Destination.peer(.core)
            let publish = await #expect(throws: BusError.self) {
                try await edge.bus.call(
                    DataSyncContract.publish, PublishRequest(reference: "evil", tensors: []), to: to)
            }
            let fetch = await #expect(throws: BusError.self) {
                try await edge.bus.call(
                    DataSyncContract.fetch,
                    FetchRequest(manifest: summary.digest, source: .core, reference: "evil", maximumBytes: 1 << 30),
                    to: to)
            }
            let release = await #expect(throws: BusError.self) {
                try await edge.bus.call(DataSyncContract.release, ReleaseRequest(prefix: "job"), to: to)
            }
            let shard = await #expect(throws: BusError.self) {
                try await edge.bus.call(
                    DataSyncContract.shard, ShardRequest(digest: manifest.shards[0].digest), to: to)
            }
            for error in [publish, fetch, release, shard] { #expect(error?.code == "refused") }
            #expect(try await core.tensors(of: manifest).count == 1)
        }
    }

    @Test func requestsThatCannotBeCarriedOutAreToldWhy() async throws {
        let pair = try Pair()
        let (core, edge) = (try await pair.core(), try await pair.edge())
        try await pair.running(core, edge) {
            let summary = try await core.publish([Bytes.noise(4000, seed: 2)], as: "job/1")
            let unknown = Bytes.digest([1, 2, 3])
            let missing = await #expect(throws: BusError.self) { try await edge.fetch(unknown, as: "job/1") }
            #expect(missing?.code == "missing")
            #expect(missing?.isRetriable == false)
            #expect(missing?.message.contains(unknown.hex) == true)
            #expect(missing?.message.contains("'core'") == true)
            let large = await #expect(throws: BusError.self) {
                try await edge.fetch(summary.digest, as: "job/1", maximumBytes: 3999)
            }
            #expect(large?.code == "too-large")
            let nobody = await #expect(throws: BusError.self) {
                try await edge.fetch(summary.digest, from: PeerID("edge-z"), as: "job/1")
            }
            #expect(nobody?.code == "unreachable")
            #expect(nobody?.isRetriable == true)
            let nameless = await #expect(throws: BusError.self) { try await edge.fetch(summary.digest, as: "") }
            #expect(nameless?.code == "invalid-request")
            let everything = await #expect(throws: BusError.self) { try await edge.release("") }
            #expect(everything?.code == "invalid-request")
            #expect(try await edge.shards.digests().isEmpty)
            #expect(try await edge.state(of: summary.digest) == nil)
            let wrongSize = await #expect(throws: DataSyncError.self) {
                try await core.service.publish(
                    PublishRequest(reference: "job/2", tensors: [TensorSpec(name: "w", shape: [2, 3])]),
                    tensors: [Attachment([UInt8](repeating: 0, count: 20))])
            }
            #expect(wrongSize?.message.contains("'w'") == true)
            #expect(wrongSize?.message.contains("24 bytes") == true)
        }
    }

    @Test func oneManifestForTwoMovesOnce() async throws {
        let pair = try Pair()
        let (core, edge) = (try await pair.core(), try await pair.edge())
        try await pair.running(core, edge) {
            let summary = try await core.publish([Bytes.noise(100_000, seed: 3)], as: "job/1")
            let moved = try await withThrowingTaskGroup(of: Int.self) { group in
                for reader in 0..<6 {
                    group.addTask { try await edge.fetch(summary.digest, as: "reader/\(reader)").movedShards }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(moved.sorted() == [0, 0, 0, 0, 0, summary.shards])
        }
    }

    /// A shard that the source's disk damaged: told, not asked for again and again; published again it arrives.
    @Test func aShardDamagedAtTheSourceIsToldAndMended() async throws {
        let pair = try Pair()
        let (core, edge) = (try await pair.core { $0.trust = .zero }, try await pair.edge())
        try await pair.running(core, edge) {
            let tensors = [Bytes.noise(10_000, seed: 4)]
            let summary = try await core.publish(tensors, as: "job/1")
            let manifest = try await core.service.manifest(summary.digest)
            try await core.shards.flipBit(manifest.shards[5].digest)
            let error = await #expect(throws: BusError.self) { try await edge.fetch(summary.digest, as: "job/1") }
            #expect(error?.code == "corrupt-shard")
            #expect(error?.isRetriable == false)
            #expect(error?.message.contains(manifest.shards[5].digest.hex) == true)
            await #expect(throws: DataSyncError.self) { try await core.service.manifest(summary.digest) }
            #expect(try await core.publish(tensors, as: "job/1").digest == summary.digest)
            let reply = try await edge.fetch(summary.digest, as: "job/1")
            #expect(try await edge.tensors(of: reply.manifest) == tensors)
        }
    }

    /// A shard that was moved and then damaged here is fetched again, alone.
    @Test func aShardDamagedHereIsFetchedAgain() async throws {
        let pair = try Pair()
        let (core, edge) = (try await pair.core(), try await pair.edge { $0.trust = .zero })
        try await pair.running(core, edge) {
            let tensors = [Bytes.noise(10_000, seed: 5), Bytes.text(10_000, seed: 5)]
            let summary = try await core.publish(tensors, as: "job/1")
            let manifest = try await edge.fetch(summary.digest, as: "job/1").manifest
            let victim = manifest.shards[7].digest
            try await edge.shards.flipBit(victim)
            let error = await #expect(throws: DataSyncError.self) { try await edge.service.shard(victim) }
            #expect(error?.is(.corruptShard) == true)
            // It no longer counts as here, for peers neither.
            await #expect(throws: DataSyncError.self) { try await edge.service.manifest(summary.digest) }
            let reply = try await edge.fetch(summary.digest, as: "job/1")
            #expect(reply.movedShards == 1)
            #expect(try await edge.tensors(of: reply.manifest) == tensors)
            #expect(try await edge.state(of: summary.digest) == .complete)
        }
    }

    @Test(.enabled(if: SmallDisk.isAvailable, "needs the right to mount a tmpfs"))
    func aFullDiskKeepsWhatCameAndGoesOn() async throws {
        let disk = try SmallDisk(bytes: 2 << 20)
        let pair = try Pair()
        let configure: (inout DataSyncConfiguration) -> Void = {
            $0.shardBytes = 64 << 10
            $0.batchBytes = 128 << 10
        }
        let core = try await pair.core(configure)
        let edge = try await pair.edge(at: disk.file("edge"), configure)
        try await pair.running(core, edge) {
            let tensors = [Bytes.noise(5 << 20, seed: 6)]
            let summary = try await core.publish(tensors, as: "job/1")
            let error = await #expect(throws: BusError.self) { try await edge.fetch(summary.digest, as: "job/1") }
            #expect(error?.code == "full")
            #expect(error?.isRetriable == true)
            let kept = try await edge.shards.digests().count
            #expect(kept > 5)
            await #expect(throws: DataSyncError.self) { try await edge.service.manifest(summary.digest) }
            try disk.resize(bytes: 16 << 20)
            let reply = try await edge.fetch(summary.digest, as: "job/1")
            #expect(reply.presentShards == kept)
            #expect(reply.movedShards == summary.shards - kept)
            #expect(try await edge.tensors(of: reply.manifest) == tensors)
        }
        await edge.database.close()
    }
}

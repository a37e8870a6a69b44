import Contracts
import Core
import MessageBus
import Store
import Telemetry
import TestKit
import Testing

@testable import DataSync

/// Damage at rest: found by a walk that nobody waits for, told of, and fetched again.
@Suite struct ScrubTests {
    private static let tensors = [Bytes.noise(60_000, seed: 1), Bytes.noise(3_000, seed: 2)]

    private static func weekly(_ configuration: inout DataSyncConfiguration) {
        configuration.scrub = ScrubSettings(interval: .seconds(7 * 86_400), bytesPerSecond: ByteCount(0))
        configuration.mends = true
    }

    /// Waits until nothing damaged is left.
    private static func whole(_ cloud: Cloud) async throws {
        while try await cloud.status().scrub?.waiting != 0 { try await Task.sleep(for: .milliseconds(2)) }
    }

    @Test func anEdgeFetchesWhatItsDiskDamagedFromTheCore() async throws {
        let pair = try Pair()
        let (core, edge) = (try await pair.core(), try await pair.edge { Self.weekly(&$0) })
        try await pair.running(core, edge) {
            let summary = try await core.publish(Self.tensors, as: "job/1")
            let reply = try await edge.fetch(summary.digest, as: "job/1")
            try await edge.service.scrubber.walk()
            let sound = try #require(try await edge.status().scrub)
            #expect(sound.damaged == 0 && sound.waiting == 0 && sound.finished != nil && !sound.isRunning)
            #expect(sound.checkedBytes > 63_000 && sound.checkedBytes == sound.totalBytes)
            #expect(try #require(sound.next) > #require(sound.finished).advanced(by: .seconds(6 * 86_400)))

            for shard in [3, 17] { try await edge.shards.flipBit(reply.manifest.shards[shard].digest) }
            let moved = Int(edge.service.metrics.receivedBytes.value)
            try await edge.service.scrubber.walk()
            #expect(try await edge.status().scrub?.damaged == 2)
            try await Self.whole(edge)
            #expect(try await edge.service.manifest(summary.digest) == reply.manifest)
            #expect(try await edge.tensors(of: reply.manifest) == Self.tensors)
            #expect(Int(edge.service.metrics.damagedShards.value) == 2)
            #expect(Int(edge.service.metrics.mendedManifests.value) == 1)
            #expect(Int(edge.service.metrics.scrubs.value) == 2)
            // No more than the two shards came again.
            #expect(Int(edge.service.metrics.receivedBytes.value) - moved <= 3 * 1024)
            #expect(try await edge.service.references(prefix: "") == ["job/1"])
        }
    }

    /// The core gets back from an edge what it made itself.
    @Test func theCoreFetchesItFromAnEdge() async throws {
        let pair = try Pair()
        let (core, edge) = (try await pair.core { Self.weekly(&$0) }, try await pair.edge())
        try await pair.running(core, edge) {
            let summary = try await core.publish(Self.tensors, as: "job/1")
            let reply = try await edge.fetch(summary.digest, as: "job/1")
            // Nobody has this one.
            let lonely = try await core.publish([Bytes.noise(5_000, seed: 3)], as: "lonely")
            let lost = try await core.service.manifest(lonely.digest).shards[2].digest
            try await core.shards.flipBit(reply.manifest.shards[5].digest)
            try await core.shards.flipBit(lost)
            try await core.service.scrubber.walk()
            while try await core.status().scrub?.waiting != 1 { try await Task.sleep(for: .milliseconds(2)) }
            #expect(try await core.tensors(of: reply.manifest) == Self.tensors)
            #expect(Int(core.service.metrics.mendedManifests.value) == 1)
            await #expect(throws: DataSyncError.self) { try await core.service.manifest(lonely.digest) }
            // Made anew it is whole.
            _ = try await core.publish([Bytes.noise(5_000, seed: 3)], as: "lonely")
            #expect(try await core.status().scrub?.waiting == 0)
        }
    }

    /// What a reader finds damaged is mended without a walk.
    @Test func whatAReaderFindsIsMended() async throws {
        let pair = try Pair()
        let core = try await pair.core()
        let edge = try await pair.edge {
            Self.weekly(&$0)
            $0.trust = .zero
        }
        try await pair.running(core, edge) {
            let summary = try await core.publish(Self.tensors, as: "job/1")
            let reply = try await edge.fetch(summary.digest, as: "job/1")
            try await edge.shards.flipBit(reply.manifest.shards[9].digest)
            let error = await #expect(throws: DataSyncError.self) {
                try await edge.service.shard(reply.manifest.shards[9].digest)
            }
            #expect(error?.is(.corruptShard) == true)
            while edge.service.metrics.mendedManifests.value < 1 { try await Task.sleep(for: .milliseconds(2)) }
            #expect(try await edge.tensors(of: reply.manifest) == Self.tensors)
        }
    }

    /// A walk that was cut short goes on where it was, in the next life of the daemon, and begins by itself.
    @Test func aWalkGoesOnAfterARestart() async throws {
        let pair = try Pair()
        let slow: (inout DataSyncConfiguration) -> Void = {
            $0.scrub = ScrubSettings(interval: .seconds(7 * 86_400), bytesPerSecond: ByteCount(200_000))
        }
        let core = try await pair.core { slow(&$0) }
        let total = try await pair.running(core, try await pair.edge()) {
            _ = try await core.publish([Bytes.noise(400_000, seed: 4)], as: "job/1")
            return try await core.shards.usage().liveBytes
        }
        let scrubber = Scrubber(
            shards: core.shards, store: core.database, board: core.service.board,
            settings: core.service.configuration.scrub, metrics: core.service.metrics, damage: Signal(),
            logger: .disabled, clock: SystemWallClock(), saving: .zero)
        let walk = Task { try await scrubber.walk() }
        while try await scrubber.status().checkedBytes < 40_000 { try await Task.sleep(for: .milliseconds(1)) }
        walk.cancel()
        await #expect(throws: CancellationError.self) { try await walk.value }
        let cut = try #require(try await core.database.read { try Catalogue(connection: $0).scrubRecord() })
        #expect(try #require(cut.position) > 0 && cut.bytes >= 40_000 && cut.bytes < total)
        await core.database.close()

        let again = try await Pair(pair.directory).core { Self.weekly(&$0) }
        try await running(again) {
            while try await again.status().scrub?.finished == nil { try await Task.sleep(for: .milliseconds(2)) }
        }
        let done = try #require(try await again.database.read { try Catalogue(connection: $0).scrubRecord() })
        #expect(done.bytes == total && done.position == nil && done.started == cut.started)
        #expect(Int(again.service.metrics.scrubbedBytes.value) == total - cut.bytes)
    }

    /// While something moves the walk stands still.
    @Test func aWalkYieldsToTransfers() async throws {
        let pair = try Pair()
        let (core, edge) = (try await pair.core { Self.weekly(&$0) }, try await pair.edge())
        try await pair.running(core, edge) {
            let summary = try await core.publish([Bytes.noise(600_000, seed: 5)], as: "job/1")
            try await core.control(.limit, bytesPerSecond: 100_000)
            async let reply = edge.fetch(summary.digest, as: "job/1")
            while !core.service.board.isMoving { try await Task.sleep(for: .milliseconds(1)) }
            async let walk: Void = core.service.scrubber.walk()
            while try await core.status().scrub?.checkedBytes == 0 { try await Task.sleep(for: .milliseconds(1)) }
            // One batch was read before it looked; no other until the transfer is over.
            let first = try await core.status().scrub?.checkedBytes
            while edge.service.metrics.receivedBytes.value < 200_000 { try await Task.sleep(for: .milliseconds(5)) }
            #expect(try await core.status().scrub?.checkedBytes == first)
            #expect(try await core.status().scrub?.isRunning == true)
            try await core.control(.limit, bytesPerSecond: 0)
            _ = try await reply
            try await walk
            #expect(try await core.status().scrub?.finished != nil)
        }
    }
}

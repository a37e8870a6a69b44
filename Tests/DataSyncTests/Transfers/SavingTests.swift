import Contracts
import Core
import MessageBus
import TestKit
import Testing

@testable import DataSync

/// What does not have to move does not, and what does moves in few bytes.
@Suite struct SavingTests {
    private static func configure(_ configuration: inout DataSyncConfiguration) {
        configuration.shardBytes = 64 << 10
        configuration.leafBytes = 4 << 10
        configuration.batchBytes = 256 << 10
    }

    /// Floats as training leaves them: normal noise of one scale.
    static func weights(_ count: Int, seed: UInt64) -> [Float] {
        var random = SplitMix64(seed: seed)
        return (0..<count).map { _ in Float(random.nextNormal()) * 0.05 }
    }

    /// As one more round of training leaves them.
    static func tuned(_ weights: [Float], seed: UInt64, by step: Float = 3e-6) -> [Float] {
        var random = SplitMix64(seed: seed)
        return weights.map { $0 + Float(random.nextNormal()) * step }
    }

    static func bytes(_ floats: [Float]) -> [UInt8] { floats.withUnsafeBytes { [UInt8]($0) } }

    /// Of a model in which a few blocks changed only those leaves move.
    @Test func onlyChangedLeavesMove() async throws {
        let pair = try Pair()
        let (core, edge) = (try await pair.core(Self.configure), try await pair.edge(Self.configure))
        try await pair.running(core, edge) {
            var bytes = Bytes.noise(1 << 20, seed: 1)
            _ = try await edge.fetch(try await core.publish([bytes], as: "job/1").digest, as: "job/1")
            // Twelve of 256 leaves get new noise.
            for leaf in stride(from: 5, to: 256, by: 22) {
                bytes.replaceSubrange(leaf * 4096..<(leaf + 1) * 4096, with: Bytes.noise(4096, seed: UInt64(leaf)))
            }
            let summary = try await core.publish([bytes], as: "job/2")
            let reply = try await edge.fetch(summary.digest, as: "job/2")
            #expect(try await edge.tensors(of: reply.manifest) == [bytes])
            #expect(reply.movedBytes <= 12 * 4096 * 101 / 100, "\(reply.movedBytes)")
            let status = try #require(try await edge.status().transfers.first { $0.manifest == summary.digest })
            #expect(status.phase == .complete && status.doneBytes == 1 << 20 && status.wantedBytes == 1 << 20)
            #expect(status.deduplicatedBytes == (1 << 20) - 12 * 4096)
        }
    }

    /// A model of which every float changed a little moves as differences, bit for bit.
    @Test(arguments: [nil, "zstd", "lz4", "none"]) func aTunedModelMovesAsDifferences(codec: String?) async throws {
        let pair = try Pair()
        let policy = Terms(codec: codec.flatMap(TransferCodec.init(rawValue:)) ?? .automatic)
        let core = try await pair.core(policy: policy, Self.configure)
        let edge = try await pair.edge(policy: policy, Self.configure)
        try await pair.running(core, edge) {
            let first = Self.weights(200_000, seed: 2)
            let second = Self.tuned(first, seed: 3)
            _ = try await edge.fetch(try await core.publish([Self.bytes(first)], as: "job/1").digest, as: "job/1")
            let summary = try await core.publish([Self.bytes(second)], as: "job/2")
            let reply = try await edge.fetch(summary.digest, as: "job/2")
            #expect(try await edge.tensors(of: reply.manifest) == [Self.bytes(second)])
            let ratio = Double(reply.movedBytes) / Double(summary.rawBytes)
            let status = try #require(try await edge.status().transfers.first { $0.manifest == summary.digest })
            switch codec {
            case "none": #expect(status.deltaSavedBytes == 0)
            case nil: #expect(reply.movedBytes <= summary.rawBytes)  // As the link and this build's speed make best.
            default:
                #expect(ratio < 0.75, "\(ratio)")
                #expect(status.deltaSavedBytes > summary.rawBytes / 5)
            }
            // And back: the core has the base as well.
            let third = Self.tuned(second, seed: 4)
            let update = try await edge.publish([Self.bytes(third)], as: "update")
            let back = try await core.fetch(update.digest, from: PeerID("edge-a"), as: "job/2/edge-a")
            #expect(try await core.tensors(of: back.manifest) == [Self.bytes(third)])
            if codec == "lz4" || codec == "zstd" { #expect(back.movedBytes < summary.rawBytes * 3 / 4) }
        }
    }

    /// What differences are added to, and what comes of it, counts as memory of the cloud: it waits for others to be done.
    @Test func differencesWaitForMemory() async throws {
        let pair = try Pair()
        let policy = Terms(codec: .zstd)
        let core = try await pair.core(policy: policy, Self.configure)
        let edge = try await pair.edge(policy: policy, Self.configure)
        try await pair.running(core, edge) {
            let first = Self.weights(50_000, seed: 2)
            _ = try await edge.fetch(try await core.publish([Self.bytes(first)], as: "job/1").digest, as: "job/1")
            let second = try await core.publish([Self.bytes(Self.tuned(first, seed: 3))], as: "job/2")
            let budget = edge.service.rebuilding
            var others = budget.takeNow(budget.capacity, for: PeerID("edge-b"))
            #expect(others != nil)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = try await edge.fetch(second.digest, as: "job/2") }
                while budget.waiting == 0 { try await Task.sleep(for: .milliseconds(1)) }
                others = nil
                try await group.waitForAll()
            }
            #expect(budget.outstanding == 0)
        }
    }

    /// A base that is damaged here costs only what it would have saved.
    @Test func aDamagedBaseIsNoHarm() async throws {
        let pair = try Pair()
        let core = try await pair.core(Self.configure)
        let edge = try await pair.edge {
            Self.configure(&$0)
            $0.trust = .zero
        }
        try await pair.running(core, edge) {
            let first = Self.weights(100_000, seed: 5)
            let second = Self.tuned(first, seed: 6)
            let old = try await edge.fetch(try await core.publish([Self.bytes(first)], as: "job/1").digest, as: "job/1")
            try await edge.shards.flipBit(old.manifest.shards[2].digest)
            let summary = try await core.publish([Self.bytes(second)], as: "job/2")
            let reply = try await edge.fetch(summary.digest, as: "job/2")
            #expect(try await edge.tensors(of: reply.manifest) == [Self.bytes(second)])
        }
    }

    /// Bytes that are packed where they lie are sent so; what was shared by two manifests moves once.
    @Test func packedLeavesTravelPacked() async throws {
        let pair = try Pair()
        let (core, edge) = (try await pair.core(Self.configure), try await pair.edge(Self.configure))
        try await pair.running(core, edge) {
            let text = Bytes.text(400_000, seed: 7)
            let summary = try await core.publish([text], as: "job/1")
            let reply = try await edge.fetch(summary.digest, as: "job/1")
            #expect(try await edge.tensors(of: reply.manifest) == [text])
            #expect(reply.movedBytes < summary.rawBytes / 2)
            let status = try #require(try await edge.status().transfers.first)
            #expect(status.compressionSavedBytes == summary.rawBytes - reply.movedBytes)
        }
    }
}

/// Lets everything move on the same terms.
struct Terms: TransferPolicy {
    var priority = TransferPriority.normal
    var codec = TransferCodec.automatic

    func mayFetch(_ ask: TransferAsk) async throws -> TransferDecision {
        .allow(TransferTerms(priority: priority, codec: codec, rule: RuleName("test")))
    }

    func mayServe(_ ask: TransferAsk) async throws -> TransferDecision { try await mayFetch(ask) }
}

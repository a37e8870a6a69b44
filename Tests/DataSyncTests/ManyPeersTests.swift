import Contracts
import Core
import MessageBus
import TestKit
import Testing

@testable import DataSync

/// One core and many edges that fetch from it at once.
@Suite struct ManyPeersTests {
    private static func edge(_ number: Int, of pair: Pair) async throws -> Cloud {
        let edge = try await Cloud.open(
            PeerID("edge-\(number)"), directory: pair.directory.file("edge-\(number)"), context: pair.context)
        try edge.bus.connect(BusAddress("inproc://core"), security: .none)
        return edge
    }

    /// Runs the core and so many edges, connected.
    private static func running(
        _ core: Cloud, edges count: Int, of pair: Pair, body: ([Cloud]) async throws -> Void
    ) async throws {
        var edges: [Cloud] = []
        for number in 0..<count { edges.append(try await edge(number, of: pair)) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for cloud in edges + [core] {
                group.addTask { try await cloud.bus.run() }
                group.addTask { try await cloud.service.run() }
            }
            defer { group.cancelAll() }
            for edge in edges { try await edge.bus.ready(.core, timeout: .seconds(60)) }
            try await body(edges)
        }
    }

    private static func fetchAll(_ edges: [Cloud], _ digest: Digest) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for edge in edges { group.addTask { _ = try await edge.fetch(digest, as: "job/1") } }
            try await group.waitForAll()
        }
    }

    /// Sixteen edges fetch what is larger than the core's budget, and the core fetches from all of them; nothing is left
    /// taken, and everybody has everything.
    @Test func sixteenEdgesShareASmallBudget() async throws {
        let pair = try Pair()
        let core = try await pair.core {
            $0.shardBytes = 16 << 10
            $0.maximumSendingBytes = 64 << 10
            $0.maximumReceivingBytes = 200 << 10
        }
        let tensors = [Bytes.noise(130_000, seed: 1)]
        try await Self.running(core, edges: 16, of: pair) { edges in
            let summary = try await core.publish(tensors, as: "job/1")
            try await Self.fetchAll(edges, summary.digest)
            for edge in edges {
                #expect(try await edge.tensors(of: edge.service.manifest(summary.digest)) == tensors)
            }
            let updates = try await withThrowingTaskGroup(of: (Digest, PeerID).self) { group in
                for (number, edge) in edges.enumerated() {
                    group.addTask {
                        let update = try await edge.publish([Bytes.noise(66_000, seed: 50 + UInt64(number))], as: "u")
                        return (update.digest, PeerID("edge-\(number)"))
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            try await withThrowingTaskGroup(of: Int.self) { group in
                for (digest, peer) in updates {
                    group.addTask { try await core.fetch(digest, from: peer, as: "job/1/\(peer)").movedBytes }
                }
                for try await bytes in group { #expect(bytes == 66_000) }
            }
            #expect(core.service.sending.waiting == 0)
            #expect(core.service.receiving.outstanding == 0 && core.service.receiving.waiting == 0)
        }
    }

    /// Edges that ask for shards and take none hold up nobody for longer than it takes to notice, and are told.
    @Test func edgesThatTakeNothingHoldUpNobody() async throws {
        let pair = try Pair()
        let core = try await pair.core {
            $0.shardBytes = 16 << 10
            // For each of four stalled edges a shard that waits to be read and one that waits for credit.
            $0.maximumSendingBytes = 8 * (16 << 10)
            $0.stallTimeout = .milliseconds(300)
        }
        try await Self.running(core, edges: 6, of: pair) { edges in
            let summary = try await core.publish([Bytes.noise(1_000_000, seed: 1)], as: "job/1")
            let shards = try await core.service.manifest(summary.digest).shards
            let request = PullRequest(
                manifest: summary.digest, asks: shards.indices.map { ShardAsk(shard: $0) }, itemBytes: 16 << 10)
            // As many as there are shares.
            var stalled: [InboundStream<PullItem>] = []
            for edge in edges.prefix(4) {
                stalled.append(
                    try await edge.bus.stream(
                        DataSyncContract.pull, request, to: .peer(.core), window: 20 << 10))
            }
            while core.service.sending.outstanding == 0 { try await Task.sleep(for: .milliseconds(1)) }
            try await Self.fetchAll(Array(edges.suffix(2)), summary.digest)
            for stream in stalled {
                let error = await #expect(throws: BusError.self) { for try await _ in stream {} }
                #expect(error?.code == "stalled" && error?.isRetriable == true)
            }
        }
    }
}

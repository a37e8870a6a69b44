import Contracts
import Core
import MessageBus
import Synchronization
import TestKit
import Testing

@testable import DataSync

/// Nothing moves that a rule of either side keeps.
@Suite struct RuleTests {
    /// Says what it is told to, and remembers what it was asked.
    private final class Judge: TransferPolicy {
        private let state: Mutex<(fetch: TransferDecision, serve: TransferDecision, asks: [TransferAsk])>
        private let refused = Mutex<Set<Digest>>([])

        init(
            fetch: TransferDecision = .allow(TransferTerms()), serve: TransferDecision = .allow(TransferTerms())
        ) { state = Mutex((fetch, serve, [])) }

        var asks: [TransferAsk] { state.withLock { $0.asks } }

        func setServe(_ decision: TransferDecision) { state.withLock { $0.serve = decision } }

        /// Refuses one manifest.
        func refuse(_ manifest: Digest) { refused.withLock { _ = $0.insert(manifest) } }

        func mayFetch(_ ask: TransferAsk) async throws -> TransferDecision { state.withLock { $0.fetch } }

        func mayServe(_ ask: TransferAsk) async throws -> TransferDecision {
            state.withLock { state in
                state.asks.append(ask)
                return refused.withLock { $0.contains(ask.manifest) } ? RuleTests.refusal : state.serve
            }
        }
    }

    private static let refusal = TransferDecision.refuse(rule: RuleName("policy/test rule 1"), reason: "it is private")

    @Test func whatMayNotBeServedIsRefusedByWhateverCall() async throws {
        let judge = Judge(serve: Self.refusal)
        let pair = try Pair()
        let (core, edge) = (try await pair.core(policy: judge), try await pair.edge())
        try await pair.running(core, edge) {
            let tags = TransferTags(artefact: .rawData)
            let summary = try await core.publish([Bytes.noise(4000, seed: 1)], as: "job/1", tags: tags)
            let error = await #expect(throws: BusError.self) { try await edge.fetch(summary.digest, as: "job/1") }
            #expect(error?.code == "refused" && error?.isRetriable == false)
            #expect(error?.message.contains("policy/test rule 1") == true)
            #expect(judge.asks.last?.tags == tags && judge.asks.last?.peer == PeerID("edge-a"))
            #expect(judge.asks.last?.bytes == 4000)
            let lists = await #expect(throws: BusError.self) {
                try await edge.bus.call(
                    DataSyncContract.lists, ListsRequest(manifest: summary.digest, shards: [0]), to: .peer(.core))
            }
            #expect(lists?.code == "refused")
            for call in [DataSyncContract.pull, DataSyncContract.pullUrgent, DataSyncContract.pullBulk] {
                let stream = try await edge.bus.stream(
                    call, PullRequest(manifest: summary.digest, asks: [ShardAsk(shard: 0)]), to: .peer(.core))
                let pulled = await #expect(throws: BusError.self) { for try await _ in stream {} }
                #expect(pulled?.code == "refused")
            }
            #expect(try await edge.status().transfers.first?.phase == .refused)
        }
    }

    /// What may be had is no way to what may not: a base that is refused is neither told of nor used.
    @Test func aRefusedBaseIsNotUsed() async throws {
        let judge = Judge()
        let pair = try Pair()
        let (core, edge) = (try await pair.core(policy: judge), try await pair.edge())
        try await pair.running(core, edge) {
            let old = try await core.publish([Bytes.noise(4000, seed: 1)], as: "job/1")
            let new = try await core.publish([Bytes.noise(4000, seed: 2)], as: "job/2")
            judge.refuse(old.digest)
            let offer = try await edge.bus.call(
                DataSyncContract.offer,
                OfferRequest(manifest: new.digest, needsManifest: false, bases: [old.digest]), to: .peer(.core))
            #expect(offer.body.bases.isEmpty)
            for base in [old.digest, Bytes.digest([9])] {
                let stream = try await edge.bus.stream(
                    DataSyncContract.pull,
                    PullRequest(manifest: new.digest, asks: [ShardAsk(shard: 0)], base: base, codec: "lz4"),
                    to: .peer(.core))
                for try await item in stream { #expect(item.body.parts.allSatisfy { $0.difference == nil }) }
            }
        }
    }

    @Test func whatMayNotBeFetchedIsNotAskedFor() async throws {
        let judge = Judge()
        let pair = try Pair()
        let (core, edge) = (
            try await pair.core(policy: judge), try await pair.edge(policy: Judge(fetch: Self.refusal))
        )
        try await pair.running(core, edge) {
            let summary = try await core.publish([Bytes.noise(4000, seed: 1)], as: "job/1")
            let error = await #expect(throws: BusError.self) { try await edge.fetch(summary.digest, as: "job/1") }
            #expect(error?.code == "refused")
            #expect(judge.asks.isEmpty)
        }
    }

    @Test func whatIsDeferredWaits() async throws {
        let later = TransferDecision.defer(
            until: SystemWallClock().now().advanced(by: .seconds(3600)), rule: RuleName("r"))
        let judge = Judge(serve: later)
        let pair = try Pair()
        let (core, edge) = (try await pair.core(policy: judge), try await pair.edge())
        try await pair.running(core, edge) {
            let summary = try await core.publish([Bytes.noise(4000, seed: 1)], as: "job/1")
            async let reply = edge.fetch(summary.digest, as: "job/1")
            while try await edge.status().transfers.first?.phase != .deferred {
                try await Task.sleep(for: .milliseconds(1))
            }
            judge.setServe(.allow(TransferTerms()))
            while try await edge.status().transfers.first?.phase == .deferred {
                try await edge.control(.resume)
                try await Task.sleep(for: .milliseconds(1))
            }
            #expect(try await reply.movedShards == summary.shards)
        }
    }

    /// Requests that no honest cloud makes.
    @Test func hostileRequestsAreRefused() async throws {
        let pair = try Pair()
        let core = try await pair.core {
            $0.shardBytes = 4 << 10
            $0.leafBytes = 1 << 10
        }
        let edge = try await pair.edge()
        try await pair.running(core, edge) {
            let summary = try await core.publish([Bytes.noise(16_000, seed: 1)], as: "job/1")
            let requests: [(String, PullRequest)] = [
                ("beyond the manifest", PullRequest(manifest: summary.digest, asks: [ShardAsk(shard: 4)])),
                ("negative", PullRequest(manifest: summary.digest, asks: [ShardAsk(shard: -1)])),
                ("twice", PullRequest(manifest: summary.digest, asks: [ShardAsk(shard: 1), ShardAsk(shard: 1)])),
                (
                    "a bit beyond the list",
                    PullRequest(manifest: summary.digest, asks: [ShardAsk(shard: 0, leaves: "10")])
                ),
                ("no bit", PullRequest(manifest: summary.digest, asks: [ShardAsk(shard: 0, leaves: "00")])),
                ("no digits", PullRequest(manifest: summary.digest, asks: [ShardAsk(shard: 0, leaves: "zz")])),
                (
                    "a long bitmap",
                    PullRequest(
                        manifest: summary.digest,
                        asks: [ShardAsk(shard: 0, leaves: String(repeating: "f", count: 100_000))])
                ),
                (
                    "too many",
                    PullRequest(
                        manifest: summary.digest, asks: (0..<20_000).map { ShardAsk(shard: $0) })
                ),
                ("an unknown manifest", PullRequest(manifest: Bytes.digest([9]), asks: [])),
            ]
            for (what, request) in requests {
                let stream = try await edge.bus.stream(DataSyncContract.pull, request, to: .peer(.core))
                let error = await #expect(throws: BusError.self, "\(what)") { for try await _ in stream {} }
                #expect(
                    ["invalid-request", "too-large", "missing"].contains(error?.code),
                    "\(what): \(String(describing: error))")
            }
            // Odd wishes that are none of a crime: sizes and codecs that do not exist.
            let stream = try await edge.bus.stream(
                DataSyncContract.pull,
                PullRequest(
                    manifest: summary.digest, asks: [ShardAsk(shard: 0, leaves: "05")], codec: "rot13", itemBytes: -7,
                    bytesPerSecond: -1), to: .peer(.core))
            var bytes = 0
            for try await item in stream { bytes += item.attachments.reduce(0) { $0 + $1.count } }
            #expect(bytes == 2048)
            for request in [
                ListsRequest(manifest: summary.digest, shards: [4]),
                ListsRequest(manifest: summary.digest, shards: [-1]),
            ] {
                await #expect(throws: BusError.self) {
                    try await edge.bus.call(DataSyncContract.lists, request, to: .peer(.core))
                }
            }
        }
    }
}

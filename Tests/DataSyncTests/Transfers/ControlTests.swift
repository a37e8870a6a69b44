import Contracts
import Core
import MessageBus
import Store
import Synchronization
import Telemetry
import TestKit
import Testing

@testable import DataSync

/// What a person sees of transfers and does to them.
@Suite struct ControlTests {
    private static let tensors = [Bytes.noise(600_000, seed: 1)]

    /// Runs a fetch that is held in the middle by a limit of the core, and `body` beside it.
    private static func withSlowFetch(
        _ body: @escaping @Sendable (Cloud, Cloud, ManifestSummary) async throws -> Void
    ) async throws -> Result<FetchReply, any Error> {
        let pair = try Pair()
        let (core, edge) = (try await pair.core(), try await pair.edge())
        return try await pair.running(core, edge) {
            let summary = try await core.publish(tensors, as: "job/1")
            try await core.control(.limit, bytesPerSecond: 200_000)
            async let reply: Result<FetchReply, any Error> = {
                do { return .success(try await edge.fetch(summary.digest, as: "job/1")) } catch {
                    return .failure(error)
                }
            }()
            while edge.service.metrics.receivedBytes.value < 20_000 { try await Task.sleep(for: .milliseconds(1)) }
            try await body(core, edge, summary)
            let result = await reply
            if case .success(let reply) = result {
                #expect(try await edge.tensors(of: reply.manifest) == tensors)
                #expect(reply.movedShards == summary.shards)
            }
            return result
        }
    }

    @Test func aTransferIsSeenPausedAndResumed() async throws {
        let result = try await Self.withSlowFetch { core, edge, summary in
            let seen = try #require(try await edge.status().transfers.first)
            #expect(seen.phase == .moving && seen.direction == .fetching && seen.peers == [.core])
            #expect(seen.manifest == summary.digest && seen.wantedBytes == summary.rawBytes)
            #expect(seen.movedBytes >= 20_000 && seen.bytesPerSecond > 0 && seen.remainingSeconds != nil)
            #expect(try await core.status().transfers.first?.direction == .serving)
            #expect(try await core.status().bytesPerSecondLimit == 200_000)
            #expect(try await edge.control(.pause, transfer: seen.id) == 1)
            while try await edge.status().transfers.first?.phase != .paused {
                try await Task.sleep(for: .milliseconds(1))
            }
            // The stream ends; nothing more comes.
            while core.service.desk.waiting > 0 || core.service.sending.outstanding > 0 {
                try await Task.sleep(for: .milliseconds(1))
            }
            let moved = try await edge.status().transfers.first?.movedBytes
            try await core.control(.limit, bytesPerSecond: 0)
            try await Task.sleep(for: .milliseconds(50))
            #expect(try await edge.status().transfers.first?.movedBytes == moved)
            #expect(try await edge.control(.resume, transfer: seen.id) == 1)
        }
        #expect(throws: Never.self) { try result.get() }
    }

    /// A peer that is paused where it is served from waits, without counting failures, and goes on.
    @Test func aPausedSourceIsWaitedFor() async throws {
        let pair = try Pair()
        let (core, edge) = (try await pair.core(), try await pair.edge())
        try await pair.running(core, edge) {
            let summary = try await core.publish(Self.tensors, as: "job/1")
            try await core.control(.pause, peer: PeerID("edge-a"))
            #expect(try await core.status().pausedPeers == [PeerID("edge-a")])
            async let reply = edge.fetch(summary.digest, as: "job/1")
            while try await edge.status().transfers.first?.phase != .deferred {
                try await Task.sleep(for: .milliseconds(1))
            }
            try await core.control(.resume, peer: PeerID("edge-a"))
            // Asked to go on, it does not wait for its pause to end.
            while try await edge.status().transfers.first?.phase == .deferred {
                try await edge.control(.resume)
                try await Task.sleep(for: .milliseconds(1))
            }
            #expect(try await reply.movedShards == summary.shards)
        }
    }

    /// Pauses and limits are what they were when a cloud comes back, whatever ended it.
    @Test func ordersSurviveARestart() async throws {
        let (a, b) = (PeerID("edge-a"), PeerID("edge-b"))
        let directory: TemporaryDirectory
        do {
            let pair = try Pair()
            directory = pair.directory
            let (core, edge) = (try await pair.core(), try await pair.edge())
            try await pair.running(core, edge) {
                try await core.control(.pause, peer: a)
                try await core.control(.pause, peer: b)
                try await core.control(.resume, peer: b)
                try await core.control(.limit, bytesPerSecond: 1_000_000)
                try await core.control(.limit, peer: a, bytesPerSecond: 2_000)
                try await core.control(.limit, peer: b, bytesPerSecond: 3_000)
                try await core.control(.limit, peer: b, bytesPerSecond: 0)
                // An order that is refused leaves nothing.
                await #expect(throws: BusError.self) { try await core.control(.pause, transfer: "f77") }
                try await edge.control(.pause)
            }
            for cloud in [core, edge] { await cloud.database.close() }
        }
        do {
            let pair = try Pair(directory)
            let (core, edge) = (try await pair.core(), try await pair.edge())
            try await pair.running(core, edge) {
                let status = try await core.status()
                #expect(status.pausedPeers == [a] && !status.isPaused && status.bytesPerSecondLimit == 1_000_000)
                #expect(status.peerLimits == [PeerLimit(peer: a, bytesPerSecond: 2_000)])
                #expect(try await edge.status().isPaused)
                // They hold, and are not only shown.
                let summary = try await core.publish(Self.tensors, as: "job/1")
                async let reply = edge.fetch(summary.digest, as: "job/1")
                while try await edge.status().transfers.first?.phase != .paused {
                    try await Task.sleep(for: .milliseconds(1))
                }
                try await edge.control(.resume)
                while try await edge.status().transfers.first?.phase != .deferred {
                    try await Task.sleep(for: .milliseconds(1))
                }
                try await core.control(.resume)
                try await core.control(.limit, peer: a, bytesPerSecond: 0)
                while try await edge.status().transfers.first?.phase == .deferred {
                    try await edge.control(.resume)
                    try await Task.sleep(for: .milliseconds(1))
                }
                #expect(try await reply.movedShards == summary.shards)
            }
            for cloud in [core, edge] { await cloud.database.close() }
        }
        let pair = try Pair(directory)
        let core = try await pair.core()
        #expect(!core.service.board.isPaused(a) && core.service.desk.peerLimits.isEmpty)
        #expect(core.service.desk.totalLimit == 1_000_000)
    }

    @Test func aTransferIsCancelled() async throws {
        let result = try await Self.withSlowFetch { _, edge, _ in
            let transfer = try #require(try await edge.status().transfers.first)
            #expect(try await edge.control(.cancel, transfer: transfer.id) == 1)
        }
        let error = #expect(throws: BusError.self) { try result.get() }
        #expect(error?.code == "cancelled" && error?.isRetriable == false)
    }

    @Test func ordersThatMakeNoSenseAreRefused() async throws {
        let pair = try Pair()
        let (core, edge) = (try await pair.core(), try await pair.edge())
        try await pair.running(core, edge) {
            let unknown = await #expect(throws: BusError.self) { try await core.control(.pause, transfer: "f77") }
            #expect(unknown?.code == "missing" && unknown?.message.contains("f77") == true)
            let limitless = await #expect(throws: BusError.self) { try await core.control(.limit) }
            #expect(limitless?.code == "invalid-request")
            // An edge is told to by the core, and the core by no edge.
            let order = SyncControl(action: .pause)
            let refused = await #expect(throws: BusError.self) {
                try await edge.bus.call(DataSyncContract.control, order, to: .peer(.core))
            }
            #expect(refused?.code == "refused")
            _ = try await core.bus.call(DataSyncContract.control, order, to: .peer(PeerID("edge-a")))
            #expect(try await edge.status().isPaused)
        }
    }

    /// What is urgent overtakes what waits for a limit; and no limit is exceeded.
    @Test func theUrgentOvertakes() async throws {
        let pair = try Pair()
        let core = try await pair.core()
        let edge = try await pair.edge(policy: BySize())
        try await pair.running(core, edge) {
            let bulk = try await core.publish([Bytes.noise(400_000, seed: 2)], as: "bulk")
            let urgent = try await core.publish([Bytes.noise(8000, seed: 3)], as: "urgent")
            try await core.control(.limit, bytesPerSecond: 100_000)
            async let slow = edge.fetch(bulk.digest, as: "bulk")
            while edge.service.metrics.receivedBytes.value < 10_000 { try await Task.sleep(for: .milliseconds(1)) }
            _ = try await edge.fetch(urgent.digest, as: "urgent", tags: TransferTags(artefact: .metrics))
            let status = try #require(try await edge.status().transfers.first { $0.manifest == bulk.digest })
            #expect(status.phase == .moving)
            try await core.control(.limit, bytesPerSecond: 0)
            _ = try await slow
        }
    }

    /// What comes in bulk takes its share of the memory for what arrives; neither the urgent nor a model waits for its end.
    @Test func bulkKeepsNobodysMemory() async throws {
        let pair = try Pair()
        let core = try await pair.core()
        let edge = try await pair.edge(policy: BySize()) { $0.maximumReceivingBytes = 64 << 10 }
        try await pair.running(core, edge) {
            let bulk = try await core.publish([Bytes.noise(600_000, seed: 2)], as: "bulk")
            try await core.control(.limit, bytesPerSecond: 100_000)
            async let slow = edge.fetch(bulk.digest, as: "bulk")
            while edge.service.metrics.receivedBytes.value < 10_000 { try await Task.sleep(for: .milliseconds(1)) }
            #expect(edge.service.receiving.outstanding >= 32 << 10)
            for (artefact, seed) in [(Artefact.metrics, UInt64(3)), (.model, 4)] {
                let small = try await core.publish([Bytes.noise(8000, seed: seed)], as: "\(artefact)")
                _ = try await edge.fetch(small.digest, as: "\(artefact)", tags: TransferTags(artefact: artefact))
                let status = try #require(try await edge.status().transfers.first { $0.manifest == bulk.digest })
                #expect(status.phase == .moving, "\(artefact)")
            }
            try await core.control(.limit, bytesPerSecond: 0)
            _ = try await slow
            #expect(edge.service.receiving.outstanding == 0 && edge.service.urgentReceiving.outstanding == 0)
        }
    }

    private struct BySize: TransferPolicy {
        func mayFetch(_ ask: TransferAsk) async throws -> TransferDecision {
            let priorities: [Artefact: TransferPriority] = [.metrics: .urgent, .model: .normal]
            return .allow(TransferTerms(priority: ask.tags.flatMap { priorities[$0.artefact] } ?? .bulk))
        }
        func mayServe(_ ask: TransferAsk) async throws -> TransferDecision { .allow(TransferTerms()) }
    }
}

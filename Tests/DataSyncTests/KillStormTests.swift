import Contracts
import Core
import Foundation
import MessageBus
import Store
import Synchronization
import TestKit
import Testing

@testable import DataSync

/// Both sides of many transfers are killed, each at random points: afterwards everything is complete and verified, and at most
/// the window in flight was sent again.
@Suite struct KillStormTests {
    /// How many kills; `GEDGE_KILLS` for more.
    private static let kills = ProcessInfo.processInfo.environment["GEDGE_KILLS"].flatMap { Int($0) } ?? 40
    private static let models = 10
    /// A window on the wire, three batches in memory, and what the sender had just counted.
    private static let again = (32 << 10) + 3 * (16 << 10) + (64 << 10)

    /// What both sides' processes come to.
    private final class Tally: Sendable {
        struct Count {
            var kills = 0
            var sent = 0
            var wanted = 0
            var fetches = 0
        }

        private struct State {
            var count = Count()
            var isOver = false
            var core: Crasher?
        }

        private let state = Mutex(State())

        var count: Count { state.withLock { $0.count } }
        var isOver: Bool { state.withLock { $0.isOver } }

        func note(_ change: (inout Count) -> Void) { state.withLock { change(&$0.count) } }

        /// The core that runs now.
        func begin(_ core: Crasher) {
            let isOver = state.withLock { state in
                state.core = core
                return state.isOver
            }
            if isOver { core.tell("quit") }
        }

        /// Ends the core, whichever runs.
        func end() {
            let core = state.withLock { state in
                state.isOver = true
                return state.core
            }
            core?.tell("quit")
        }
    }

    /// Half of each model is that of the one before it.
    private static func tensors(_ number: Int) -> [[UInt8]] {
        (0...1).map { Bytes.noise(384 << 10, seed: UInt64(number + $0)) }
    }

    @Test func eitherSideMayBeKilledAtAnyTime() async throws {
        let directory = try TemporaryDirectory("datasync")
        let corePath = directory.file("core")
        for path in [corePath, directory.file("sockets")] { try StateDirectory.makePrivate(path, parents: false) }
        let address = "ipc://\(directory.file("sockets"))/core"
        let models = try await Self.publish(corePath)
        let seeds = SeededGenerator()
        let tally = Tally()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                var random = SplitMix64(seed: seeds.seed, labels: "core")
                try await Self.keepServing(corePath, address, tally, &random)
            }
            var random = SplitMix64(seed: seeds.seed, labels: "edge")
            var round = 0
            while tally.count.kills < Self.kills {
                let edgePath = directory.file("edge-\(round)")
                try StateDirectory.makePrivate(edgePath, parents: false)
                var known: Set<Digest> = []
                for model in models {
                    try await Self.fetch(model.summary.digest, edgePath, address, tally, &random)
                    tally.note { count in
                        count.wanted += model.shards.filter { !known.contains($0.key) }.reduce(0) { $0 + $1.value }
                        count.fetches += 1
                    }
                    known.formUnion(model.shards.keys)
                }
                try await Self.check(edgePath, models)
                try FileManager.default.removeItem(atPath: edgePath)
                round += 1
            }
            tally.end()
            try await group.waitForAll()
        }
        try await Self.check(corePath, models)
        let total = tally.count
        print(
            "kill storm: \(total.kills) kills, \(total.fetches) transfers, \(total.wanted) bytes wanted, \(total.sent) sent: "
                + "\(max(0, total.sent - total.wanted) / max(1, total.kills)) again for each kill, at most \(Self.again)"
        )
        #expect(total.sent >= total.wanted)
        #expect(total.sent <= total.wanted + total.kills * Self.again)
    }

    private struct Model: Sendable {
        let summary: ManifestSummary
        /// Its shards, and what each takes as stored.
        let shards: [Digest: Int]
        let tensors: [[UInt8]]
    }

    private static func publish(_ path: String) async throws -> [Model] {
        let core = try await Cloud.open(.core, directory: path, context: BusContext()) {
            $0.shardBytes = 4 << 10
            $0.leafBytes = 1 << 10
        }
        return try await running(core) {
            var models: [Model] = []
            for number in 0..<Self.models {
                let tensors = tensors(number)
                let summary = try await core.publish(tensors, as: "model/\(number)/")
                var shards: [Digest: Int] = [:]
                for (digest, list) in try await core.shards.lists(
                    core.service.manifest(summary.digest).shards.map(\.digest))
                {
                    shards[digest] = try await core.shards.storedBytes(of: [list])
                }
                models.append(Model(summary: summary, shards: shards, tensors: tensors))
            }
            await core.database.close()
            return models
        }
    }

    /// The core, killed after so many bytes, and started again.
    private static func keepServing(
        _ path: String, _ address: String, _ tally: Tally, _ random: inout SplitMix64
    ) async throws {
        while !tally.isOver {
            let core = try Crasher("datasync-crasher", "serve", path, address)
            #expect(try await core.line() == "ready")
            core.tell("die \(Int.random(in: 0...600_000, using: &random))")
            tally.begin(core)
            let line = try await core.line() ?? ""
            let sent = try #require(line.hasPrefix("sent ") ? Int(line.dropFirst(5)) : nil, "\(line)")
            #expect(try await core.line() == nil)
            let isOver = tally.isOver
            tally.note { count in
                count.sent += sent
                count.kills += isOver ? 0 : 1
            }
        }
    }

    /// One transfer, whose receiver is killed until it is done.
    private static func fetch(
        _ manifest: Digest, _ path: String, _ address: String, _ tally: Tally, _ random: inout SplitMix64
    ) async throws {
        var isDone = false
        var attempts = 0
        while !isDone {
            let edge = try Crasher("datasync-crasher", "fetch", path, address, manifest.hex)
            #expect(try await edge.line() == "ready")
            attempts += 1
            if attempts < 5 { edge.tell("die \(Int.random(in: 0...900_000, using: &random))") }
            while let line = try await edge.line() {
                #expect(!line.hasPrefix("error"), "\(line)")
                isDone = isDone || line.hasPrefix("moved")
            }
            tally.note { $0.kills += isDone ? 0 : 1 }
        }
    }

    /// Everything is there, sound, and nothing else is.
    private static func check(_ path: String, _ models: [Model]) async throws {
        let cloud = try await Cloud.open(PeerID("checker"), directory: path, context: BusContext())
        try await cloud.service.recover()
        for model in models {
            let manifest = try await cloud.service.manifest(model.summary.digest)
            var tensors = [[UInt8]](repeating: [], count: manifest.tensors.count)
            for shard in manifest.shards { tensors[shard.entry] += try await cloud.shards.array(shard.digest) }
            #expect(tensors == model.tensors)
            let state = try await cloud.state(of: model.summary.digest)
            #expect(state == nil || state == .complete)
        }
        #expect(try await cloud.namedShards() == Set(await cloud.shards.digests()))
        #expect(try await TestStore(shards: cloud.shards, database: cloud.database).problems() == [])
        await cloud.database.close()
    }
}

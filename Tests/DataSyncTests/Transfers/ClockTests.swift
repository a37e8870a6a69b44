import Contracts
import Core
import Synchronization
import TestKit
import Testing

@testable import DataSync

/// The time of day jumps by hours, to and fro, while transfers are interrupted, retried, paused and resumed.
@Suite(.timeLimit(.minutes(2))) struct ClockTests {
    private static let tensors = [Bytes.noise(30_000, seed: 1), Bytes.text(9000, seed: 2)]

    /// A clock that is somewhere else whenever it is looked at.
    private final class LeapingClock: WallClock {
        private let random: Mutex<SplitMix64>

        init(seed: UInt64) { random = Mutex(SplitMix64(seed: seed)) }

        func now() -> Timestamp {
            let hours = random.withLock { Int64.random(in: -100_000...100_000, using: &$0) }
            return Timestamp(milliseconds: 1_700_000_000_000 + hours * 3_600_000)
        }
    }

    @Test func aTransferGoesItsWayWhateverTheTimeOfDay() async throws {
        let seeds = SeededGenerator()
        let pair = try Pair()
        let damage = Source.Step.changes(at: 2) { _, attachments in attachments[0][0] ^= 1 }
        let source = Source(
            Self.tensors, steps: [.dies(after: 3), .hangs(after: 4), damage, .endsEarly(after: 2), .honest])
        let core = try await pair.core(registers: false)
        source.register(on: core.bus)
        let edge = try await pair.edge(clock: LeapingClock(seed: seeds.seed)) {
            $0.stallTimeout = .milliseconds(500)
            $0.batchBytes = 1
        }
        try await pair.running(core, edge) {
            async let fetched = edge.fetch(source.manifest.digest, as: "job/1")
            // Whoever looks, pauses and resumes meanwhile is served as ever.
            for await _ in source.hanging.stream { break }
            try await edge.control(.pause)
            #expect(try await edge.status().transfers.count == 1)
            try await edge.control(.resume)
            let reply = try await fetched
            #expect(try await edge.tensors(of: reply.manifest) == Self.tensors)
            // Every shard moved once, and is held once.
            #expect(reply.movedShards == Set(source.manifest.shards.map(\.digest)).count)
            #expect(try await edge.service.references(prefix: "job/") == ["job/1"])
            #expect(try await edge.state(of: source.manifest.digest) == .complete)
            #expect(edge.service.receiving.outstanding == 0)
            try await edge.release("job/")
            #expect(try await edge.shards.digests().isEmpty)
        }
    }
}

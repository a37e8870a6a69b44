import Contracts
import Core
import MessageBus
import Store
import TestKit
import Testing

@testable import DataSync

@Suite struct ResumeTests {
    private static let tensors = [Bytes.noise(30_000, seed: 1), Bytes.text(9000, seed: 2), Bytes.noise(4, seed: 3)]

    /// Runs an edge against a source that follows `steps`.
    private static func withSource(
        _ steps: [Source.Step], manifest: Manifest? = nil,
        _ body: (Source, Cloud, Pair) async throws -> Void
    ) async throws {
        let pair = try Pair()
        let source = Source(tensors, steps: steps)
        let core = try await pair.core(registers: false)
        source.register(on: core.bus, manifest: manifest)
        let edge = try await pair.edge()
        try await pair.running(core, edge) { try await body(source, edge, pair) }
    }

    /// However often the source dies, every shard moves once: what arrived is not asked for again.
    @Test func aSourceThatDiesIsAskedForTheRest() async throws {
        let steps: [Source.Step] = [
            .dies(after: 5), .dies(after: 0), .dies(after: 0), .dies(after: 1), .endsEarly(after: 7), .dies(after: 9),
            .honest,
        ]
        try await Self.withSource(steps) { source, edge, _ in
            let reply = try await edge.fetch(source.manifest.digest, as: "job/1")
            #expect(try await edge.tensors(of: reply.manifest) == Self.tensors)
            let unique = Set(source.manifest.shards.map(\.digest)).count
            #expect(reply.movedShards == unique)
            #expect(source.requests.map(\.asks.count) == [0, 5, 5, 5, 6, 13, 22].map { unique - $0 })
            #expect(try await edge.state(of: source.manifest.digest) == .complete)
        }
    }

    @Test func aSourceThatMakesNoProgressIsGivenUp() async throws {
        try await Self.withSource(Array(repeating: .dies(after: 0), count: 100)) { source, edge, _ in
            let error = await #expect(throws: BusError.self) {
                try await edge.fetch(source.manifest.digest, as: "job/1")
            }
            #expect(error?.isRetriable == true)
            #expect(error?.message.contains("killed") == true)
            #expect(source.requests.count == 4)
            let state = try await edge.state(of: source.manifest.digest)
            #expect(state == .moving)
        }
    }

    /// The receiver is stopped in the middle of a transfer; another process on its directory goes on at the shard.
    @Test(arguments: [0, 1, 4, 17, 38]) func aReceiverThatIsStoppedGoesOn(_ count: Int) async throws {
        let pair = try Pair()
        let source = Source(Self.tensors, steps: [.hangs(after: count), .honest])
        let core = try await pair.core(registers: false)
        source.register(on: core.bus)
        try await running(core) {
            let digest = source.manifest.digest
            let first = try await pair.edge()
            try await running(first) {
                try await first.bus.ready(.core, timeout: .seconds(60))
                await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { _ = try await first.fetch(digest, as: "job/1") }
                    for await _ in source.hanging.stream { break }
                    group.cancelAll()
                    await #expect(throws: CancellationError.self) { try await group.waitForAll() }
                }
            }
            let kept = try await first.shards.digests().count
            await first.database.close()
            #expect(kept <= count)
            let second = try await pair.edge()
            try await running(second) {
                try await second.bus.ready(.core, timeout: .seconds(60))
                #expect(try await second.state(of: digest) == .moving)
                await #expect(throws: DataSyncError.self) { try await second.service.manifest(digest) }
                let reply = try await second.fetch(digest, as: "job/1")
                #expect(reply.movedShards + kept == Set(source.manifest.shards.map(\.digest)).count)
                #expect(try await second.tensors(of: reply.manifest) == Self.tensors)
            }
        }
    }

    /// A source that is connected and sends nothing more is given up, and asked again for the rest.
    @Test func aSourceThatHangsIsAskedAgain() async throws {
        let pair = try Pair()
        let source = Source(Self.tensors, steps: [.hangs(after: 9), .honest])
        let core = try await pair.core(registers: false)
        source.register(on: core.bus)
        let edge = try await pair.edge {
            $0.stallTimeout = .seconds(1)
            $0.batchBytes = 1
        }
        try await pair.running(core, edge) {
            let reply = try await edge.fetch(source.manifest.digest, as: "job/1")
            #expect(try await edge.tensors(of: reply.manifest) == Self.tensors)
            let unique = Set(source.manifest.shards.map(\.digest)).count
            #expect(Array(source.requests.map(\.asks.count).prefix(2)) == [unique, unique - 9])
            #expect(edge.service.receiving.outstanding == 0)
        }
    }

    /// Damage on the way is found before anything is visible, and the source is asked to look again.
    @Test func damageOnTheWayIsFoundAndMended() async throws {
        let steps: [Source.Step] = [
            .changes(at: 3) { _, attachments in attachments[0][100] ^= 1 }, .honest,
        ]
        try await Self.withSource(steps) { source, edge, _ in
            let reply = try await edge.fetch(source.manifest.digest, as: "job/1")
            #expect(try await edge.tensors(of: reply.manifest) == Self.tensors)
            #expect(source.requests.map(\.recheck) == [nil, true])
        }
    }

    @Test func aSourceThatOnlyDamagesIsGivenUp() async throws {
        let damage = Source.Step.changes(at: 0) { _, attachments in attachments[0][0] ^= 0x80 }
        try await Self.withSource(Array(repeating: damage, count: 100)) { source, edge, _ in
            let error = await #expect(throws: BusError.self) {
                try await edge.fetch(source.manifest.digest, as: "job/1")
            }
            #expect(error?.code == "corrupt-shard")
            let kept = try await edge.shards.digests()
            #expect(!kept.contains(source.manifest.shards[0].digest))
        }
    }

    struct Lie: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let step: Source.Step

        init(_ description: String, _ step: Source.Step) {
            testDescription = description
            self.step = step
        }
    }

    static let lies: [Lie] = [
        Lie("the same shard twice", .sendsTwice),
        Lie("a shard that was not asked for", .changes(at: 2) { item, _ in item.parts[0].shard = 1 << 40 }),
        Lie("a negative shard", .changes(at: 2) { item, _ in item.parts[0].shard = -1 }),
        Lie("a leaf of 1 TB", .changes(at: 2) { item, _ in item.parts[0].leaves = [1 << 40] }),
        Lie("a leaf too small", .changes(at: 2) { item, _ in item.parts[0].leaves = [1] }),
        Lie("a negative leaf", .changes(at: 2) { item, _ in item.parts[0].leaves = [-5] }),
        Lie("an unknown encoding", .changes(at: 2) { item, _ in item.parts[0].leaves?[0] |= 15 << 24 }),
        Lie("a far skip", .changes(at: 2) { item, _ in item.parts[0].leaves?[0] |= 1 << 40 }),
        Lie("no leaves", .changes(at: 2) { item, _ in item.parts[0].leaves = [] }),
        Lie("more leaves than there are", .changes(at: 2) { item, _ in item.parts[0].leaves! += [1024] }),
        Lie("neither leaves nor a difference", .changes(at: 2) { item, _ in item.parts[0].leaves = nil }),
        Lie("there and not there", .changes(at: 2) { item, _ in item.parts[0].isAbsent = true }),
        Lie(
            "a difference to nothing",
            .changes(at: 2) { item, _ in
                item.parts[0].leaves = nil
                item.parts[0].difference = PullDifference(leaves: 1, bytes: 10, entropy: "lz4")
            }),
        Lie("no attachment", .changes(at: 2) { _, attachments in attachments = [] }),
        Lie("two attachments", .changes(at: 2) { _, attachments in attachments += attachments }),
        Lie("more bytes than announced", .changes(at: 2) { _, attachments in attachments[0] += [0] }),
        Lie("fewer bytes than announced", .changes(at: 2) { _, attachments in attachments[0].removeLast() }),
        Lie(
            "raw bytes that claim to be packed",
            .changes(at: 0) { item, attachments in
                item.parts[0].leaves = [PackedLeaf(skip: 0, encoding: .zstd, bytes: attachments[0].count).packed]
            }),
    ]

    @Test(arguments: lies) func aSourceThatLiesIsRefused(_ lie: Lie) async throws {
        try await Self.withSource(Array(repeating: lie.step, count: 50)) { source, edge, _ in
            let error = await #expect(throws: BusError.self) {
                try await edge.fetch(source.manifest.digest, as: "job/1")
            }
            #expect(["protocol-violation", "corrupt-shard"].contains(error?.code))
            await #expect(throws: DataSyncError.self) { try await edge.service.manifest(source.manifest.digest) }
            // What it did send well may stay; nothing else is there.
            let names = Set(source.manifest.shards.map(\.digest))
            for digest in try await edge.shards.digests() {
                #expect(names.contains(digest))
                #expect(try await edge.shards.raw(digest).count > 0)
            }
        }
    }

    @Test func aManifestThatIsNotTheOneAskedForIsRefused() async throws {
        let honest = Source(Self.tensors, steps: [])
        var changed = honest.manifest
        changed.tensors[0].name = "other"
        var broken = honest.manifest
        broken.shards.removeLast()
        for manifest in [changed, broken] {
            try await Self.withSource([], manifest: manifest) { source, edge, _ in
                let error = await #expect(throws: BusError.self) {
                    try await edge.fetch(source.manifest.digest, as: "job/1")
                }
                #expect(error?.code == "invalid-manifest")
                #expect(source.requests.isEmpty)
                let state = try await edge.state(of: source.manifest.digest)
                #expect(state == nil)
            }
        }
    }

    /// A release takes the ground from under a running fetch: it ends, and nothing is left.
    @Test func aReleaseEndsATransfer() async throws {
        try await Self.withSource([.hangs(after: 6), .honest]) { source, edge, _ in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = try await edge.fetch(source.manifest.digest, as: "job/1") }
                for await _ in source.hanging.stream { break }
                try await edge.release("job/1")
                group.cancelAll()
                await #expect(throws: CancellationError.self) { try await group.waitForAll() }
            }
            #expect(try await edge.namedShards().isEmpty)
            #expect(try await edge.state(of: source.manifest.digest) == nil)
            try await edge.service.recover()
            #expect(try await edge.shards.digests().isEmpty)
        }
    }
}

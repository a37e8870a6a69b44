import Contracts
import Core
import Store
import TestKit
import Testing

@testable import DataSync

@Suite struct ReferenceTests {
    /// Publishes and releases at random, compared with a model: on disk lie exactly the shards of what is referred to.
    @Test func onlyWhatIsReferredToStays() async throws {
        var random = SeededGenerator(seed: 77)
        let directory = try TemporaryDirectory("datasync")
        let pair = try Pair()
        let core = try await pair.core()
        // A few shards that the tensors share in every combination.
        let pieces = (0..<6).map { Bytes.noise(1 << 10, seed: UInt64($0)) }
        try await running(core) {
            var held: [String: Set<Digest>] = [:]
            for step in 0..<150 {
                let owner = "job/\(Int.random(in: 0...3, using: &random))/\(Int.random(in: 0...2, using: &random))"
                if Int.random(in: 0...2, using: &random) > 0 {
                    let tensor = (0..<Int.random(in: 1...3, using: &random)).flatMap { _ in
                        pieces.randomElement(using: &random) ?? []
                    }
                    let summary = try await core.publish([tensor], as: owner)
                    held[owner, default: []].insert(summary.digest)
                } else {
                    let prefix = Bool.random(using: &random) ? owner : String(owner.prefix(6))
                    try await core.release(prefix)
                    held = held.filter { !$0.key.hasPrefix(prefix) }
                }
                var expected: Set<Digest> = []
                for manifest in held.values.joined() {
                    expected.formUnion(try await core.service.manifest(manifest).shards.map(\.digest))
                }
                #expect(try await Set(core.shards.digests()) == expected, "step \(step)")
                #expect(try await core.namedShards() == expected, "step \(step)")
            }
        }
        withExtendedLifetime(directory) {}
    }

    /// Publishing and releasing the same shards at the same time never removes one that is referred to.
    @Test func publishingWhileReleasingLosesNothing() async throws {
        let pair = try Pair()
        let core = try await pair.core()
        let tensors = [Bytes.noise(20 << 10, seed: 5)]
        try await running(core) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<6 {
                    group.addTask {
                        for turn in 0..<15 {
                            let owner = "worker/\(worker)/\(turn)"
                            let digest = try await core.publish(tensors, as: owner).digest
                            let manifest = try await core.service.manifest(digest)
                            #expect(try await core.tensors(of: manifest) == tensors)
                            try await core.release(owner)
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await core.shards.digests().isEmpty)
            let digest = try await core.publish(tensors, as: "last").digest
            #expect(try await core.tensors(of: core.service.manifest(digest)) == tensors)
        }
    }

    /// A prefix is text, not a pattern.
    @Test func prefixesAreLiteral() async throws {
        let pair = try Pair()
        let core = try await pair.core()
        try await running(core) {
            let owners = ["a_b/1", "aXb/1", "a%/1", "a/1", "편향/1"]
            var digests: [String: Digest] = [:]
            for (index, owner) in owners.enumerated() {
                digests[owner] = try await core.publish([Bytes.noise(100, seed: UInt64(index))], as: owner).digest
            }
            for (prefix, gone) in [("a_", "a_b/1"), ("a%", "a%/1"), ("편", "편향/1")] {
                try await core.release(prefix)
                for (owner, digest) in digests {
                    let isHere = (try? await core.service.manifest(digest)) != nil
                    #expect(isHere == (owner != gone), "\(prefix): \(owner)")
                }
                digests[gone] = nil
            }
        }
    }

    @Test func theNextStartRemovesWhatNothingNames() async throws {
        let pair = try Pair()
        let first = try await pair.core()
        let tensors = [Bytes.noise(3000, seed: 8)]
        var kept: Digest?
        try await running(first) { kept = try await first.publish(tensors, as: "job/1").digest }
        // A crash between writing shards and committing their manifest leaves shards that nothing names.
        for seed in 0..<5 { _ = try await first.shards.put(Bytes.noise(2000, seed: 100 + UInt64(seed))) }
        #expect(try await first.shards.digests().count == 3 + 5)
        await first.database.close()
        let second = try await Cloud.open(.core, directory: pair.directory.file("core"), context: pair.context)
        try await second.service.recover()
        #expect(try await second.shards.digests().count == 3)
        let manifest = try await second.service.manifest(try #require(kept))
        #expect(try await second.tensors(of: manifest) == tensors)
    }
}

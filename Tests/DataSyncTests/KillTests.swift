import Contracts
import Core
import MessageBus
import Store
import Telemetry
import TestKit
import Testing

@testable import DataSync

@Suite struct KillTests {
    /// A publisher is killed again and again: what it was told is there and sound, what it released is gone, and nothing
    /// else takes up space.
    @Test func whatWasPublishedSurvivesKill9() async throws {
        var random = SeededGenerator(seed: 5)
        let directory = try TemporaryDirectory("datasync")
        let path = directory.file("core")
        try StateDirectory.makePrivate(path, parents: false)
        var published: Set<Digest> = []
        var releasing: Set<Digest> = []
        for kill in 0..<10 {
            let crasher = try Crasher("datasync-crasher", "publish", path)
            #expect(try await crasher.line() == "ready", "kill \(kill)")
            func note(_ line: String) throws {
                let words = line.split(separator: " ").map(String.init)
                let digest: Digest = try #require(words.last.flatMap { Digest(hex: $0) }, "\(line)")
                switch words[0] {
                case "published": published.insert(digest)
                case "releasing":
                    // From here on it may be there or not.
                    _ = (published.remove(digest), releasing.insert(digest))
                case "released": releasing.remove(digest)
                default: Issue.record("\(line)")
                }
            }
            for _ in 0..<Int.random(in: 1...12, using: &random) { try note(try #require(try await crasher.line())) }
            for _ in 0..<Int.random(in: 0..<20_000, using: &random) { _ = random.next() }  // moves the kill about
            crasher.kill()
            while let line = try await crasher.line() { try note(line) }
            let cloud = try await Cloud.open(.core, directory: path, context: BusContext())
            try await cloud.service.recover()
            for digest in published {
                let manifest = try await cloud.service.manifest(digest)
                for shard in manifest.shards { #expect(try await cloud.shards.raw(shard.digest).count == shard.size) }
            }
            let here = try await cloud.database.read {
                try $0.query("SELECT digest FROM datasync_manifests WHERE is_complete") { try $0.string(0) }
            }
            // Beyond what was told at most the publications in flight.
            let unknown = Set(here.compactMap { Digest(hex: $0) }).subtracting(published).subtracting(releasing)
            #expect(unknown.count <= 3, "kill \(kill)")
            published.formUnion(unknown)
            #expect(try await cloud.namedShards() == Set(await cloud.shards.digests()), "kill \(kill)")
            let store = TestStore(shards: cloud.shards, database: cloud.database)
            #expect(try await store.problems() == [], "kill \(kill)")
            let space = try await store.space()
            #expect(space.disk <= space.live + space.segments * (16 << 10), "kill \(kill): \(space)")
            await cloud.database.close()
        }
        #expect(published.count > 10)
    }

    /// A receiver is killed at random points of one transfer until it is done: nothing unverified is ever there, and at most
    /// what was under way is sent again.
    @Test func aTransferSurvivesKill9() async throws {
        var random = SeededGenerator(seed: 6)
        let directory = try TemporaryDirectory("datasync")
        let (corePath, edgePath) = (directory.file("core"), directory.file("edge"))
        for path in [corePath, edgePath, directory.file("sockets")] {
            try StateDirectory.makePrivate(path, parents: false)
        }
        let address = "ipc://\(directory.file("sockets"))/core"
        let core = try await Cloud.open(.core, directory: corePath, context: BusContext()) { $0.shardBytes = 4 << 10 }
        try core.bus.listen(BusAddress(address), security: .none)
        let tensors = [Bytes.noise(4 << 20, seed: 1)]
        try await running(core) {
            let summary = try await core.publish(tensors, as: "job/1")
            let names = Set(try await core.service.manifest(summary.digest).shards.map(\.digest))
            var kills = 0
            var isDone = false
            while !isDone {
                let crasher = try Crasher("datasync-crasher", "fetch", edgePath, address, summary.digest.hex)
                #expect(try await crasher.line() == "ready")
                if kills < 8 {
                    let target = core.service.metrics.sentBytes.value + Double.random(in: 0...400_000, using: &random)
                    while core.service.metrics.sentBytes.value < target, crasher.isRunning { await Task.yield() }
                    crasher.kill()
                    kills += 1
                }
                while let line = try await crasher.line() { isDone = line.hasPrefix("moved") }
                let edge = try await Cloud.open(PeerID("edge-a"), directory: edgePath, context: BusContext())
                for digest in try await edge.shards.digests() {
                    #expect(names.contains(digest))
                    #expect(try await edge.shards.raw(digest).count > 0)
                }
                await edge.database.close()
            }
            let edge = try await Cloud.open(PeerID("edge-a"), directory: edgePath, context: BusContext())
            #expect(try await edge.tensors(of: edge.service.manifest(summary.digest)) == tensors)
            // A window on the wire, three batches in memory, and what the sender had just counted.
            let again = (32 << 10) + 3 * (16 << 10) + (64 << 10)
            #expect(core.service.metrics.sentBytes.value <= Double(summary.storedBytes + kills * again))
        }
    }
}

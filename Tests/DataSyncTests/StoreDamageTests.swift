import Contracts
import Core
import Foundation
import Glibc
import Store
import TestKit
import Testing

@testable import DataSync

/// Bits that flip, tails that are torn, and senders that lie.
@Suite struct StoreDamageTests {
    /// Somebody removed a segment, and the look through the store that found it ended before anything was freed: the store
    /// opens all the same, knows what is missing, and takes it again.
    @Test func aRemovedSegmentDoesNotKeepTheStoreFromOpening() async throws {
        let directory = try TemporaryDirectory("shards")
        let bytes = Bytes.noise(3000, seed: 6)
        var store = try await TestStore.open(directory.path)
        let list = try await store.shards.put(bytes)
        let segment = try #require(try await store.shards.row(list.leaves[0].key)).position.segment
        let path = store.shards.files.path(segment)
        await store.database.close()
        #expect(unlink(path) == 0)
        store = try await TestStore.open(directory.path)
        #expect(try await store.shards.scrub().damaged == list.leaves.map(\.key))
        await store.database.close()
        store = try await TestStore.open(directory.path)
        #expect(try await store.shards.missing([list.digest]) == [list.digest])
        #expect(try await store.shards.put(bytes) == list)
        #expect(try await store.shards.array(list.digest) == bytes)
    }

    /// Every bit of a record's payload is flipped in turn: it is found, the shard counts as missing, and storing it again
    /// mends it.
    @Test(arguments: [LeafEncoding.raw, .lz4]) func everyBitFlipAtRestIsFound(_ encoding: LeafEncoding) async throws {
        let directory = try TemporaryDirectory("shards")
        let store = try await TestStore.open(directory.path)
        let bytes = encoding == .raw ? Bytes.noise(40, seed: 4) : [UInt8](repeating: 7, count: 400)
        let other = try await store.shards.put(Bytes.noise(100, seed: 5))
        var harmless = 0
        var bit = 0
        while true {
            let list = try await store.shards.put(bytes)
            let row = try #require(try await store.shards.row(list.leaves[0].key))
            #expect(row.record.encoding == encoding)
            guard bit < row.record.stored * 8 else { break }
            let place = row.position.offset + 48 + bit / 8
            try store.shards.files.flip(row.position.segment, at: place, bit: bit % 8)
            do {
                // A flip that leaves the very same raw bytes is no damage.
                #expect(try await store.shards.array(list.digest) == bytes, "bit \(bit)")
                harmless += 1
                try store.shards.files.flip(row.position.segment, at: place, bit: bit % 8)
            } catch let error as DataSyncError {
                #expect(error.is(.corruptShard), "bit \(bit): \(error)")
                #expect(error.message.contains(list.digest.hex))
                #expect(try await store.shards.missing([list.digest]) == [list.digest])
                await #expect(throws: DataSyncError.self) { try await store.shards.stored(list.digest) }
            }
            bit += 1
        }
        #expect(bit > 100 && harmless <= (encoding == .raw ? 0 : 8))
        #expect(try DirectoryListing.names(in: directory.file("shards/quarantine")).count == 1)
        #expect(try await store.shards.array(other.digest).count == 100)
        try await store.shards.reclaim()
        #expect(try await store.problems() == [])
    }

    /// A damaged leaf takes every shard that has it, and their manifests, and nothing else.
    @Test func damageIsToldOfEveryShardThatHasIt() async throws {
        let directory = try TemporaryDirectory("shards")
        let store = try await TestStore.open(directory.path)
        let common = Bytes.noise(4096, seed: 1)
        let first = try await store.shards.put(Bytes.noise(4096, seed: 2) + common, leafBytes: 4096)
        let second = try await store.shards.put(common + Bytes.noise(4096, seed: 3), leafBytes: 4096)
        let third = try await store.shards.put(Bytes.noise(4096, seed: 2), leafBytes: 4096)
        for (list, owner) in [(first, "a"), (second, "b"), (third, "c")] { try await store.name([list], as: owner) }
        try await store.database.write { try $0.execute("UPDATE datasync_manifests SET is_complete = 1") }
        let row = try #require(try await store.shards.row(first.leaves[1].key))
        try store.shards.files.flip(row.position.segment, at: row.position.offset + 60, bit: 0)
        let report = try await store.shards.scrub()
        #expect(report.damaged == [first.leaves[1].key] && report.leaves == 3 && report.mendedHeaders == 0)
        #expect(
            try await store.shards.missing([first.digest, second.digest, third.digest]) == [
                first.digest, second.digest,
            ])
        let complete = try await store.database.read {
            try $0.query(
                "SELECT owner FROM datasync_references r JOIN datasync_manifests m ON m.digest = r.manifest WHERE is_complete"
            ) {
                try $0.string(0)
            }
        }
        #expect(complete == ["c"])
        #expect(try await store.shards.array(third.digest) == Bytes.noise(4096, seed: 2))
        try await store.shards.reclaim()
        #expect(try await store.problems() == [])
        #expect(try await store.shards.scrub().damaged.isEmpty)
    }

    @Test func theScrubberMendsHeadersAndGoesAtItsPace() async throws {
        let directory = try TemporaryDirectory("shards")
        let store = try await TestStore.open(directory.path) { $0.segmentBytes = 200_000 }
        let list = try await store.shards.put(Bytes.noise(1 << 20, seed: 1))
        let row = try #require(try await store.shards.row(list.leaves[3].key))
        try store.shards.files.flip(row.position.segment, at: row.position.offset + 20, bit: 5)
        let clock = ManualClock()
        async let scrubbed = store.shards.scrub(bytesPerSecond: 1 << 20, clock: clock)
        await clock.waitForSleepers()
        clock.advance(by: .seconds(2))
        let report = try await scrubbed
        #expect(report.mendedHeaders == 1 && report.damaged.isEmpty && report.leaves == 16)
        #expect(report.bytes == 16 * (65_536 + 48))
        #expect(try await store.problems() == [])
    }

    @Test func trustEndsWithItsTimeAndForWhoeverDoubts() async throws {
        let directory = try TemporaryDirectory("shards")
        let store = try await TestStore.open(directory.path) { $0.trust = .seconds(3600) }
        let list = try await store.shards.put(Bytes.noise(5000, seed: 9))
        try await store.shards.flipBit(list.digest)
        _ = try await store.shards.stored(list.digest)
        _ = try await store.shards.stored(list.digest, check: .never)
        await #expect(throws: DataSyncError.self) { try await store.shards.stored(list.digest, check: .always) }
        #expect(try await store.shards.list(list.digest) == nil)
    }

    /// What a crash or a torn write can leave behind the last record: cut off at the next start, and nothing else is.
    @Test func tornTailsAndStraySegmentsGo() async throws {
        let directory = try TemporaryDirectory("shards")
        let first = try await TestStore.open(directory.path)
        let list = try await first.shards.put(Bytes.noise(100_000, seed: 1))
        await first.database.close()
        let path = directory.file("shards/segments/00000001.seg")
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        for tail in [Data([1]), Data("GLEF".utf8) + Data(count: 44), whole.prefix(70_000)] {
            try (whole + tail).write(to: URL(fileURLWithPath: path))
            try Data(count: 1000).write(to: URL(fileURLWithPath: directory.file("shards/segments/00000007.seg")))
            let store = try await TestStore.open(directory.path)
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == whole)
            #expect(try store.shards.files.ids() == [1])
            #expect(try await store.shards.array(list.digest) == Bytes.noise(100_000, seed: 1))
            #expect(try await store.problems() == [])
            await store.database.close()
        }
        // A disk that lost the end of what it said was there: found, told, and mended by storing it again.
        try whole.prefix(whole.count - 10).write(to: URL(fileURLWithPath: path))
        let store = try await TestStore.open(directory.path)
        let error = await #expect(throws: DataSyncError.self) { try await store.shards.raw(list.digest) }
        #expect(error?.is(.corruptShard) == true)
        _ = try await store.shards.put(Bytes.noise(100_000, seed: 1))
        #expect(try await store.shards.array(list.digest) == Bytes.noise(100_000, seed: 1))
        try await store.shards.reclaim()
        #expect(try await store.problems() == [])
    }

    @Test func whatComesFromElsewhereIsChecked() async throws {
        let directory = try TemporaryDirectory("shards")
        let (source, store) = (
            try await TestStore.open(directory.file("a")), try await TestStore.open(directory.file("b"))
        )
        let bytes = Bytes.text(150_000, seed: 6) + Bytes.noise(50_000, seed: 7)
        let list = try await source.shards.put(bytes)
        let leaves = try await source.shards.stored(list.digest)
        let sound = leaves.map { ArrivedShard.Content.encoded($0.encoding, $0.payload) }
        let raw = zip(list.offsets, list.leaves).map { ShardBytes(Array(bytes[$0..<$0 + $1.size])) }
        func refused(_ shard: ArrivedShard) async throws -> DataSyncError? {
            try await store.shards.accept([shard])[shard.digest]
        }
        func changed(_ change: (inout [ArrivedShard.Content]) -> Void) -> ArrivedShard {
            var contents = sound
            change(&contents)
            return ArrivedShard(digest: list.digest, list: list, contents: contents)
        }
        let short = try #require(LeafList(Array(list.leaves.dropLast())))
        var wrong = [
            ArrivedShard(digest: Bytes.digest([1]), list: list, contents: sound),
            ArrivedShard(digest: list.digest, list: short, contents: Array(sound.dropLast())),
            changed { $0.removeLast() }, changed { $0.append($0[0]) }, changed { $0.swapAt(0, 1) },
            changed { $0[0] = .raw(raw[1]) }, changed { $0[0] = .raw(raw[0].slice(0..<100)) },
            changed { $0[0] = .encoded(.raw, leaves[0].payload) },
            changed { $0[0] = .encoded(.lz4, raw[0]) },
            changed { $0[0] = .encoded(.lz4, leaves[0].payload.slice(0..<0)) },
            changed { $0[0] = .encoded(.lz4, leaves[0].payload.slice(1..<leaves[0].payload.count)) },
        ]
        wrong += LeafEncoding.allCases.filter { $0 != leaves[0].encoding }.map { encoding in
            changed { $0[0] = .encoded(encoding, leaves[0].payload) }
        }
        for (index, shard) in wrong.enumerated() {
            #expect(try await refused(shard)?.is(.corruptShard) == true, "\(index)")
        }
        // Leaves that are said to be here and are not.
        let absent = try await refused(changed { $0[0] = .present })
        #expect(absent?.is(.missing) == true && absent?.isRetriable == true)
        var random = SplitMix64(seed: 99)
        let packed = leaves[0].payload.withUnsafeBytes { [UInt8]($0) }
        for _ in 0..<500 {
            var damaged = packed
            for _ in 0...Int.random(in: 0...3, using: &random) {
                damaged[Int.random(in: 0..<damaged.count, using: &random)] ^=
                    1 << UInt8.random(in: 0...7, using: &random)
            }
            let payload = ShardBytes(damaged)
            let error = try await refused(changed { $0[0] = .encoded(leaves[0].encoding, payload) })
            // Kept only if it is the very content.
            if error == nil {
                #expect(try await store.shards.array(list.digest) == bytes)
                try await store.shards.removeUnnamed([list.digest])
            }
        }
        #expect(try await store.shards.usage().shards == 0)
        #expect(try await store.shards.usage().leaves == 0)
        // What is sound of a batch is kept.
        let good = try await source.shards.put(Bytes.noise(1000, seed: 20))
        let both = try await store.shards.accept([
            wrong[0],
            ArrivedShard(digest: good.digest, list: good, contents: [.raw(ShardBytes(Bytes.noise(1000, seed: 20)))]),
        ])
        #expect(Set(both.keys) == [wrong[0].digest])
        #expect(try await store.shards.missing([good.digest]).isEmpty)
        // Raw leaves, packed ones and present ones together.
        #expect(try await refused(changed { $0[0] = .raw(raw[0]) }) == nil)
        let again = try #require(LeafList(list.leaves + [good.leaves[0]]))
        #expect(
            try await refused(
                ArrivedShard(
                    digest: again.digest, list: again, contents: Array(repeating: .present, count: again.leaves.count)))
                == nil)
        #expect(try await store.shards.array(again.digest) == bytes + Bytes.noise(1000, seed: 20))
        #expect(try await store.problems() == [])
    }

    /// Lists that claim what cannot be are refused before anything is made for them.
    @Test func impossibleListsAreRefused() {
        func parsed(_ bytes: [UInt8]) -> LeafList? { bytes.withUnsafeBytes { LeafList(encoded: $0) } }
        func entry(_ size: UInt32) -> [UInt8] {
            [UInt8](repeating: 7, count: 32) + withUnsafeBytes(of: size.littleEndian) { Array($0) }
        }
        #expect(parsed(entry(1))?.size == 1)
        #expect(parsed(entry(256 << 10)) != nil)
        for size: UInt32 in [0, (256 << 10) + 1, 1 << 30, .max] { #expect(parsed(entry(size)) == nil) }
        #expect(parsed([]) == nil)
        #expect(parsed(Array(entry(1).dropLast())) == nil)
        #expect(parsed(entry(1) + [0]) == nil)
        #expect(parsed((0..<128).flatMap { _ in entry(5) })?.leaves.count == 128)
        #expect(parsed((0..<129).flatMap { _ in entry(5) }) == nil)
        #expect(parsed([UInt8](repeating: 1, count: 36_000_000)) == nil)
        #expect(LeafList([]) == nil)
        #expect(LeafList([Leaf(key: LeafKey(Bytes.digest([1])), size: 1 << 40)]) == nil)
        #expect(LeafList([Leaf(key: LeafKey(Bytes.digest([1])), size: -1)]) == nil)
        #expect(LeafList([Leaf(key: LeafKey(Bytes.digest([1])), size: .max)]) == nil)
    }

    @Test func keysAreTheirBytes() {
        var random = SplitMix64(seed: 3)
        var keys: [([UInt8], LeafKey)] = []
        for _ in 0..<200 {
            let bytes = (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }
            let key = bytes.withUnsafeBytes { LeafKey(bytes: $0) }
            #expect(key.bytes == bytes)
            #expect(LeafKey(key.digest) == key)
            #expect(key.digest == Digest(hash: bytes))
            keys.append((bytes, key))
        }
        for (left, right) in zip(keys, keys.dropFirst()) {
            #expect((left.1 < right.1) == left.0.lexicographicallyPrecedes(right.0))
        }
    }
}

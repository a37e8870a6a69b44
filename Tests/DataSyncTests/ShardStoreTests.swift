import Contracts
import Core
import Foundation
import Glibc
import Store
import Telemetry
import TestKit
import Testing

@testable import DataSync

@Suite struct ShardStoreTests {
    static let sizes = [1, 2, 15, 16, 17, 4095, 65_535, 65_536, 65_537, (1 << 17) - 1, 1 << 20, (1 << 20) + 3]

    @Test(arguments: sizes) func everySizeComesBack(_ size: Int) async throws {
        let directory = try TemporaryDirectory("shards")
        let (store, other) = (
            try await TestStore.open(directory.file("a")), try await TestStore.open(directory.file("b"))
        )
        for bytes in [Bytes.noise(size, seed: 1), Bytes.text(size, seed: 2), [UInt8](repeating: 0, count: size)] {
            let list = try await store.shards.put(bytes)
            #expect(list.size == size)
            #expect(list.leaves.count == (size + 65_535) / 65_536)
            if list.leaves.count == 1 { #expect(list.digest == Bytes.digest(bytes)) }
            #expect(try await store.shards.list(list.digest) == list)
            #expect(try await store.shards.array(list.digest) == bytes)
            // As it is stored it can join another store, which checks it.
            let leaves = try await store.shards.stored(list.digest)
            #expect(leaves.map(\.leaf) == list.leaves)
            #expect(leaves.allSatisfy { $0.payload.count <= $0.leaf.size })
            let refused = try await other.shards.accept([
                ArrivedShard(
                    digest: list.digest, list: list, contents: leaves.map { .encoded($0.encoding, $0.payload) })
            ])
            #expect(refused.isEmpty)
            #expect(try await other.shards.array(list.digest) == bytes)
        }
        #expect(try await store.problems().isEmpty)
        #expect(try await other.problems().isEmpty)
    }

    /// Some leaves come without the others, in the order that was asked for, however they are packed.
    @Test func someLeavesComeAlone() async throws {
        let directory = try TemporaryDirectory("shards")
        let store = try await TestStore.open(directory.path)
        let bytes = Bytes.noise(3 * 65_536, seed: 4) + Bytes.text(3 * 65_536 + 5, seed: 4)
        let list = try await store.shards.put(bytes)
        let offsets = list.offsets
        for leaves in [[0], [6], [1, 2, 3], [5, 0, 4], Array(list.leaves.indices), []] {
            let read = try await store.shards.raw(list.digest, leaves: leaves, at: nil)
            let expected = leaves.flatMap { bytes[offsets[$0]..<offsets[$0] + list.leaves[$0].size] }
            #expect(read.withUnsafeBytes { Array($0) } == expected, "\(leaves)")
        }
        await #expect(throws: DataSyncError.self) { try await store.shards.raw(list.digest, leaves: [7], at: nil) }
    }

    @Test func compressionIsKeptWhereItPays() async throws {
        let directory = try TemporaryDirectory("shards")
        let store = try await TestStore.open(directory.path)
        let noise = try await store.shards.put(Bytes.noise(1 << 20, seed: 3))
        #expect(try await store.shards.storedBytes(of: [noise]) == 1 << 20)
        let text = try await store.shards.put(Bytes.text(1 << 20, seed: 3))
        #expect(try await store.shards.storedBytes(of: [text]) < 1 << 19)
    }

    /// The stored format, byte for byte.
    @Test func goldenRecord() async throws {
        let directory = try TemporaryDirectory("shards")
        let store = try await TestStore.open(directory.path)
        let list = try await store.shards.put([0, 1, 2, 3, 4, 5, 6, 7])
        #expect(list.digest.hex == "8a851ff82ee7048ad09ec3847f1ddf44944104d2cbd17ef4e3db22c6785a0d45")
        let file = try Data(contentsOf: URL(fileURLWithPath: directory.file("shards/segments/00000001.seg")))
        #expect(
            [UInt8](file)
                == Bytes.hex(
                    "474c4546" + "01" + "00" + "0000" + "08000000" + "08000000"
                        + "8a851ff82ee7048ad09ec3847f1ddf44944104d2cbd17ef4e3db22c6785a0d45" + "0001020304050607"))
    }

    @Test func chosenLeavesComeAsTheyAreStored() async throws {
        let directory = try TemporaryDirectory("shards")
        let store = try await TestStore.open(directory.path)
        let bytes = Bytes.noise(20_000, seed: 1) + Bytes.text(20_000, seed: 2) + Bytes.noise(20_000, seed: 3)
        let list = try await store.shards.put(bytes, leafBytes: 1000)
        for wanted in [[], [0], [59], [3, 4, 5, 30, 31, 7], Array(0..<60), [5, 5]] {
            for check in [LeafCheck.always, .never, .unlessTrusted] {
                let leaves = try await store.shards.stored(list.digest, leaves: wanted, check: check)
                #expect(leaves.map(\.leaf) == wanted.map { list.leaves[$0] })
                for (index, leaf) in zip(wanted, leaves) {
                    var raw = [UInt8](repeating: 0, count: leaf.leaf.size)
                    try leaf.payload.withUnsafeBytes { payload in
                        try raw.withUnsafeMutableBytes { try LeafCodec.decode(payload, leaf.encoding, into: $0) }
                    }
                    #expect(raw == Array(bytes[index * 1000..<(index + 1) * 1000]))
                }
                // One behind the other, so that they can be sent as one.
                let starts = leaves.map { $0.payload.range.lowerBound }
                #expect(starts == leaves.indices.map { leaves[..<$0].reduce(0) { $0 + $1.payload.count } })
            }
        }
        for wanted in [[60], [-1], [0, .max]] {
            let error = await #expect(throws: DataSyncError.self) {
                try await store.shards.stored(list.digest, leaves: wanted)
            }
            #expect(error?.is(.invalidRequest) == true)
        }
    }

    @Test func theSameBytesAreStoredOnce() async throws {
        let directory = try TemporaryDirectory("shards")
        let store = try await TestStore.open(directory.path)
        let bytes = Bytes.noise(300_000, seed: 8)
        let first = try await store.shards.put(bytes)
        let before = try await store.shards.usage()
        #expect(try await store.shards.put(bytes) == first)
        // Another cut of the same leaves, and leaves that stand twice in one shard.
        let again = try await store.shards.put(Array(bytes[65_536..<262_144]) + Array(bytes[65_536..<131_072]))
        #expect(again.leaves.map(\.key) == [1, 2, 3, 1].map { first.leaves[$0].key })
        let after = try await store.shards.usage()
        #expect(after.leaves == before.leaves && after.liveBytes == before.liveBytes)
        #expect(after.shards == 2)
        #expect(try await store.problems().isEmpty)
        #expect(
            try await store.shards.held([first.leaves[2].key, LeafKey(Bytes.digest([1]))]) == [first.leaves[2].key])
        try await store.shards.removeUnnamed([first.digest])
        #expect(try await store.shards.missing([first.digest, again.digest]) == [first.digest])
        #expect(try await store.shards.usage().leaves == 3)
        #expect(try await store.shards.raw(again.digest).count == again.size)
        try await store.shards.removeUnnamed([first.digest, again.digest])
        #expect(try await store.shards.usage().leaves == 0)
        let error = await #expect(throws: DataSyncError.self) { try await store.shards.raw(first.digest) }
        #expect(error?.is(.missing) == true)
        #expect(try await store.problems().isEmpty)
    }

    @Test func manyAtOnceShareWhatTheyHaveInCommon() async throws {
        let directory = try TemporaryDirectory("shards")
        let store = try await TestStore.open(directory.path) { $0.segmentBytes = 1 << 20 }
        let pieces = (0..<12).map { Bytes.noise(65_536, seed: UInt64($0)) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<16 {
                group.addTask {
                    for turn in 0..<6 {
                        let bytes = (0..<8).flatMap { pieces[(worker * 5 + turn * 3 + $0) % pieces.count] }
                        let list = try await store.shards.put(bytes)
                        #expect(try await store.shards.array(list.digest) == bytes)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await store.shards.usage().leaves == pieces.count)
        try await store.shards.reclaim()
        #expect(try await store.problems().isEmpty)
    }

    @Test func cutsThatDoNotFitAreRefused() async throws {
        let directory = try TemporaryDirectory("shards")
        let store = try await TestStore.open(directory.path)
        let bytes = ShardBytes(Bytes.noise(1 << 20, seed: 1))
        for sizes in [
            [], [1 << 20], [1 << 19, 1 << 19], [0, 1 << 18], [-1, 1], Array(repeating: 1 << 12, count: 255),
            Array(repeating: 4096, count: 256),
        ] {
            let error = await #expect(throws: DataSyncError.self, "\(sizes.prefix(3))") {
                try await store.shards.put([NewShard(bytes: bytes, leafSizes: sizes)])
            }
            #expect(error?.is(.invalidRequest) == true)
        }
        #expect(try await store.shards.usage().leaves == 0)
    }

    /// A directory of an earlier version is refused, by its files or by its tables.
    @Test func anOldLayoutIsRefused() async throws {
        let directory = try TemporaryDirectory("shards")
        try StateDirectory.makePrivate(directory.file("s/shards/ab"), parents: true)
        for path in ["s", "s/shards"] { #expect(chmod(directory.file(path), 0o700) == 0) }
        let refusal = await #expect(throws: DataSyncError.self) { try await TestStore.open(directory.file("s")) }
        #expect(refusal?.is(.oldLayout) == true)
        #expect(refusal?.message.contains(directory.file("s/shards")) == true)
        try StateDirectory.makePrivate(directory.file("t"), parents: true)
        let database = try await Database.open(
            path: directory.file("t/state.db"),
            migrations: [MigrationSet(module: "datasync", migrations: [Migration(1, "CREATE TABLE datasync_old (x)")])],
            logger: .disabled)
        await database.close()
        let tables = await #expect(throws: DataSyncError.self) { try await TestStore.open(directory.file("t")) }
        #expect(tables?.is(.oldLayout) == true)
    }

    @Test(.enabled(if: SmallDisk.isAvailable, "needs the right to mount a tmpfs"))
    func aFullDiskKeepsWhatWasThere() async throws {
        let disk = try SmallDisk(bytes: 4 << 20)
        let store = try await TestStore.open(disk.file("s"))
        var kept: [(LeafList, [UInt8])] = []
        for seed in 0..<100 {
            let bytes = Bytes.noise(300_000, seed: UInt64(seed))
            do { kept.append((try await store.shards.put(bytes), bytes)) } catch let error as StoreError {
                #expect(error.kind == .full)
                #expect(error.isRetriable)
                break
            }
        }
        #expect((5..<50).contains(kept.count))
        for (list, bytes) in kept { #expect(try await store.shards.array(list.digest) == bytes) }
        try await store.shards.reclaim()
        #expect(try await store.problems().isEmpty)
        try disk.resize(bytes: 12 << 20)
        let more = Bytes.noise(300_000, seed: 1000)
        let list = try await store.shards.put(more)
        #expect(try await store.shards.array(list.digest) == more)
        await store.database.close()
        let again = try await TestStore.open(disk.file("s"))
        for (list, bytes) in kept + [(list, more)] { #expect(try await again.shards.array(list.digest) == bytes) }
        #expect(try await again.problems().isEmpty)
        await again.database.close()
    }
}

import Contracts
import Core
import Foundation
import Glibc
import Store
import TestKit
import Testing

@testable import DataSync

@Suite struct ShardStoreTests {
    static let sizes = [1, 2, 15, 16, 17, 4095, 4096, 65_536, (1 << 17) - 1, 1 << 17, 1 << 20, (1 << 20) + 3]

    @Test(arguments: sizes) func everySizeComesBack(_ size: Int) throws {
        let directory = try TemporaryDirectory("shards")
        let store = try ShardStore(directory: directory.file("s"))
        for bytes in [Bytes.noise(size, seed: 1), Bytes.text(size, seed: 2), [UInt8](repeating: 0, count: size)] {
            let shard = try store.put(bytes)
            #expect(shard.size == size)
            #expect(shard.digest == Bytes.digest(bytes))
            #expect(shard.storedBytes <= size)
            #expect(try store.array(shard.digest) == bytes)
            // As it is stored it can join another store, which checks it.
            let other = try ShardStore(directory: directory.file("other-\(shard.digest.hex.prefix(8))"))
            let (again, payload) = try store.stored(shard.digest)
            #expect(again == shard)
            let staged = try payload.withUnsafeBytes {
                try other.stage(payload: $0, encoding: again.encoding, size: again.size, digest: again.digest)
            }
            #expect(!other.contains(shard.digest))
            try other.commit([staged])
            #expect(try other.array(shard.digest) == bytes)
        }
    }

    @Test func compressionIsKeptWhereItPays() throws {
        let directory = try TemporaryDirectory("shards")
        let store = try ShardStore(directory: directory.file("s"))
        let noise = try store.put(Bytes.noise(1 << 20, seed: 3))
        #expect(noise.encoding == .raw)
        #expect(noise.storedBytes == 1 << 20)
        let text = try store.put(Bytes.text(1 << 20, seed: 3))
        #expect(text.encoding == .lz4)
        #expect(text.storedBytes < 1 << 19)
    }

    /// The stored format, byte for byte; the LZ4 frame was put together by hand from its specification.
    @Test func goldenFiles() throws {
        let directory = try TemporaryDirectory("shards")
        let store = try ShardStore(directory: directory.file("s"))
        let raw = try store.put([0, 1, 2, 3, 4, 5, 6, 7])
        #expect(raw.digest.hex == "8a851ff82ee7048ad09ec3847f1ddf44944104d2cbd17ef4e3db22c6785a0d45")
        let path = directory.file("s/8a/\(raw.digest.hex)")
        #expect(
            try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
                == Bytes.hex("475348440100000008000000000000000001020304050607"))

        let hex = "4daeb9ac8be203281aceb5f4511220333686abfde4d2ccd50a49cd156a2e8cf5"
        let digest = try #require(Digest(hex: hex))
        let file = Bytes.hex(
            "47534844010100002c010000000000000"
                + "4224d1868602c01000000000000fa0c0000001f410100ff1450414141414100000000")
        #expect(mkdir(directory.file("s/4d"), 0o700) == 0)
        try Data(file).write(to: URL(fileURLWithPath: directory.file("s/4d/\(hex)")))
        #expect(try store.array(digest) == [UInt8](repeating: 0x41, count: 300))
        #expect(try store.stored(digest).shard.encoding == .lz4)
    }

    /// Every single bit of a stored file is flipped in turn: it is found, the shard counts as missing, and storing it again
    /// mends it.
    @Test(arguments: [ShardEncoding.raw, .lz4]) func everyBitFlipAtRestIsFound(_ encoding: ShardEncoding) throws {
        let directory = try TemporaryDirectory("shards")
        let store = try ShardStore(directory: directory.file("s"))
        let bytes = encoding == .raw ? Bytes.noise(40, seed: 4) : [UInt8](repeating: 7, count: 400)
        let shard = try store.put(bytes)
        #expect(shard.encoding == encoding)
        let path = URL(fileURLWithPath: directory.file("s/\(shard.digest.hex.prefix(2))/\(shard.digest.hex)"))
        let sound = try Data(contentsOf: path)
        var harmless = 0
        for bit in 0..<(sound.count * 8) {
            var damaged = sound
            damaged[bit / 8] ^= 1 << (bit % 8)
            try damaged.write(to: path)
            do {
                // A flip that leaves the very same raw bytes (such as in LZ4's maximum block size) is no damage.
                #expect(try store.array(shard.digest) == bytes, "bit \(bit)")
                harmless += 1
            } catch let error as DataSyncError {
                #expect(error.is(.corruptShard), "bit \(bit): \(error)")
                #expect(!store.contains(shard.digest))
                #expect(try store.sound(shard.digest) == nil)
                #expect(throws: DataSyncError.self) { try store.stored(shard.digest) }
                _ = try store.put(bytes)
                #expect(try store.array(shard.digest) == bytes)
            }
            try sound.write(to: path)
        }
        #expect(harmless <= (encoding == .raw ? 0 : 8))
        #expect(try DirectoryListing.names(in: directory.file("s/quarantine")) == [shard.digest.hex])
    }

    @Test func truncatedAndForeignFilesAreFound() throws {
        let directory = try TemporaryDirectory("shards")
        let store = try ShardStore(directory: directory.file("s"), maximumShardBytes: 1 << 20)
        let bytes = Bytes.text(9000, seed: 5)
        let shard = try store.put(bytes)
        let path = directory.file("s/\(shard.digest.hex.prefix(2))/\(shard.digest.hex)")
        let sound = try Data(contentsOf: URL(fileURLWithPath: path))
        var terabyte = sound
        terabyte.replaceSubrange(8..<16, with: [0, 0, 0, 0, 0, 1, 0, 0])
        var files = (0..<sound.count).filter { $0 % 97 == 0 || $0 < 40 }.map { Data(sound.prefix($0)) }
        files += [sound + [0], terabyte, Data(repeating: 0xff, count: 40), Data(count: 2 << 20)]
        for (index, file) in files.enumerated() {
            try file.write(to: URL(fileURLWithPath: path))
            let error = #expect(throws: DataSyncError.self, "file \(index)") { try store.array(shard.digest) }
            #expect(error?.is(.corruptShard) == true)
            #expect(error?.message.contains(shard.digest.hex) == true)
        }
    }

    @Test func whatComesFromElsewhereIsChecked() throws {
        let directory = try TemporaryDirectory("shards")
        let store = try ShardStore(directory: directory.file("s"), maximumShardBytes: 1 << 20)
        let bytes = Bytes.text(50_000, seed: 6)
        let digest = Bytes.digest(bytes)
        let frame = try bytes.withUnsafeBytes { try #require(LZ4Codec.compress($0)) }
        let packed = frame.buffer.bytes(0..<frame.count).map { $0 }
        func stage(_ payload: [UInt8], _ encoding: ShardEncoding, _ size: Int, _ digest: Digest) throws {
            let staged = try payload.withUnsafeBytes {
                try store.stage(payload: $0, encoding: encoding, size: size, digest: digest)
            }
            try store.commit([staged])
        }
        let wrong: [([UInt8], ShardEncoding, Int, Digest)] = [
            (bytes, .raw, 49_999, digest), (bytes, .raw, 50_000, Bytes.digest([1])),
            (packed, .raw, packed.count, digest),
            (packed, .lz4, 49_999, digest), (packed, .lz4, 50_001, digest), (packed, .lz4, 1 << 20, digest),
            (Array(packed.dropLast()), .lz4, 50_000, digest), (packed + [0], .lz4, 50_000, digest),
            (packed + packed, .lz4, 50_000, digest), ([], .lz4, 50_000, digest), (bytes, .lz4, 50_000, digest),
            (packed, .lz4, 1 << 40, digest), (packed, .lz4, -1, digest), (bytes, .raw, .max, digest),
        ]
        for (index, (payload, encoding, size, digest)) in wrong.enumerated() {
            let error = #expect(throws: DataSyncError.self, "\(index)") { try stage(payload, encoding, size, digest) }
            #expect(error.map { $0.is(.corruptShard) || $0.is(.tooLarge) } == true)
        }
        var random = SplitMix64(seed: 99)
        for _ in 0..<3000 {
            var damaged = packed
            for _ in 0...Int.random(in: 0...3, using: &random) {
                damaged[Int.random(in: 0..<damaged.count, using: &random)] ^=
                    1 << UInt8.random(in: 0...7, using: &random)
            }
            // Accepted only if it is the very content.
            do { try stage(damaged, .lz4, 50_000, digest) } catch let error as DataSyncError {
                #expect(error.is(.corruptShard))
            }
        }
        try stage(packed, .lz4, 50_000, digest)
        #expect(try store.array(digest) == bytes)
        #expect(try store.digests() == [digest])
        #expect(try DirectoryListing.names(in: directory.file("s/tmp")).isEmpty)
    }

    /// 100 KiB that claim to be 8 MiB of zeros, again and again, in a store for shards of 1 MiB.
    @Test func aDecompressionBombIsRefused() throws {
        let directory = try TemporaryDirectory("shards")
        let store = try ShardStore(directory: directory.file("s"), maximumShardBytes: 1 << 20)
        let zeros = [UInt8](repeating: 0, count: 8 << 20)
        let bomb = try zeros.withUnsafeBytes { try #require(LZ4Codec.compress($0)) }
        for size in [1 << 20, 8 << 20] {
            let error = #expect(throws: DataSyncError.self) {
                try store.stage(
                    payload: bomb.buffer.bytes(0..<bomb.count), encoding: .lz4, size: size, digest: Bytes.digest(zeros))
            }
            #expect(error.map { $0.is(.corruptShard) || $0.is(.tooLarge) } == true)
        }
    }

    @Test func whatWasNotCommittedLeavesNothing() throws {
        let directory = try TemporaryDirectory("shards")
        let path = directory.file("s")
        let store = try ShardStore(directory: path)
        do {
            let staged = try Bytes.noise(1000, seed: 7).withUnsafeBytes { try store.stage($0) }
            #expect(try DirectoryListing.names(in: path + "/tmp").count == 1)
            withExtendedLifetime(staged) {}
        }
        #expect(try DirectoryListing.names(in: path + "/tmp").isEmpty)
        #expect(try store.digests().isEmpty)
        // What a crash left is removed at the next start.
        try DurableFile.write([1, 2, 3], to: path + "/tmp/left-over")
        _ = try ShardStore(directory: path)
        #expect(try DirectoryListing.names(in: path + "/tmp").isEmpty)
    }

    @Test func theSameBytesAreStoredOnce() throws {
        let directory = try TemporaryDirectory("shards")
        let store = try ShardStore(directory: directory.file("s"))
        let bytes = Bytes.noise(5000, seed: 8)
        let first = try store.put(bytes)
        #expect(try store.put(bytes) == first)
        #expect(try store.digests() == [first.digest])
        try store.remove(first.digest)
        try store.remove(first.digest)
        #expect(try store.digests().isEmpty)
        let error = #expect(throws: DataSyncError.self) { try store.raw(first.digest) }
        #expect(error?.is(.missing) == true)
    }

    @Test func trustEndsWhenTheFileChanges() throws {
        let directory = try TemporaryDirectory("shards")
        let store = try ShardStore(directory: directory.file("s"), trust: .seconds(3600))
        let bytes = Bytes.noise(5000, seed: 9)
        let shard = try store.put(bytes)
        let path = directory.file("s/\(shard.digest.hex.prefix(2))/\(shard.digest.hex)")
        let file = open(path, O_WRONLY)
        var before = stat()
        fstat(file, &before)
        #expect(pwrite(file, [0xff, 0xfe], 2, 100) == 2)
        // Even a writer that restores the time is found when the receiver asks to look again.
        var times = [before.st_atim, before.st_mtim]
        #expect(futimens(file, &times) == 0)
        close(file)
        #expect(throws: Never.self) { try store.stored(shard.digest) }
        #expect(throws: DataSyncError.self) { try store.stored(shard.digest, recheck: true) }
        _ = try store.put(bytes)
        #expect(truncate(path, 4000) == 0)
        #expect(throws: DataSyncError.self) { try store.stored(shard.digest) }
    }

    @Test(.enabled(if: SmallDisk.isAvailable, "needs the right to mount a tmpfs"))
    func aFullDiskKeepsWhatWasThere() throws {
        let disk = try SmallDisk(bytes: 3 << 20)
        let store = try ShardStore(directory: disk.file("s"))
        var kept: [(StoredShard, [UInt8])] = []
        let error = #expect(throws: StoreError.self) {
            for seed in 0..<100 {
                let bytes = Bytes.noise(300_000, seed: UInt64(seed))
                kept.append((try store.put(bytes), bytes))
            }
        }
        #expect(error?.kind == .full)
        #expect(error?.isRetriable == true)
        #expect(kept.count > 5)
        for (shard, bytes) in kept { #expect(try store.array(shard.digest) == bytes) }
        #expect(try store.digests().count == kept.count)
        #expect(try DirectoryListing.names(in: disk.file("s/tmp")).isEmpty)
        try disk.resize(bytes: 8 << 20)
        let more = Bytes.noise(300_000, seed: 1000)
        #expect(try store.array(store.put(more).digest) == more)
    }
}

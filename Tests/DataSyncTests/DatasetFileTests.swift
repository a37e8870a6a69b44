import Contracts
import Core
import Foundation
import Glibc
import Store
import TestKit
import Testing

@testable import DataSync

@Suite struct DatasetFileTests {
    /// Writes files of these contents, with times of their own.
    private static func fill(_ root: String, _ files: [String: [UInt8]]) throws {
        for (path, bytes) in files {
            let url = URL(fileURLWithPath: "\(root)/\(path)")
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(bytes).write(to: url)
            #expect(chmod(url.path, path.utf8.count % 2 == 0 ? 0o640 : 0o755) == 0)
            let time = timespec(tv_sec: 1_600_000_000 + path.utf8.count, tv_nsec: 123_000_000)
            #expect(utimensat(AT_FDCWD, url.path, [time, time], 0) == 0)
        }
    }

    /// Path, mode, time and bytes of every file below.
    private static func listing(_ root: String) throws -> [String: String] {
        var listing: [String: String] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: root) {
            var status = stat()
            #expect(lstat("\(root)/\(path)", &status) == 0)
            guard status.st_mode & S_IFMT == S_IFREG else { continue }
            let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(root)/\(path)")))
            listing[path] =
                "\(status.st_mode & 0o7777) \(DirectoryWalk.modified(status)) \(Bytes.digest(bytes)) \(bytes.count)"
        }
        return listing
    }

    private static let files: [String: [UInt8]] = [
        "empty": [], "a": [1], "b/c/d.txt": Bytes.text(10_000, seed: 1), "b/c/e.bin": Bytes.noise(700_000, seed: 2),
        "b/z": Bytes.noise(300, seed: 3), "weights/한글.safetensors": Bytes.noise(9 << 20, seed: 4),
        "weights/zeros": [UInt8](repeating: 0, count: 3 << 20), "z": Bytes.text(262_144, seed: 5),
        "b.d": Bytes.noise(16_384, seed: 6), "nested/empty/file": [],
    ]

    @Test func whatIsReadIsWrittenAgain() async throws {
        let directory = try TemporaryDirectory("dataset")
        let store = try await TestStore.open(directory.file("store"))
        let (source, target) = (directory.file("source"), directory.file("target"))
        try Self.fill(source, Self.files)
        #expect(symlink("/etc/passwd", "\(source)/link") == 0)
        #expect(symlink(source, "\(source)/b/loop") == 0)
        #expect(mkfifo("\(source)/pipe", 0o600) == 0)
        let result = try await DatasetReader(store: store.shards).read(source)
        #expect(result.skipped == ["b/loop", "link", "pipe"])
        #expect(result.readBytes == Self.files.values.reduce(0) { $0 + $1.count })
        #expect(Set(result.manifest.files.map(\.path)) == Set(Self.files.keys))
        #expect(try ManifestRules().check(result.manifest, maximumBytes: .max) == result.readBytes)
        try await DatasetWriter(store: store.shards).write(result.manifest, to: target)
        #expect(try Self.listing(target) == Self.listing(source))
        // Again, over what is there; and the same files make the same manifest.
        try await DatasetWriter(store: store.shards).write(result.manifest, to: target)
        #expect(try Self.listing(target) == Self.listing(source))
        #expect(try await DatasetReader(store: store.shards).read(target).manifest == result.manifest)
        // Leaves that were written twice at the same time.
        try await store.shards.reclaim()
        #expect(try await store.problems() == [])
        let names = try FileManager.default.subpathsOfDirectory(atPath: target)
        #expect(!names.contains { $0.hasSuffix(".tmp") })
    }

    @Test func oneFileIsADataSetToo() async throws {
        let directory = try TemporaryDirectory("dataset")
        let store = try await TestStore.open(directory.file("store"))
        try Self.fill(directory.file("in"), ["x.bin": Bytes.noise(100_000, seed: 1)])
        let result = try await DatasetReader(store: store.shards).read(directory.file("in/x.bin"))
        #expect(result.manifest.files.map(\.path) == ["x.bin"])
        try await DatasetWriter(store: store.shards).write(result.manifest, to: directory.file("out"))
        #expect(try Self.listing(directory.file("out")) == Self.listing(directory.file("in")))
    }

    @Test func manySmallFilesShareShards() async throws {
        let directory = try TemporaryDirectory("dataset")
        let store = try await TestStore.open(directory.file("store"))
        var random = SplitMix64(seed: 8)
        var files: [String: [UInt8]] = [:]
        for index in 0..<700 {
            files["\(index % 13)/\(index)"] = Bytes.noise(Int.random(in: 0...9000, using: &random), seed: random.next())
        }
        try Self.fill(directory.file("in"), files)
        let result = try await DatasetReader(store: store.shards).read(directory.file("in"))
        #expect(result.manifest.shards.count < 100)
        try await DatasetWriter(store: store.shards).write(result.manifest, to: directory.file("out"))
        #expect(try Self.listing(directory.file("out")) == Self.listing(directory.file("in")))
    }

    /// An insertion changes the shards near it and no others; a base saves reading what did not change.
    @Test func changesStayWhereTheyAre() async throws {
        let directory = try TemporaryDirectory("dataset")
        let store = try await TestStore.open(directory.file("store"))
        let source = directory.file("in")
        var files = Self.files
        try Self.fill(source, files)
        let reader = DatasetReader(store: store.shards)
        let before = try await reader.read(source).manifest
        let unchanged = try await reader.read(source, base: before)
        #expect(unchanged.manifest == before && unchanged.readBytes == 0)
        let name = "weights/한글.safetensors"
        files[name]?.insert(contentsOf: Bytes.noise(777, seed: 50), at: 4_000_000)
        try Self.fill(source, [name: files[name] ?? []])
        #expect(utimensat(AT_FDCWD, "\(source)/\(name)", nil, 0) == 0)
        let (fresh, based) = (try await reader.read(source), try await reader.read(source, base: before))
        #expect(based.manifest == fresh.manifest)
        #expect(based.readBytes == files[name]?.count)
        let new = fresh.manifest.shards.filter { shard in !before.shards.contains { $0.digest == shard.digest } }
        #expect(new.count <= 4 && !new.isEmpty)
        try await DatasetWriter(store: store.shards).write(based.manifest, to: directory.file("out"))
        #expect(try Self.listing(directory.file("out")) == Self.listing(source))
        // A base whose shards are gone is no help and no harm.
        let shards = try await store.shards.digests()
        try await store.shards.removeUnnamed(shards)
        #expect(try await reader.read(source, base: before).manifest == fresh.manifest)
    }

    /// Nothing is written outside the directory: neither by a path nor through a link that lies there.
    @Test func nothingIsWrittenOutside() async throws {
        let directory = try TemporaryDirectory("dataset")
        let store = try await TestStore.open(directory.file("store"))
        let list = try await store.shards.put([1, 2, 3, 4])
        let shards = [ShardSpec(digest: list.digest, size: 4, entry: 0, offset: 0)]
        let (target, outside) = (directory.file("target"), directory.file("outside"))
        try FileManager.default.createDirectory(atPath: outside, withIntermediateDirectories: true)
        func write(_ path: String) async throws {
            let file = FileSpec(path: path, size: 4, mode: 0o644, modified: 0)
            try await DatasetWriter(store: store.shards).write(Manifest(files: [file], shards: shards), to: target)
        }
        for path in ["../outside/a", "/tmp/a", "a/../../outside/a", "..", "a//b", ""] {
            let error = await #expect(throws: DataSyncError.self) { try await write(path) }
            #expect(error?.is(.invalidManifest) == true)
        }
        #expect(access(target, F_OK) != 0)
        try await write("a/b")
        #expect(symlink(outside, "\(target)/link") == 0)
        #expect(symlink("\(outside)/file", "\(target)/file") == 0)
        let error = await #expect(throws: StoreError.self) { try await write("link/a") }
        #expect(error?.message.contains("link") == true)
        // A link in the place of the file is replaced, not followed.
        try await write("file")
        #expect(try FileManager.default.contentsOfDirectory(atPath: outside).isEmpty)
        #expect(try Data(contentsOf: URL(fileURLWithPath: "\(target)/file")) == Data([1, 2, 3, 4]))
        // A directory in its place is not.
        await #expect(throws: StoreError.self) { try await write("a") }
        #expect(try Data(contentsOf: URL(fileURLWithPath: "\(target)/a/b")) == Data([1, 2, 3, 4]))
        let names = try FileManager.default.subpathsOfDirectory(atPath: target)
        #expect(Set(names) == ["a", "a/b", "link", "file"])
    }

    @Test func aManifestWhoseShardsAreNotHereWritesNoFile() async throws {
        let directory = try TemporaryDirectory("dataset")
        let store = try await TestStore.open(directory.file("store"))
        let manifest = Manifest(
            files: [FileSpec(path: "a", size: 4, mode: 0o644, modified: 0)],
            shards: [ShardSpec(digest: Bytes.digest([9]), size: 4, entry: 0, offset: 0)])
        let target = directory.file("target")
        let error = await #expect(throws: DataSyncError.self) {
            try await DatasetWriter(store: store.shards).write(manifest, to: target)
        }
        #expect(error?.is(.missing) == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: target).isEmpty)
    }

    @Test func namesThatAreNotTextAreToldOf() async throws {
        let directory = try TemporaryDirectory("dataset")
        let store = try await TestStore.open(directory.file("store"))
        try Self.fill(directory.file("in"), ["fine": [1]])
        let path = Array(directory.file("in/").utf8CString.dropLast()) + [CChar(bitPattern: 0xff), 0]
        let descriptor = open(path, O_CREAT | O_WRONLY, 0o600)
        #expect(descriptor >= 0)
        close(descriptor)
        let error = await #expect(throws: DataSyncError.self) {
            try await DatasetReader(store: store.shards).read(directory.file("in"))
        }
        #expect(error?.is(.invalidRequest) == true && error?.message.contains("UTF-8") == true)
    }

    /// However the stream is divided, the groups obey their rules and depend on the leaves alone.
    @Test func groupsObeyTheirRules() throws {
        var random = SplitMix64(seed: 12)
        for _ in 0..<50 {
            let leaves = (0..<Int.random(in: 0...300, using: &random)).map { _ in
                let hash = (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }
                return Leaf(
                    key: LeafKey(Digest(hash: hash)), size: Int.random(in: 1...Leaf.maximumBytes, using: &random))
            }
            var grouper = ShardGrouper<Int>()
            var groups: [[Leaf]] = []
            for (index, leaf) in leaves.enumerated() { groups += grouper.add(leaf, index).map { $0.map(\.leaf) } }
            if let last = grouper.finish() { groups.append(last.map(\.leaf)) }
            #expect(groups.flatMap { $0 } == leaves)
            for (index, group) in groups.enumerated() {
                let size = group.reduce(0) { $0 + $1.size }
                #expect(group.count <= 32 && size <= 2 << 20)
                #expect(LeafList(group) != nil)
                let ends = { (leaf: Leaf) in leaf.key.bytes[31] & 15 == 0 }
                #expect(!group.dropFirst(3).dropLast().contains(where: ends))
                if index + 1 < groups.count {
                    let isFull = group.count == 32 || size + groups[index + 1][0].size > 2 << 20
                    #expect(isFull || group.count >= 4 && ends(group[group.count - 1]))
                }
            }
        }
    }

    @Test(.enabled(if: SmallDisk.isAvailable, "needs the right to mount a tmpfs"))
    func aFullDiskLeavesNoHalfFile() async throws {
        let directory = try TemporaryDirectory("dataset")
        let store = try await TestStore.open(directory.file("store"))
        var files: [String: [UInt8]] = [:]
        for index in 0..<30 { files["\(index)"] = Bytes.noise(100_000, seed: UInt64(index)) }
        try Self.fill(directory.file("in"), files)
        let manifest = try await DatasetReader(store: store.shards).read(directory.file("in")).manifest
        let disk = try SmallDisk(bytes: 1 << 20)
        let error = await #expect(throws: StoreError.self) {
            try await DatasetWriter(store: store.shards).write(manifest, to: disk.file("out"))
        }
        #expect(error?.kind == .full)
        #expect(try FileManager.default.contentsOfDirectory(atPath: disk.file("out")).isEmpty)
        try disk.resize(bytes: 8 << 20)
        try await DatasetWriter(store: store.shards).write(manifest, to: disk.file("out"))
        #expect(try Self.listing(disk.file("out")) == Self.listing(directory.file("in")))
    }
}

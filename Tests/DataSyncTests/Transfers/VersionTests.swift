import Contracts
import Core
import Foundation
import MessageBus
import Telemetry
import TestKit
import Testing

@testable import DataSync

/// Data sets made from files.
@Suite struct VersionTests {
    /// A directory of files, small and large, nested and empty.
    private struct Folder {
        let directory: TemporaryDirectory
        var files: [String: [UInt8]] = [:]

        init() throws { directory = try TemporaryDirectory("files") }

        var path: String { directory.file("tree") }

        mutating func write(_ name: String, _ bytes: [UInt8]) throws {
            let url = URL(fileURLWithPath: "\(path)/\(name)")
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(bytes).write(to: url)
            files[name] = bytes
        }

        /// All bytes in the order of the paths' bytes.
        var stream: [UInt8] {
            files.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.flatMap(\.value)
        }
    }

    private static func name() throws -> DatasetName { try DatasetName("demo/points/train") }

    private static func folder() throws -> Folder {
        var folder = try Folder()
        try folder.write("big.bin", Bytes.noise(5 << 20, seed: 1))
        try folder.write("deep/er/text.txt", Bytes.text(300_000, seed: 2))
        try folder.write("empty", [])
        for number in 0..<60 {
            try folder.write("small/\(number)", Bytes.noise(1000 + number * 37, seed: UInt64(number)))
        }
        return folder
    }

    private static func ingest(
        _ cloud: Cloud, _ folder: Folder, isPinned: Bool = false
    ) async throws -> [IngestProgress] {
        let stream = try await cloud.bus.stream(
            DataSyncContract.ingest, IngestRequest(dataset: name(), path: folder.path, isPinned: isPinned))
        var items: [IngestProgress] = []
        for try await item in stream { items.append(item.body) }
        return items
    }

    private static func read(_ cloud: Cloud, _ request: ReadRequest) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await item in try await cloud.bus.stream(DataSyncContract.read, request) {
            #expect(item.body.offset == request.offset + bytes.count)
            for attachment in item.attachments {
                #expect(attachment.count <= 1 << 20)
                bytes += attachment.array
            }
        }
        return bytes
    }

    /// Several that write one name at once get a version each, whole and with its own bytes.
    @Test func writersOfOneNameGetAVersionEach() async throws {
        let pair = try Pair()
        let core = try await pair.core()
        try await running(core) {
            let folders = try (0..<6).map { number in
                var folder = try Folder()
                try folder.write("common", Bytes.noise(200_000, seed: 1))
                try folder.write("own", Bytes.noise(10_000 + number, seed: UInt64(100 + number)))
                return folder
            }
            let versions = try await withThrowingTaskGroup(of: (Int, DatasetVersion?).self) { group in
                for (number, folder) in folders.enumerated() {
                    group.addTask { (number, try await Self.ingest(core, folder).last?.version) }
                }
                return try await group.reduce(into: [Int: DatasetVersion]()) { $0[$1.0] = $1.1 }
            }
            #expect(versions.values.compactMap(\.reference.version).sorted() == Array(1...6))
            for (number, folder) in folders.enumerated() {
                let version = try #require(versions[number])
                #expect(try await Self.read(core, ReadRequest(manifest: version.manifest)) == folder.stream)
            }
            // And of one reference: it holds both.
            async let first = core.publish([Bytes.noise(4000, seed: 7)], as: "job/1/global")
            async let second = core.publish([Bytes.noise(4000, seed: 8)], as: "job/1/global")
            for summary in try await [first, second] {
                let manifest = try await core.service.manifest(summary.digest)
                #expect(try await core.tensors(of: manifest)[0].count == 4000)
            }
        }
    }

    @Test func aDirectoryBecomesVersionsThatAreReadAndMoved() async throws {
        let pair = try Pair()
        let (core, edge) = (try await pair.core(), try await pair.edge())
        try await pair.running(core, edge) {
            var folder = try Self.folder()
            let items = try await Self.ingest(core, folder)
            let first = try #require(items.last?.version)
            #expect(first.reference.version == 1 && first.isComplete && first.artefact == .rawData)
            #expect(items.last?.entries == 63 && items.last?.rawBytes == folder.stream.count)
            #expect(items.map(\.rawBytes) == items.map(\.rawBytes).sorted())
            #expect(try await Self.read(core, ReadRequest(manifest: first.manifest)) == folder.stream)
            let request = ReadRequest(manifest: first.manifest, offset: 3_000_001, count: 2_500_000)
            let part = try await Self.read(core, request)
            #expect(part == Array(folder.stream[3_000_001..<5_500_001]))
            let manifest = try await core.service.manifest(first.manifest)
            #expect(manifest.files.map(\.path).contains("deep/er/text.txt"))
            _ = try ManifestRules().check(manifest, maximumBytes: 1 << 30)

            // The same again is no version; bytes put into the middle cost what is near them.
            #expect(try await Self.ingest(core, folder).last?.isUnchanged == true)
            _ = try await edge.fetch(first.manifest, as: "copy/1")
            var big = try #require(folder.files["big.bin"])
            big.insert(contentsOf: Bytes.noise(777, seed: 9), at: 2_000_000)
            try folder.write("big.bin", big)
            let last = try #require(try await Self.ingest(core, folder).last)
            let second = try #require(last.version)
            #expect(second.reference.version == 2)
            #expect(last.deduplicatedBytes > last.rawBytes - 1_000_000)
            let reply = try await edge.fetch(second.manifest, as: "copy/2")
            #expect(reply.movedBytes < 1_000_000, "\(reply.movedBytes)")
            #expect(try await Self.read(edge, ReadRequest(manifest: second.manifest)) == folder.stream)

            let list = try await core.bus.call(DataSyncContract.versions, VersionsQuery(dataset: Self.name())).body
            #expect(list.versions.map(\.manifest) == [first.manifest, second.manifest])
            let catalogue = try await core.bus.call(DataSyncContract.catalogue, CatalogueQuery()).body
            #expect(catalogue.datasets.map(\.dataset) == [try Self.name()])
            #expect(catalogue.datasets.first?.newest == second && catalogue.datasets.first?.versions == 2)
        }
    }

    @Test func pinnedVersionsStayAndNumbersAreNotUsedAgain() async throws {
        let pair = try Pair()
        let (core, edge) = (try await pair.core(), try await pair.edge())
        try await pair.running(core, edge) {
            var folder = try Folder()
            try folder.write("a", Bytes.noise(50_000, seed: 3))
            let pinned = try #require(try await Self.ingest(core, folder, isPinned: true).last?.version)
            let refused = await #expect(throws: BusError.self) {
                try await core.bus.call(DataSyncContract.removeVersion, pinned.reference)
            }
            #expect(refused?.message.contains("pinned") == true)
            _ = try await core.bus.call(
                DataSyncContract.pin, PinRequest(reference: pinned.reference, isPinned: false))
            #expect(try await core.bus.call(DataSyncContract.removeVersion, pinned.reference).body.versions == 1)
            while core.service.metrics.waitingRemovals.value > 0 { try await Task.sleep(for: .milliseconds(1)) }
            #expect(try await core.shards.digests().isEmpty)
            let next = try #require(try await Self.ingest(core, folder).last?.version)
            #expect(next.reference.version == 2)
            let unknown = await #expect(throws: BusError.self) {
                try await core.bus.call(DataSyncContract.removeVersion, pinned.reference)
            }
            #expect(unknown?.code == "missing")
        }
    }

    @Test func damageIsFoundByVerification() async throws {
        let pair = try Pair()
        let (core, edge) = (try await pair.core(), try await pair.edge())
        try await pair.running(core, edge) {
            var folder = try Folder()
            try folder.write("a", Bytes.noise(3 << 20, seed: 4))
            let version = try #require(try await Self.ingest(core, folder).last?.version)
            func verify(_ reference: DatasetReference?) async throws -> VerifyProgress? {
                var last: VerifyProgress?
                for try await item in try await core.bus.stream(
                    DataSyncContract.verify, VerifyRequest(reference: reference))
                {
                    last = item.body
                }
                return last
            }
            for reference in [version.reference, nil] {
                let sound = try #require(try await verify(reference))
                #expect(sound.isDone && sound.damaged.isEmpty && sound.checkedBytes >= 3 << 20)
            }
            let shard = try await core.service.manifest(version.manifest).shards[1].digest
            try await core.shards.flipBit(shard)
            let damaged = try #require(try await verify(version.reference))
            #expect(damaged.isDone && damaged.damaged == [shard])
            let list = try await core.bus.call(DataSyncContract.versions, VersionsQuery(dataset: Self.name())).body
            #expect(list.versions.first?.isComplete == false)
        }
    }

    @Test func pathsThatCannotBeTakenAreNamed() async throws {
        let pair = try Pair()
        let (core, edge) = (try await pair.core(), try await pair.edge())
        try await pair.running(core, edge) {
            var folder = try Folder()
            try folder.write("a", [1])
            // What a link points at is not taken for what lies here.
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder.path)/link", withDestinationPath: "/etc/passwd")
            let version = try #require(try await Self.ingest(core, folder).last?.version)
            #expect(version.entries == 1 && version.rawBytes == 1)
            for (path, word) in [("relative/path", "absolute"), ("/does/not/exist", "/does/not/exist")] {
                let stream = try await core.bus.stream(
                    DataSyncContract.ingest, IngestRequest(dataset: Self.name(), path: path))
                let error = await #expect(throws: BusError.self) { for try await _ in stream {} }
                #expect(error?.message.contains(word) == true)
            }
            // No edge may make the core read its files.
            let stream = try await edge.bus.stream(
                DataSyncContract.ingest, IngestRequest(dataset: Self.name(), path: "/etc"), to: .peer(.core))
            let refused = await #expect(throws: BusError.self) { for try await _ in stream {} }
            #expect(refused?.code == "refused")
        }
    }
}

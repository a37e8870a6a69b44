import Contracts
import Core
import Foundation
import Glibc
import MessageBus
import Store
import TestKit
import Testing

@testable import DataSync

/// Records and files that are appended while nobody else is there.
@Suite(.timeLimit(.minutes(5))) struct AppendTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory("append") }

    private func cloud(_ configure: (inout DataSyncConfiguration) -> Void = { _ in }) async throws -> Cloud {
        try await Cloud.open(
            PeerID("edge-a"), directory: directory.file("edge"), context: BusContext(), configure: configure)
    }

    @Test func recordsBecomeVersionsThatHoldAllOfThem() async throws {
        let cloud = try await cloud()
        #expect(try await cloud.append("a\nb\n").open.records == 2)
        #expect(try await cloud.append("c\n").open.bytes == 6)
        let first = try await cloud.service.seal(Cloud.dataset())
        #expect(first.version.reference.version == 1 && first.version.records == 3 && !first.isUnchanged)
        #expect(first.version.artefact == .rawData)
        #expect(try await cloud.service.seal(Cloud.dataset()).isUnchanged)
        #expect(try await cloud.open().bytes == 0)
        try await cloud.append("d\n")
        let second = try await cloud.service.seal(Cloud.dataset()).version
        #expect(second.reference.version == 2 && second.records == 4)
        #expect(try await cloud.records() == Array("a\nb\nc\nd\n".utf8))
        #expect(try await cloud.files().keys.sorted() == ["records/00000001.jsonl", "records/00000002.jsonl"])
        // The version before is as it was.
        #expect(try await cloud.records(first.version) == Array("a\nb\nc\n".utf8))
        #expect(try await cloud.service.tags(of: second.manifest)?.records == 4)
        let files = try FileManager.default.contentsOfDirectory(atPath: cloud.service.journals.directory)
        #expect(files.isEmpty)
        let store = TestStore(shards: cloud.shards, database: cloud.database)
        #expect(try await store.problems() == [])
    }

    @Test func formatsDoNotMixInOneFile() async throws {
        let cloud = try await cloud()
        try await cloud.append("a\n")
        try await cloud.append("\u{1}\0\0\0x", format: .delimited)
        try await cloud.append("tail", format: .bytes)
        try await cloud.append("b\n")
        _ = try await cloud.service.seal(Cloud.dataset())
        let files = try await cloud.files()
        #expect(
            files.keys.sorted() == [
                "records/00000001.jsonl", "records/00000002.records", "records/00000003.bin", "records/00000004.jsonl",
            ])
        #expect(files["records/00000003.bin"] == Array("tail".utf8))
    }

    @Test func aRepeatedAppendIsThereOnce() async throws {
        let cloud = try await cloud()
        for _ in 0..<3 { #expect(try await cloud.append("a\nb\n", producer: "p", at: 0).position == 4) }
        let half = try await cloud.append("b\nc\n", producer: "p", at: 2)
        #expect(half.position == 6 && half.acceptedBytes == 2)
        #expect(try await cloud.append("x\n", producer: "q", at: 0).position == 2)
        let gap = await #expect(throws: DataSyncError.self) { try await cloud.append("d\n", producer: "p", at: 7) }
        #expect(gap?.is(.conflict) == true && gap?.message.contains("byte 6") == true)
        // A producer is remembered across versions and restarts.
        _ = try await cloud.service.seal(Cloud.dataset())
        await cloud.database.close()
        let again = try await self.cloud()
        let asked = try await again.service.append(
            nil, AppendRequest(dataset: Cloud.dataset(), producer: "p"))
        #expect(asked.position == 6)
        #expect(try await again.append("b\nc\nd\n", producer: "p", at: 2).acceptedBytes == 2)
        _ = try await again.service.seal(Cloud.dataset())
        #expect(try await again.records() == Array("a\nb\nc\nx\nd\n".utf8))
    }

    @Test func whatCannotBeTakenLeavesNothing() async throws {
        let cloud = try await cloud()
        for (text, producer, offset) in [("a\nb", nil, nil), ("a\n", nil, 3), ("a\n", "", 0), ("a\n", "p", -1)] {
            await #expect(throws: DataSyncError.self) {
                try await cloud.append(text, producer: producer, at: offset)
            }
        }
        let large = String(repeating: "x", count: RecordFormat.maximumBytes) + "\n"
        await #expect(throws: DataSyncError.self) { try await cloud.append(large) }
        #expect(try await cloud.open().bytes == 0)
        let nothing = await #expect(throws: DataSyncError.self) {
            _ = try await cloud.service.seal(Cloud.dataset())
        }
        #expect(nothing?.is(.missing) == true)
        // One data set holds one artefact; a version is anonymised when everything in it is.
        try await cloud.append("a\n", artefact: .features, isAnonymised: true)
        let other = await #expect(throws: DataSyncError.self) { try await cloud.append("a\n", artefact: .rawData) }
        #expect(other?.is(.conflict) == true)
        let first = try await cloud.service.seal(Cloud.dataset()).version
        #expect(first.artefact == .features)
        #expect(try await cloud.service.tags(of: first.manifest)?.isAnonymised == true)
        try await cloud.append("b\n")
        let second = try await cloud.service.seal(Cloud.dataset()).version
        #expect(try await cloud.service.tags(of: second.manifest)?.isAnonymised == nil)
    }

    /// What a crash leaves behind the last acknowledged byte is cut off, wherever the crash was.
    @Test func aTornTailIsCutOff() async throws {
        for extra in [1, 5, 4096, 100_000] {
            let cloud = try await cloud()
            let before = try await cloud.open().bytes
            try await cloud.append("whole \(extra)\n", producer: "p")
            let journal = try #require(
                try FileManager.default.contentsOfDirectory(
                    atPath: cloud.service.journals.directory
                ).first)
            let path = "\(cloud.service.journals.directory)/\(journal)"
            await cloud.database.close()
            let file = try #require(FileHandle(forWritingAtPath: path))
            try file.seekToEnd()
            try file.write(contentsOf: Data(Bytes.noise(extra, seed: UInt64(extra))))
            try file.close()
            let again = try await self.cloud()
            #expect(try await again.open().bytes > before)
            try await again.append("next \(extra)\n", producer: "p")
            await again.database.close()
        }
        let cloud = try await cloud()
        _ = try await cloud.service.seal(Cloud.dataset())
        let expected = [1, 5, 4096, 100_000].map { "whole \($0)\nnext \($0)\n" }.joined()
        #expect(try await cloud.records() == Array(expected.utf8))
    }

    @Test func filesAreThereOnceAndNothingIsReplaced() async throws {
        let cloud = try await cloud()
        let tree = directory.file("tree")
        try FileManager.default.createDirectory(atPath: "\(tree)/in", withIntermediateDirectories: true)
        let (one, two) = (Bytes.noise(300_000, seed: 1), Bytes.text(2000, seed: 2))
        try Data(one).write(to: URL(fileURLWithPath: "\(tree)/in/one"))
        try Data(two).write(to: URL(fileURLWithPath: "\(tree)/two"))
        try await cloud.append(files: tree)
        try await cloud.append("a\n")
        try await cloud.append(files: tree)
        #expect(try await cloud.open().files == 2)
        _ = try await cloud.service.seal(Cloud.dataset())
        try await cloud.append(files: "\(tree)/two", as: "other/two")
        // The same again once it is in a version, and other bytes under a name that is taken.
        try await cloud.append(files: tree)
        try Data([1]).write(to: URL(fileURLWithPath: "\(tree)/two"))
        let refused = await #expect(throws: DataSyncError.self) { try await cloud.append(files: tree) }
        #expect(refused?.is(.conflict) == true && refused?.message.contains("'two'") == true)
        let kept = await #expect(throws: DataSyncError.self) {
            try await cloud.append(files: tree, as: "records")
        }
        #expect(kept?.is(.invalidRequest) == true)
        let version = try await cloud.service.seal(Cloud.dataset()).version
        #expect(version.entries == 4)
        let files = try await cloud.files()
        #expect(
            files == [
                "in/one": one, "two": two, "other/two": two, "records/00000001.jsonl": Array("a\n".utf8),
            ])
        let references = try await cloud.service.references(prefix: "appended/")
        #expect(references.isEmpty)
    }

    @Test func versionsAreMadeByThemselves() async throws {
        let cloud = try await cloud {
            $0.sealBytes = 10
            $0.sealAge = .milliseconds(200)
        }
        try await running(cloud) {
            try await cloud.append("1234567890\n")
            while try await cloud.open().bytes > 0 { try await Task.sleep(for: .milliseconds(5)) }
            try await cloud.append("a\n")
            while try await cloud.open().bytes > 0 { try await Task.sleep(for: .milliseconds(5)) }
            #expect(try await cloud.records() == Array("1234567890\na\n".utf8))
        }
    }

    /// Of versions that contain each other the last few stay; what was put in between is no part of that, nor what is pinned.
    @Test func olderVersionsThatAreContainedGo() async throws {
        let cloud = try await cloud { $0.sealedVersions = 2 }
        let name = try Cloud.dataset()
        func versions() async throws -> [Int] {
            try await cloud.database.read {
                try VersionTable(connection: $0).versions(of: name).compactMap(\.reference.version)
            }
        }
        func seal(_ count: Int) async throws {
            for _ in 0..<count {
                try await cloud.append("a\n")
                _ = try await cloud.service.seal(name)
            }
        }
        try await seal(2)
        try await cloud.database.write { connection in
            let table = VersionTable(connection: connection)
            try table.setPinned(true, table.version(DatasetReference(name, version: 1)))
        }
        try await seal(3)
        #expect(try await versions() == [1, 4, 5])
        #expect(try await cloud.records() == Array(String(repeating: "a\n", count: 5).utf8))
        // Somebody puts something else: what was appended before is in no later version, and stays.
        let file = directory.file("other")
        try Data([1, 2, 3]).write(to: URL(fileURLWithPath: file))
        try await running(cloud) {
            let request = IngestRequest(dataset: name, path: file)
            for try await _ in try await cloud.bus.stream(DataSyncContract.ingest, request) {}
        }
        try await seal(4)
        #expect(try await versions() == [1, 4, 5, 6, 9, 10])
        _ = try await cloud.service.removeVersions(DatasetReference(name, version: 6))
        try await seal(1)
        #expect(try await versions() == [1, 4, 5, 10, 11])
    }

    /// A disk that fills up refuses by name; everything that was acknowledged is there, and nothing else.
    @Test(.enabled(if: SmallDisk.isAvailable, "needs the right to mount a file system"))
    func aFullDiskRefusesWhole() async throws {
        let disk = try SmallDisk(bytes: 8 << 20)
        let cloud = try await Cloud.open(PeerID("edge-a"), directory: disk.file("edge"), context: BusContext())
        var acknowledged: [UInt8] = []
        var isFull = false
        var number = 0
        while !isFull {
            let text = String(repeating: "record \(number) ", count: 8000) + "\n"
            number += 1
            do {
                let reply = try await cloud.append(text, producer: "p", at: acknowledged.count)
                acknowledged += Array(text.utf8)
                #expect(reply.position == acknowledged.count)
            } catch let error as StoreError {
                #expect(error.kind == .full, "\(error)")
                isFull = true
            }
            try #require(number < 1000)
        }
        #expect(try await cloud.open().bytes == acknowledged.count)
        try disk.resize(bytes: 64 << 20)
        let position = try await cloud.append("end\n", producer: "p", at: acknowledged.count).position
        #expect(position == acknowledged.count + 4)
        _ = try await cloud.service.seal(Cloud.dataset())
        #expect(try await cloud.records() == acknowledged + Array("end\n".utf8))
        await cloud.database.close()
    }

    /// A process that appends and seals is killed again and again: every acknowledged record is there, in order, once.
    @Test func whatWasAppendedSurvivesKill9() async throws {
        var random = SeededGenerator(seed: 8)
        let path = directory.file("crash")
        try StateDirectory.makePrivate(path, parents: false)
        var acknowledged = 0
        for kill in 0..<10 {
            let crasher = try Crasher("datasync-crasher", "append", path)
            #expect(try await crasher.line() == "ready", "kill \(kill)")
            for _ in 0..<Int.random(in: 1...25, using: &random) {
                let words = try #require(try await crasher.line()).split(separator: " ")
                acknowledged = max(acknowledged, try #require(words.last.flatMap { Int($0) }))
            }
            for _ in 0..<Int.random(in: 0..<20_000, using: &random) { _ = random.next() }  // moves the kill about
            crasher.kill()
            while let line = try await crasher.line() {
                acknowledged = max(acknowledged, line.split(separator: " ").last.flatMap { Int($0) } ?? 0)
            }
        }
        let cloud = try await Cloud.open(PeerID("edge-a"), directory: path, context: BusContext())
        try await cloud.service.recover()
        let position = try await cloud.service.append(
            nil, AppendRequest(dataset: Cloud.dataset(), producer: "p")
        ).position
        // Beyond what was told at most the append in flight.
        #expect(position >= acknowledged && position <= acknowledged + 8192)
        _ = try await cloud.service.seal(Cloud.dataset())
        let records = try await cloud.records()
        #expect(records.count == position)
        var expected: [UInt8] = []
        var number = 0
        while expected.count < position {
            expected += Array("\(number) \(String(repeating: "x", count: number % 97))\n".utf8)
            number += 1
        }
        #expect(records == expected)
        let store = TestStore(shards: cloud.shards, database: cloud.database)
        #expect(try await store.problems() == [])
    }
}

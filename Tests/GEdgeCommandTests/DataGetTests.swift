import Contracts
import Core
import Foundation
import MessageBus
import TestKit
import Testing

@testable import GEdgeCommand

struct DataGetTests {
    private let core: FakeCore

    init() throws { core = try FakeCore() }

    private func digest(_ digit: Character) throws -> Digest {
        try #require(Digest(hex: String(repeating: digit, count: 64)))
    }

    /// A core with one version of these files, whose bytes count up, sent in pieces of `piece` bytes; `short` of them
    /// are not sent.
    private func serve(_ files: [FileSpec], tensors: [TensorSpec] = [], piece: Int = 5, short: Int = 0) throws {
        let (manifestDigest, shard) = (try digest("a"), try digest("b"))
        let count = files.reduce(0) { $0 + $1.size } + tensors.reduce(0) { $0 + $1.shape.reduce(4, *) }
        let manifest = Manifest(
            tensors: tensors, files: files,
            shards: count > 0 ? [ShardSpec(digest: shard, size: count, entry: 0, offset: 0)] : [])
        core.bus.handle(DataSyncContract.versions) { (request: Inbound<VersionsQuery>) -> VersionList in
            let version = DatasetVersion(
                reference: DatasetReference(request.body.dataset, version: 1), manifest: manifestDigest,
                created: Timestamp(milliseconds: 0), entries: files.count, rawBytes: count, isComplete: true,
                isPinned: false, artefact: .rawData)
            return VersionList(versions: [version])
        }
        core.bus.handle(DataSyncContract.manifest) { (_: Inbound<ManifestRequest>) -> Manifest in manifest }
        core.bus.handle(SyncPolicyContract.obtain) { (request: Inbound<ObtainRequest>) -> ObtainReply in
            guard request.body.from.text == "edge-1" else {
                throw Failure(code: "refused", message: "policy/default rule 5 refuses it: raw-data is private")
            }
            return ObtainReply(manifest: manifestDigest, rawBytes: count, movedBytes: 1)
        }
        core.bus.handleStream(DataSyncContract.read) { request, writer in
            for start in stride(from: 0, to: count - short, by: piece) {
                let bytes = (start..<min(start + piece, count - short)).map { UInt8($0 % 251) }
                try await writer.send(ReadItem(offset: start), attachments: [Attachment(bytes)])
            }
        }
    }

    private static let files = [
        FileSpec(path: "a/empty", size: 0, mode: 0o600, modified: 1_500_000_000_123),
        FileSpec(path: "a/x.bin", size: 7, mode: 0o755, modified: 1_600_000_000_000),
        FileSpec(path: "b", size: 11, mode: 0o644, modified: 0),
        FileSpec(path: "c/d/e/none", size: 0, mode: 0o444, modified: 0),
    ]

    @Test(arguments: [1, 5, 18, 1000]) func writesADirectory(piece: Int) async throws {
        try serve(Self.files, piece: piece)
        let path = core.directory.file("out")
        try await core.serving { [core] () async throws -> Void in
            let run = await core.gedge("data", "get", "demo/line/one", "-o", path)
            #expect(run.code == .success && run.output == "" && run.error == "", "\(run.error)")
        }
        #expect(FileManager.default.contents(atPath: "\(path)/a/x.bin") == Data(0..<7))
        #expect(FileManager.default.contents(atPath: "\(path)/b") == Data(7..<18))
        #expect(FileManager.default.contents(atPath: "\(path)/c/d/e/none") == Data())
        let attributes = try FileManager.default.attributesOfItem(atPath: "\(path)/a/x.bin")
        #expect(attributes[.posixPermissions] as? Int == 0o755)
        #expect((attributes[.modificationDate] as? Date)?.timeIntervalSince1970 == 1_600_000_000)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: core.directory.path).allSatisfy { !$0.hasSuffix("tmp") }
        )
    }

    @Test func oneFileIsAFileAndTensorsAreSafetensors() async throws {
        try serve([FileSpec(path: "data.csv", size: 9, mode: 0o640, modified: 0)])
        let path = core.directory.file("d.csv")
        try await core.serving { [core] () async throws -> Void in
            #expect(await core.gedge("data", "get", "demo/line/one@1", "-o", path).code == .success)
        }
        #expect(FileManager.default.contents(atPath: path) == Data(0..<9))

        let other = try FakeCore()
        try DataGetTests(core: other).serve([], tensors: [TensorSpec(name: "w", shape: [2, 3])])
        let tensors = other.directory.file("w.safetensors")
        try await other.serving { () async throws -> Void in
            #expect(await other.gedge("data", "get", "demo/line/one", "-o", tensors).code == .success)
        }
        #expect(FileManager.default.contents(atPath: tensors)?.suffix(24) == Data(0..<24))
    }

    private init(core: FakeCore) { self.core = core }

    @Test func nothingAppearsThatIsNotWhole() async throws {
        try serve(Self.files, short: 3)
        let path = core.directory.file("out")
        try await core.serving { [core] () async throws -> Void in
            let run = await core.gedge("data", "get", "demo/line/one", "-o", path)
            #expect(run.code == .failed && run.error.contains("3 B of demo/line/one did not come"))
            #expect(await core.gedge("data", "get", "demo/line/one@7", "-o", path).code == .notFound)
            #expect(await core.gedge("data", "get", "demo/line/one").code == .usage)
        }
        let left = try FileManager.default.contentsOfDirectory(atPath: core.directory.path)
        #expect(left.allSatisfy { !$0.hasPrefix("out") }, "\(left)")
    }

    @Test func whatIsThereStays() async throws {
        try serve(Self.files)
        let path = core.directory.file("out")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        try "mine".write(toFile: "\(path)/b", atomically: false, encoding: .utf8)
        try await core.serving { [core] () async throws -> Void in
            #expect(await core.gedge("data", "get", "demo/line/one", "-o", path).code == .failed)
            #expect(try String(contentsOfFile: "\(path)/b", encoding: .utf8) == "mine")
            try FileManager.default.removeItem(atPath: "\(path)/b")
            #expect(await core.gedge("data", "get", "demo/line/one", "-o", path).code == .success)
        }
    }

    @Test(arguments: ["../b", "/etc/b", "a//b", "a/./b", "a/../../b", ""])
    func pathsDoNotLeadOut(_ hostile: String) async throws {
        try serve([
            FileSpec(path: hostile, size: 2, mode: 0o644, modified: 0),
            FileSpec(path: "z", size: 2, mode: 0o644, modified: 0),
        ])
        let path = core.directory.file("out")
        try await core.serving { [core] () async throws -> Void in
            let run = await core.gedge("data", "get", "demo/line/one", "-o", path)
            #expect(run.code == .failed && run.error.contains("leads out of the directory"))
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func anEdgeIsAskedByTheRules() async throws {
        try serve(Self.files)
        let path = core.directory.file("out")
        try await core.serving { [core] () async throws -> Void in
            let refused = await core.gedge("data", "get", "demo/line/one", "--from", "edge-2", "-o", path)
            #expect(refused.code == .failed && refused.error.contains("policy/default rule 5 refuses it"))
            #expect(await core.gedge("data", "get", "demo/line/one", "--from", "edge-1", "-o", path).code == .success)
        }
    }
}

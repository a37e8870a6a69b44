import Contracts
import Core
import Foundation
import MessageBus
import TestKit
import Testing

@testable import GEdgeCommand

struct ModelPullTests {
    private let core: FakeCore

    init() throws { core = try FakeCore() }

    /// A model of two tensors in three shards, whose bytes count up from 0; `short` bytes of the last shard are missing.
    private func serveModel(short: Int = 0) throws {
        let digests = try (0..<4).map { number in
            try #require(Digest(hex: String(repeating: "\(number)", count: 64)))
        }
        let manifest = Manifest(
            tensors: [TensorSpec(name: "dense0.weight", shape: [2, 3]), TensorSpec(name: "dense0.bias", shape: [2])],
            shards: [
                ShardSpec(digest: digests[1], size: 16, entry: 0, offset: 0),
                ShardSpec(digest: digests[2], size: 8, entry: 0, offset: 16),
                ShardSpec(digest: digests[3], size: 8, entry: 1, offset: 0),
            ])
        core.serve(
            .model,
            [
                ResourceRecord(
                    kind: .model, metadata: ResourceMetadata(name: "demo/digits/3"), spec: .object([:]),
                    status: .object(["manifest": .string(digests[0].hex)]))
            ])
        core.bus.handle(DataSyncContract.manifest) { (_: Inbound<ManifestRequest>) -> Manifest in manifest }
        core.bus.handle(DataSyncContract.shard) { request in
            let index = digests.firstIndex(of: request.body.digest) ?? 0
            let start: UInt8 = [0, 0, 16, 24][index]
            let size = [0, 16, 8, 8 - UInt8(short)][index]
            return Outbound(ShardReply(size: Int(size)), attachments: [Attachment(Array(start..<(start + size)))])
        }
    }

    @Test func writesASafetensorsFile() async throws {
        try serveModel()
        let path = core.directory.file("m.safetensors")
        try await core.serving { [core] in
            let run = await core.gedge("model", "pull", "demo/digits/3", "-o", path)
            #expect(run.code == .success && run.output == "" && run.error == "")
            #expect(await core.gedge("model", "pull", "demo/digits/9", "-o", path).code == .notFound)
            #expect(await core.gedge("model", "pull", "demo/digits/3").code == .usage)
        }
        let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        let length = bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
        #expect(length % 8 == 0)
        #expect(Array(bytes[(8 + length)...]) == Array(0..<32))
        let header = try #require(
            try JSONSerialization.jsonObject(with: Data(bytes[8..<(8 + length)])) as? [String: [String: Any]])
        #expect(Set(header.keys) == ["__metadata__", "dense0.weight", "dense0.bias"])
        #expect(header["__metadata__"]?["model"] as? String == "demo/digits/3")
        #expect(header["dense0.weight"]?["dtype"] as? String == "F32")
        #expect(header["dense0.weight"]?["shape"] as? [Int] == [2, 3])
        #expect(header["dense0.weight"]?["data_offsets"] as? [Int] == [0, 24])
        #expect(header["dense0.bias"]?["data_offsets"] as? [Int] == [24, 32])
    }

    @Test(.enabled(if: Python.has("numpy"), "needs NumPy: run Tools/test"))
    func writesAnArchiveForNumPy() async throws {
        try serveModel()
        let path = core.directory.file("m.npz")
        try await core.serving { [core] in
            #expect(await core.gedge("model", "pull", "demo/digits/3", "-o", path).code == .success)
        }
        let script = """
            import sys, numpy
            model = numpy.load(sys.argv[1])
            assert set(model) == {"dense0.weight", "dense0.bias"}, list(model)
            assert model["dense0.weight"].shape == (2, 3) and model["dense0.weight"].dtype == numpy.float32
            assert model["dense0.weight"].tobytes() + model["dense0.bias"].tobytes() == bytes(range(32))
            """
        try await Python.run(program: script, [path])
    }

    @Test func aModelThatDoesNotFitItsManifestLeavesTheOldFile() async throws {
        try serveModel(short: 1)
        let path = core.directory.file("m.safetensors")
        try "old".write(toFile: path, atomically: true, encoding: .utf8)
        try await core.serving { [core] in
            #expect(await core.gedge("model", "pull", "model/demo/digits/3", "-o", path).code == .failed)
        }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
        let names = try FileManager.default.contentsOfDirectory(atPath: core.directory.path)
        #expect(!names.contains { $0.hasSuffix(".tmp") })
    }

    @Test(arguments: [[-1], [1 << 40, 1 << 40]])
    func impossibleShapesAreRefused(shape: [Int]) {
        #expect(throws: CommandError.self) {
            try SafetensorsLayout([TensorSpec(name: "w", shape: shape)], metadata: [:])
        }
    }
}

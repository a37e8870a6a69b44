import Contracts
import Core
import Foundation
import MessageBus
import Store
import TestKit
import Testing

@testable import DataSync

/// Models as files: they come back byte for byte, and their versions move like models.
@Suite struct TensorFileTests {
    private static func write(_ bytes: [UInt8], to path: String) throws {
        let url = URL(fileURLWithPath: path)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
    }

    private static func floats(_ count: Int, seed: UInt64) -> [Float] { SavingTests.weights(count, seed: seed) }

    private static func model(_ weights: [[Float]], metadata: String = "") -> [UInt8] {
        ModelFiles.safetensors(
            weights.enumerated().map { (name: "layer.\($0)", type: "F32", bytes: SavingTests.bytes($1)) },
            metadata: metadata)
    }

    /// Whatever lies in a file of that name comes back as it was, hostile headers included.
    @Test func filesComeBackAsTheyWere() async throws {
        let directory = try TemporaryDirectory("tensors")
        let store = try await TestStore.open(directory.file("store"))
        let tensor = #"{"dtype":"F32","shape":[1],"data_offsets":[0,4000000000]}"#
        let weights = [Self.floats(300_000, seed: 1), Self.floats(10, seed: 2), Self.floats(40_000, seed: 3)]
        let arrays = weights.enumerated().map {
            ModelFiles.Entry(name: "\($0).npy", bytes: ModelFiles.npy("<f4", SavingTests.bytes($1)))
        }
        let files: [String: [UInt8]] = [
            "a.txt": Bytes.text(100_000, seed: 4), "b/model.safetensors": Self.model(weights),
            "b/z.npz": ModelFiles.npz(arrays), "c.npy": ModelFiles.npy("<f4", SavingTests.bytes(weights[0])),
            "d.safetensors": ModelFiles.safetensors(header: "{\"a\":\(tensor)}", data: Bytes.noise(90_000, seed: 5)),
            "e.npz": Bytes.noise(300_000, seed: 6), "empty.safetensors": [], "f.bin": Bytes.noise(50_000, seed: 7),
        ]
        let source = directory.file("source")
        for (path, bytes) in files { try Self.write(bytes, to: "\(source)/\(path)") }
        let result = try await DatasetReader(store: store.shards).read(source)
        try await DatasetWriter(store: store.shards).write(result.manifest, to: directory.file("target"))
        for (path, bytes) in files {
            #expect(
                try [UInt8](Data(contentsOf: URL(fileURLWithPath: directory.file("target/\(path)")))) == bytes,
                "\(path)")
        }
        // A shard of a file of tensors is of that file alone.
        var ends: Set<Int> = [0]
        for shard in result.manifest.shards { ends.insert(shard.offset + shard.size) }
        var offset = 0
        for file in result.manifest.files {
            if TensorLayout.isExpected(in: file.path) {
                #expect(ends.contains(offset) && ends.contains(offset + file.size))
            }
            offset += file.size
        }
        // Read again, or known from before, it is the same manifest.
        #expect(try await DatasetReader(store: store.shards).read(source).manifest == result.manifest)
        let known = try await DatasetReader(store: store.shards).read(source, base: result.manifest)
        #expect(known.manifest == result.manifest && known.readBytes == 0)
    }

    /// Equal tensors of two files are stored once, wherever in their file they lie.
    @Test func equalTensorsAreStoredOnce() async throws {
        let directory = try TemporaryDirectory("tensors")
        let store = try await TestStore.open(directory.file("store"))
        let shared = Self.floats(500_000, seed: 8)
        try Self.write(Self.model([shared, Self.floats(1000, seed: 9)]), to: directory.file("s/a.safetensors"))
        _ = try await DatasetReader(store: store.shards).read(directory.file("s"))
        let before = try await store.shards.usage().rawBytes
        let other = Self.model([Self.floats(777, seed: 10), shared], metadata: "moved by some bytes")
        try Self.write(other, to: directory.file("s/b.safetensors"))
        _ = try await DatasetReader(store: store.shards).read(directory.file("s"))
        #expect(try await store.shards.usage().rawBytes - before < 777 * 4 + 65_536 + 1000)
    }

    /// A second version in which every weight changed a little goes as differences, also when its header grew; as a file that is
    /// not known to hold tensors it goes whole.
    @Test(arguments: [TransferCodec.lz4, .zstd])
    func aVersionInWhichEveryWeightChangedMovesAsDifferences(_ codec: TransferCodec) async throws {
        let policy = Terms(codec: codec)
        let weights = [Self.floats(400_000, seed: 11), Self.floats(64, seed: 12), Self.floats(300_000, seed: 13)]
        let tuned = weights.map { SavingTests.tuned($0, seed: 14) }
        var moved: [String: Int] = [:]
        for name in ["model.safetensors", "model.npz", "model.bin"] {
            let (old, new): ([UInt8], [UInt8])
            if name.hasSuffix(".npz") {
                let files = [weights, tuned].map { arrays in
                    ModelFiles.npz(
                        arrays.enumerated().map {
                            ModelFiles.Entry(name: "\($0).npy", bytes: ModelFiles.npy("<f4", SavingTests.bytes($1)))
                        })
                }
                (old, new) = (files[0], files[1])
            } else {
                (old, new) = (
                    Self.model(weights), Self.model(tuned, metadata: "trained for one more epoch, with a note")
                )
            }
            let pair = try Pair()
            let (core, edge) = (try await pair.core(policy: policy), try await pair.edge(policy: policy))
            let path = pair.directory.file("in/\(name)")
            try Self.write(old, to: path)
            moved[name] = try await pair.running(core, edge) { () async throws -> Int in
                let tags = TransferTags(artefact: .rawData, dataset: try DatasetName("demo/zoo/base"))
                func put(_ version: Int) async throws -> Digest {
                    let reply = try await core.service.publish(files: path, as: "zoo/\(version)").summary
                    try await core.database.write {
                        try Catalogue(connection: $0).tag(reply.digest, of: "zoo/\(version)", tags)
                    }
                    return reply.digest
                }
                _ = try await edge.fetch(try await put(1), as: "zoo/1", tags: tags)
                try Self.write(new, to: path)
                let second = try await put(2)
                let reply = try await edge.fetch(second, as: "zoo/2", tags: tags)
                try await edge.service.write(files: second, to: pair.directory.file("out"))
                let out = try [UInt8](Data(contentsOf: URL(fileURLWithPath: pair.directory.file("out/\(name)"))))
                #expect(out == new, "\(name)")
                let status = try #require(try await edge.status().transfers.first { $0.manifest == second })
                #expect((status.deltaSavedBytes > 0) == (name != "model.bin"), "\(name)")
                return reply.movedBytes
            }
            print("\(codec) \(name): \(new.count) bytes, of which \(moved[name] ?? 0) moved")
        }
        let raw = 700_064 * 4
        // Weights alone hardly get smaller.
        #expect(try #require(moved["model.bin"]) > raw * 80 / 100)
        for name in ["model.safetensors", "model.npz"] {
            #expect(try #require(moved[name]) < raw * 65 / 100, "\(name)")
        }
    }

    /// What NumPy writes is cut where its arrays begin.
    @Test(.enabled(if: Python.has("numpy"), "needs numpy: run Tools/test"))
    func filesOfNumpyAreUnderstood() async throws {
        let directory = try TemporaryDirectory("tensors")
        _ = try await Python.run(
            program: """
                import sys, numpy as np
                r = np.random.default_rng(1)
                a, b = r.standard_normal((200, 300)).astype(np.float32), r.integers(0, 9, 5000).astype(np.uint8)
                np.savez(sys.argv[1] + '/plain.npz', a=a, b=b)
                np.savez_compressed(sys.argv[1] + '/packed.npz', a=a)
                np.save(sys.argv[1] + '/one.npy', a)
                """, [directory.path])
        func layout(_ name: String) throws -> (TensorLayout?, [UInt8]) {
            let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: directory.file(name))))
            let source = ByteSource(size: bytes.count) { Array(bytes[$0..<min(bytes.count, $0 + $1)]) }
            return (try TensorLayout.read(source, path: name), bytes)
        }
        let (plain, _) = try layout("plain.npz")
        #expect(plain?.spans.map { $0.end - $0.start } == [240_000, 5000])
        #expect(plain?.spans.map(\.elementBytes) == [4, 1])
        let (one, bytes) = try layout("one.npy")
        #expect(one?.spans.map(\.end) == [bytes.count] && one?.spans.map { $0.end - $0.start } == [240_000])
        #expect(try layout("packed.npz").0 == nil)
    }
}

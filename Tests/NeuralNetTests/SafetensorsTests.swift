import Core
import Foundation
import TestKit
import Testing

@testable import NeuralNet
@testable import Tensor

@Suite struct SafetensorsTests {
    private func network() throws -> LayeredNetwork {
        try LayeredNetwork(LayerFixtures.networks[1].description, seed: 9)
    }

    @Test func whatIsWrittenIsReadBack() throws {
        let folder = try TemporaryDirectory("safetensors")
        let network = try network()
        try Safetensors.write(network.parameters, to: folder.file("model.safetensors"))
        #expect(try Safetensors.read(folder.file("model.safetensors")) == network.parameters)
        var other = try LayeredNetwork(LayerFixtures.networks[1].description, seed: 10)
        #expect(other.parameters != network.parameters)
        try other.load(try Safetensors.read(folder.file("model.safetensors")))
        #expect(other.parameters == network.parameters)
        try Safetensors.write([], to: folder.file("empty"))
        #expect(try Safetensors.read(folder.file("empty")).isEmpty)
        let error = #expect(throws: NetworkError.self) {
            try Safetensors.write(network.parameters, to: folder.file("missing/model.safetensors"))
        }
        #expect(error?.kind == .unwritableFile)
    }

    /// The format written down once more, from its description.
    @Test(.enabled(if: Python.has("numpy"), "needs NumPy: run Tools/test")) func othersReadIt() async throws {
        let program = """
            import json, sys, numpy as np
            raw = open(sys.argv[1], "rb").read()
            size = int.from_bytes(raw[:8], "little")
            header = json.loads(raw[8 : 8 + size])
            assert size % 8 == 0 and header.pop("__metadata__") == {"format": "pt"}
            archive = np.load(sys.argv[2])
            assert list(archive) == list(header)
            for name, item in header.items():
                begin, end = item["data_offsets"]
                values = np.frombuffer(raw[8 + size + begin : 8 + size + end], "<f4").reshape(item["shape"])
                assert item["dtype"] == "F32" and np.array_equal(values, archive[name]), name
            print(len(header))
            """
        let folder = try TemporaryDirectory("safetensors")
        let parameters = try network().parameters
        try Safetensors.write(parameters, to: folder.file("a"))
        try NamedTensor.writeNPZ(parameters, to: folder.file("a.npz"))
        let printed = try await Python.run(program: program, [folder.file("a"), folder.file("a.npz")])
        #expect(printed.trimmingCharacters(in: .whitespacesAndNewlines) == "\(parameters.count)")
    }

    private func read(_ header: String, data: [UInt8] = [], length: UInt64? = nil) throws -> [NamedTensor] {
        let folder = try TemporaryDirectory("safetensors")
        let size = length ?? UInt64(header.utf8.count)
        let bytes = (0..<8).map { UInt8(truncatingIfNeeded: size >> (8 * $0)) } + Array(header.utf8) + data
        try Data(bytes).write(to: URL(fileURLWithPath: folder.file("x")))
        return try Safetensors.read(folder.file("x"))
    }

    @Test func otherTypesBecomeFloats() throws {
        let header =
            #"{"h":{"dtype":"F16","shape":[5],"data_offsets":[0,10]},"#
            + #""b":{"dtype":"BF16","shape":[2],"data_offsets":[10,14]},"d":{"dtype":"F64","shape":[1],"data_offsets":[14,22]},"#
            + #""n.num_batches_tracked":{"dtype":"I64","shape":[],"data_offsets":[22,30]}}"#
        // 1.5, -2, the least above 0, infinity and 65504 as 16 bits; 1 and -3 as bfloat16; 0.1 as 64 bits.
        let words: [UInt16] = [0x3e00, 0xc000, 0x0001, 0x7c00, 0x7bff, 0x3f80, 0xc040]
        let data =
            words.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] } + withUnsafeBytes(of: 0.1) { Array($0) }
            + [UInt8](repeating: 0, count: 8)
        let read = try read(header, data: data)
        #expect(read.map(\.name) == ["h", "b", "d"])
        #expect(read[0].tensor.values == [1.5, -2, 0x1p-24, .infinity, 65504])
        #expect(read[1].tensor.values == [1, -3] && read[2].tensor.values == [0.1])
    }

    @Test(arguments: [
        ("", 0), ("{", 0), ("[]", 0), (#"{"a":1}"#, 0), (#"{"a":{"dtype":"F32","shape":[1]}}"#, 4),
        (#"{"a":{}}"#, 0),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}"#, 4),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}"#, 4),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#, 4),
        (#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4),
        (#"{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}"#, 4),
        (#"{"a":{"dtype":"F32","shape":[9223372036854775807,9],"data_offsets":[0,4]}}"#, 4),
        (#"{"a":{"dtype":"F32","shape":[99999999999999999999999],"data_offsets":[0,4]}}"#, 4),
        (#"{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}"#, 4),
        (#"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}"#, 4),
        (#"{"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}"#, 8),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 5),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8),
        (
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
            8
        ),
        (
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
            4
        ),
    ]) func unsoundFilesAreRefused(header: String, data: Int) throws {
        let error = #expect(throws: NetworkError.self) { try read(header, data: [UInt8](repeating: 0, count: data)) }
        #expect(error?.kind == .malformedFile)
    }

    @Test func lengthsThatAreNotTrueAreRefused() throws {
        let sound = #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#
        #expect(try read(sound, data: [0, 0, 128, 63])[0].tensor.values == [1])
        for length in [0, 1, 60, 1 << 24, 1 << 40, UInt64(Int64.max), .max] {
            let error = #expect(throws: NetworkError.self) { try read(sound, data: [0, 0, 0, 0], length: length) }
            #expect(error?.kind == .malformedFile, "\(length)")
        }
        let missing = #expect(throws: NetworkError.self) { try Safetensors.read("no/such/file") }
        #expect(missing?.kind == .unreadableFile)
        #expect(throws: NetworkError.self) { try Safetensors.read("/") }
    }

    /// A file with bytes changed at random is read or refused, never more.
    @Test func damagedFilesDoNoHarm() async throws {
        let folder = try TemporaryDirectory("safetensors")
        try Safetensors.write(try network().parameters, to: folder.file("x"))
        let sound = try Data(contentsOf: URL(fileURLWithPath: folder.file("x")))
        var generator = SplitMix64(seed: 12)
        var refused = 0
        for _ in 0..<300 {
            await Task.yield()
            var bytes = [UInt8](sound)
            for _ in 0..<(1 + Int(generator.next() % 4)) {
                bytes[Int(generator.next() % 1500)] = UInt8(truncatingIfNeeded: generator.next())
            }
            if generator.next() % 4 == 0 { bytes.removeLast(Int(generator.next() % UInt64(bytes.count))) }
            try Data(bytes).write(to: URL(fileURLWithPath: folder.file("y")))
            do {
                _ = try Safetensors.read(folder.file("y"))
            } catch { refused += 1 }
        }
        #expect(refused > 150)
    }

    @Test func aStateThatIsNotTheNetworksChangesNothing() throws {
        var network = try network()
        let before = network.parameters
        var parameters = before
        let variance = try #require(parameters.firstIndex { $0.name.hasSuffix("running_var") })
        parameters[variance].tensor[0] = -1
        let error = #expect(throws: NetworkError.self) { try network.load(parameters) }
        #expect(error?.message.contains("negative variance") == true)
        #expect(network.parameters == before)
        #expect(throws: NetworkError.self) { try network.load(Array(before.dropLast())) }
    }
}

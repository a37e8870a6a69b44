import Core
import Glibc
import NeuralNet
import Tensor

/// The weights that codecs are measured on: tensors as raw little-endian bytes. Made anew each time, the same on one machine.
struct Model {
    let tensors: [[UInt8]]

    var size: Int { tensors.reduce(0) { $0 + $1.count } }

    init(_ tensors: [[UInt8]]) { self.tensors = tensors }

    /// Layers of a few sizes as Kaiming initialisation draws them: 16 million normal numbers.
    static func initialised() -> Model {
        var random = SplitMix64(seed: 1, labels: "kaiming")
        return Model(
            [64, 128, 256, 512, 1024, 2048, 4096, 8192].map { inputs in
                let spread = (2 / Double(inputs)).squareRoot()
                return bytes((0..<(1 << 21)).map { _ in Float(random.nextNormal() * spread) })
            })
    }

    static func bytes(_ values: [Float]) -> [UInt8] { values.withUnsafeBytes { [UInt8]($0) } }

    /// Writes the tensors, one after the other.
    func write(to path: String) throws {
        guard let file = fopen(path, "w") else {
            throw Failure(code: "not-written", message: "\(path) cannot be opened: errno \(errno)")
        }
        let written = tensors.reduce(0) { $0 + fwrite($1, 1, $1.count, file) }
        guard fclose(file) == 0, written == size else {
            throw Failure(code: "not-written", message: "\(path) could not be written whole: errno \(errno)")
        }
    }

    static func of(_ network: Network) -> Model {
        Model(network.parameters.map { [UInt8]($0.tensor.storage.bytes) })
    }
}

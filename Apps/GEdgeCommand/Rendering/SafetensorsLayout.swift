import Contracts
import FoundationEssentials

/// How named tensors lie in a safetensors file: the length of the header as 8 bytes, little-endian; the header, JSON; the
/// tensors' bytes without gaps (huggingface/safetensors, "Format").
struct SafetensorsLayout: Sendable {
    /// The file's first bytes, up to the tensors.
    let header: [UInt8]
    /// Where each tensor starts, counted from the header's end.
    let offsets: [Int]
    /// The bytes of all tensors.
    let byteCount: Int

    /// - Throws: `CommandError` when a shape is negative or too large, or a name occurs twice.
    init(_ tensors: [TensorSpec], metadata: [String: String]) throws {
        var members = ["__metadata__": JSONValue.object(metadata.mapValues { .string($0) })]
        var offsets: [Int] = []
        var end = 0
        for tensor in tensors {
            var size = tensor.type.bytes
            for extent in tensor.shape {
                let (product, overflow) = size.multipliedReportingOverflow(by: extent)
                guard extent >= 0, !overflow, product <= 1 << 50 else {
                    throw CommandError("malformed", "tensor '\(tensor.name)' has the impossible shape \(tensor.shape)")
                }
                size = product
            }
            guard members[tensor.name] == nil else {
                throw CommandError("malformed", "there are two tensors '\(tensor.name)'")
            }
            offsets.append(end)
            members[tensor.name] = .object([
                "dtype": .string("F32"), "shape": .array(tensor.shape.map { .integer(Int64($0)) }),
                "data_offsets": .array([.integer(Int64(end)), .integer(Int64(end + size))]),
            ])
            end += size
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var json = Array(try encoder.encode(members))
        // The tensors start at a multiple of 8 bytes.
        json += [UInt8](repeating: UInt8(ascii: " "), count: (8 - json.count % 8) % 8)
        header = withUnsafeBytes(of: UInt64(json.count).littleEndian) { Array($0) } + json
        self.offsets = offsets
        byteCount = end
    }
}

import FoundationEssentials
import Tensor

/// What stands at the beginning of a safetensors file, checked against the file's size: which tensors there are, of which type
/// and shape, and where their bytes lie.
///
/// The format (safetensors' own description): a little-endian length of 8 bytes, so many bytes of JSON, and the tensors' bytes,
/// row-major and little-endian, without gaps and without overlaps.
struct SafetensorsHeader {
    struct Entry {
        let name: String
        let type: ElementType
        let shape: [Int]
        /// From the beginning of the tensors' bytes.
        let bytes: Range<Int>
    }

    enum ElementType: String {
        case f16 = "F16"
        case bf16 = "BF16"
        case f32 = "F32"
        case f64 = "F64"
        /// Whole numbers, which are read over when PyTorch counts batches in them.
        case i64 = "I64"

        var width: Int {
            switch self {
            case .f16, .bf16: 2
            case .f32: 4
            case .f64, .i64: 8
            }
        }
    }

    /// The most bytes of JSON that are read: enough for a hundred thousand tensors.
    static let limit = 16 << 20

    /// In the order of their bytes.
    let entries: [Entry]

    /// - Parameters:
    ///   - json: the header's text.
    ///   - available: how many bytes follow it.
    ///   - path: how messages name the file.
    init(_ json: [UInt8], available: Int, path: String) throws(NetworkError) {
        func refuse(_ reason: String, cause: (any Error)? = nil) -> NetworkError {
            NetworkError(.malformedFile, "\(path) is not a sound safetensors file: \(reason)", cause: cause)
        }
        guard json.first == UInt8(ascii: "{") else { throw refuse("its header does not begin with '{'") }
        let decoded: [String: Item]
        do { decoded = try JSONDecoder().decode([String: Item].self, from: Data(json)) } catch {
            throw refuse("its header is not the JSON it should be", cause: error)
        }
        var entries: [Entry] = []
        for (name, item) in decoded {
            guard case .tensor(let typeName, let shape, let offsets) = item else {
                guard name == "__metadata__" else { throw refuse("'\(name)' has no dtype, shape and data_offsets") }
                continue
            }
            guard let type = ElementType(rawValue: typeName) else {
                throw refuse("tensor '\(name)' is of type '\(typeName)'; known are F16, BF16, F32 and F64")
            }
            guard shape.count <= 8 else { throw refuse("tensor '\(name)' has \(shape.count) axes") }
            let count: Int
            do { count = try Tensor.count(of: shape) } catch {
                throw refuse("tensor '\(name)' has an impossible shape", cause: error)
            }
            let (size, overflows) = count.multipliedReportingOverflow(by: type.width)
            guard offsets.count == 2, offsets[0] >= 0, offsets[1] >= offsets[0], offsets[1] <= available else {
                throw refuse("tensor '\(name)' lies at \(offsets), outside its \(available) bytes")
            }
            guard !overflows, offsets[1] - offsets[0] == size else {
                throw refuse(
                    "tensor '\(name)' of \(typeName) \(shape) has \(offsets[1] - offsets[0]) bytes, not \(size)")
            }
            entries.append(Entry(name: name, type: type, shape: shape, bytes: offsets[0]..<offsets[1]))
        }
        entries.sort {
            ($0.bytes.lowerBound, $0.bytes.upperBound, $0.name) < ($1.bytes.lowerBound, $1.bytes.upperBound, $1.name)
        }
        var end = 0
        for entry in entries {
            guard entry.bytes.lowerBound == end else {
                throw refuse(
                    "tensor '\(entry.name)' begins at byte \(entry.bytes.lowerBound), but the one before ends at \(end)"
                )
            }
            end = entry.bytes.upperBound
        }
        guard end == available else { throw refuse("\(available - end) bytes at its end belong to no tensor") }
        self.entries = entries
    }

    /// A tensor's entry, or the file's own notes.
    private enum Item: Decodable {
        case tensor(type: String, shape: [Int], offsets: [Int])
        case notes

        private enum Key: String, CodingKey {
            case dtype, shape
            case offsets = "data_offsets"
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            guard container.contains(.dtype) else {
                self = .notes
                return
            }
            self = .tensor(
                type: try container.decode(String.self, forKey: .dtype),
                shape: try container.decode([Int].self, forKey: .shape),
                offsets: try container.decode([Int].self, forKey: .offsets))
        }
    }
}

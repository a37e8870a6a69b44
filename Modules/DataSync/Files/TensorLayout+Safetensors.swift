import FoundationEssentials

extension TensorLayout {
    /// Some 30,000 tensors; it is in memory while it is read.
    private static let maximumHeader = 4 << 20

    /// A `safetensors` file: the bytes of a header as a 64-bit number, the header in JSON, the tensors.
    static func safetensors(_ source: ByteSource) throws -> TensorLayout? {
        guard let length = try source.bytes(0, 8)?.number(0, 8), (2...maximumHeader).contains(length),
            let text = try source.bytes(8, length)
        else { return nil }
        // What does not parse is cut by content.
        guard let header = try? JSONDecoder().decode(SafetensorsHeader.self, from: Data(text)) else { return nil }
        let start = 8 + length
        let room = source.size - start
        var spans: [Span] = []
        for tensor in header.tensors {
            guard tensor.offsets.count == 2, 0 <= tensor.offsets[0], tensor.offsets[0] <= tensor.offsets[1],
                tensor.offsets[1] <= room
            else { return nil }
            spans.append(
                Span(
                    start: start + tensor.offsets[0], end: start + tensor.offsets[1],
                    elementBytes: tensor.isOneByte ? 1 : 4))
        }
        return TensorLayout(spans, size: source.size)
    }
}

/// As much of the header as says where tensors lie.
private struct SafetensorsHeader: Decodable {
    struct Tensor {
        let isOneByte: Bool
        let offsets: [Int]
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    private struct Entry: Decodable {
        let type: String
        let offsets: [Int]

        private enum CodingKeys: String, CodingKey {
            case type = "dtype"
            case offsets = "data_offsets"
        }
    }

    let tensors: [Tensor]

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        tensors = try container.allKeys.filter { $0.stringValue != "__metadata__" }.map { key in
            let entry = try container.decode(Entry.self, forKey: key)
            return Tensor(
                isOneByte: ["BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2"].contains(entry.type),
                offsets: entry.offsets)
        }
    }
}

/// How records that are appended to a data set follow one another.
public enum RecordFormat: String, Codable, Sendable, Hashable, CaseIterable {
    /// Each is a line, its line feed included, as in JSON lines.
    case lines
    /// Each is a 32-bit little-endian number of bytes, and so many bytes.
    case delimited
    /// A stream without records: its bytes are kept in their order.
    case bytes

    /// The most bytes of one record, and of one append.
    public static let maximumBytes = 4 << 20

    /// What the files of such records end in.
    public var suffix: String {
        switch self {
        case .lines: "jsonl"
        case .delimited: "records"
        case .bytes: "bin"
        }
    }

    /// The whole records that `bytes` begins with.
    /// - Returns: how many bytes they are, and how many records; a stream has none and is whole at any byte.
    public func whole(in bytes: UnsafeRawBufferPointer) -> (bytes: Int, records: Int) {
        switch self {
        case .bytes: return (bytes.count, 0)
        case .lines:
            var (end, records) = (0, 0)
            for index in bytes.indices where bytes[index] == UInt8(ascii: "\n") {
                end = index + 1
                records += 1
            }
            return (end, records)
        case .delimited:
            var (end, records) = (0, 0)
            while bytes.count - end >= 4 {
                let size = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: end, as: UInt32.self)))
                guard size <= bytes.count - end - 4 else { break }
                end += 4 + size
                records += 1
            }
            return (end, records)
        }
    }
}

extension Array where Element == UInt8 {
    /// Little-endian numbers, and their writers.
    func half(at index: Int) -> UInt16 { UInt16(self[index]) | UInt16(self[index + 1]) << 8 }

    func word(at index: Int) -> UInt32 { UInt32(half(at: index)) | UInt32(half(at: index + 2)) << 16 }

    func long(at index: Int) -> UInt64 { UInt64(word(at: index)) | UInt64(word(at: index + 4)) << 32 }

    mutating func append(littleEndian value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }
}

/// The 8 bytes before every compressed leaf and every difference: version, bytes of an element, logarithm of a block's words
/// (0 for one block), zero, and the raw size, little-endian.
struct BlockHeader: Equatable {
    static let size = 8
    static let version: UInt8 = 1

    var elementBytes: UInt8
    var logBlockWords: UInt8
    var rawSize: Int

    /// Writes it to the first 8 bytes of `output`.
    func write(to output: UnsafeMutableRawBufferPointer) {
        output[0] = Self.version
        output[1] = elementBytes
        output[2] = logBlockWords
        output[3] = 0
        output.storeBytes(of: UInt32(rawSize).littleEndian, toByteOffset: 4, as: UInt32.self)
    }

    /// - Throws: `corrupt-shard` for what this version does not write.
    init(reading bytes: UnsafeRawBufferPointer) throws(DataSyncError) {
        guard bytes.count >= Self.size else {
            throw DataSyncError(.corruptShard, "a compressed block of \(bytes.count) bytes, less than its header")
        }
        guard bytes[0] == Self.version, bytes[3] == 0 else {
            throw DataSyncError(
                .corruptShard, "a compressed block of version \(bytes[0]); this program reads \(Self.version)")
        }
        elementBytes = bytes[1]
        logBlockWords = bytes[2]
        rawSize = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
    }

    init(elementBytes: UInt8, logBlockWords: UInt8 = 0, rawSize: Int) {
        self.elementBytes = elementBytes
        self.logBlockWords = logBlockWords
        self.rawSize = rawSize
    }
}

import CZlib

/// The CRC-32 of bytes that come in pieces, as zip archives keep it.
struct Checksum {
    private var state: UInt = 0

    var value: UInt32 { UInt32(truncatingIfNeeded: state) }

    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        // zlib starts again when it is given no address, as an empty buffer has none.
        guard !bytes.isEmpty else { return }
        state = crc32_z(state, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count)
    }
}

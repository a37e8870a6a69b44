/// Bytes that come one after the other, from a file or out of a compressed stream.
protocol ByteReader: AnyObject {
    /// What the bytes are, for messages.
    var name: String { get }
    /// The most bytes that can still come, from the size of the file and the best ratio of its compression.
    var mostBytesLeft: Int { get }
    /// Fills `buffer` from its start with up to its size of bytes. Returns how many; 0 at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
}

extension ByteReader {
    /// Fills all of `buffer`.
    /// - Throws: `DatasetError.Kind.malformed` when the bytes end before.
    func readExactly(into buffer: UnsafeMutableRawBufferPointer, what: String) throws {
        var filled = 0
        while filled < buffer.count {
            let count = try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
            guard count > 0 else {
                throw DatasetError(
                    .malformed,
                    "\(name): it ends in the middle of \(what) (\(buffer.count - filled) bytes are missing); the file is "
                        + "truncated, fetch it again")
            }
            filled += count
        }
    }

    /// The next `count` bytes.
    /// - Throws: `DatasetError.Kind.malformed` when there are fewer.
    func readBytes(_ count: Int, what: String) throws -> [UInt8] {
        try expectRoom(for: count, what: what)
        var bytes = [UInt8](repeating: 0, count: count)
        try bytes.withUnsafeMutableBytes { try readExactly(into: $0, what: what) }
        return bytes
    }

    /// Refuses a promise of `count` more bytes that the file cannot keep, before memory is set aside for them.
    func expectRoom(for count: Int, what: String) throws {
        guard count <= mostBytesLeft else {
            throw DatasetError(
                .malformed,
                "\(name): it is too short to hold \(what) of \(count) bytes; the file is truncated or damaged")
        }
    }

    /// Makes sure that nothing follows.
    func expectEnd(after what: String) throws {
        var byte: UInt8 = 0
        guard try withUnsafeMutableBytes(of: &byte, { try read(into: $0) }) == 0 else {
            throw DatasetError(
                .malformed, "\(name): more bytes follow \(what); the file is damaged or of another format")
        }
    }
}

/// The unpacked bytes of a zip member; never more than the directory says there are, and checked at their end.
final class ZipMemberReader: ByteReader {
    let name: String
    private let source: any ByteReader
    private let expected: UInt32
    private var left: Int
    private var checksum = Checksum()

    init(_ source: any ByteReader, name: String, member: ZipArchive.Member) {
        self.source = source
        self.name = name
        expected = member.checksum
        left = member.size
    }

    var mostBytesLeft: Int { min(left, source.mostBytesLeft) }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let wanted = UnsafeMutableRawBufferPointer(rebasing: buffer[0..<min(buffer.count, left, 1 << 30)])
        guard wanted.count > 0 else { return 0 }
        let count = try source.read(into: wanted)
        guard count > 0 else {
            throw DatasetError(.malformed, "\(name): it is shorter than the zip directory says; the file is damaged")
        }
        checksum.add(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(wanted)[..<count]))
        left -= count
        if left == 0, checksum.value != expected {
            throw DatasetError(
                .malformed, "\(name): its checksum is wrong; the file is damaged, fetch or save it again")
        }
        return count
    }
}

/// The table of contents of a zip file (PKWARE APPNOTE 6.3, with Zip64), and its members unpacked while they are read.
struct ZipArchive {
    struct Member: Sendable, Hashable {
        var name: String
        var method: Int
        var checksum: UInt32
        var compressedSize: Int
        var size: Int
        var headerOffset: Int
        var isEncrypted: Bool
    }

    let members: [Member]
    private let file: FileReader

    private static let maximumMembers = 10_000
    private static let endSize = 22

    init(_ file: FileReader) throws {
        self.file = file
        members = try Self.directory(of: file)
    }

    /// A reader of the unpacked bytes of `member`; only one at a time. It checks size and CRC-32 when the end is reached.
    func open(_ member: Member) throws -> any ByteReader {
        guard !member.isEncrypted else {
            throw DatasetError(.unsupported, "\(file.name): member '\(member.name)' is encrypted; save it without")
        }
        try file.seek(to: member.headerOffset, length: 30)
        let header = try file.readBytes(30, what: "a zip member's header")
        guard header.word(at: 0) == 0x0403_4b50 else { throw Self.damaged(file, "a member's header is missing") }
        let start = member.headerOffset + 30 + Int(header.half(at: 26)) + Int(header.half(at: 28))
        try file.seek(to: start, length: member.compressedSize)
        let name = "\(file.name)(\(member.name))"
        switch member.method {
        case 0:
            guard member.size == member.compressedSize else {
                throw Self.damaged(file, "the sizes of member '\(member.name)' contradict each other")
            }
            return ZipMemberReader(file, name: name, member: member)
        case 8:
            return ZipMemberReader(try InflatingReader(file, wrapping: .none), name: name, member: member)
        default:
            throw DatasetError(
                .unsupported,
                "\(file.name): member '\(member.name)' is compressed by method \(member.method); save it with numpy.savez or "
                    + "numpy.savez_compressed")
        }
    }

    private static func damaged(_ file: FileReader, _ what: String) -> DatasetError {
        DatasetError(.malformed, "\(file.name): \(what); the zip file is damaged, fetch or save it again")
    }

    private static func directory(of file: FileReader) throws -> [Member] {
        let (count, size, offset) = try directorySpan(of: file)
        guard count <= maximumMembers, size <= 16 << 20 else {
            throw DatasetError(
                .tooLarge, "\(file.name): \(count) members are more than the \(maximumMembers) that are read")
        }
        try file.seek(to: offset, length: size)
        let bytes = try file.readBytes(size, what: "the zip directory")
        var members: [Member] = []
        var start = 0
        for _ in 0..<count {
            guard start + 46 <= bytes.count, bytes.word(at: start) == 0x0201_4b50 else {
                throw damaged(file, "its directory ends early")
            }
            let nameEnd = start + 46 + Int(bytes.half(at: start + 28))
            let extraEnd = nameEnd + Int(bytes.half(at: start + 30))
            let next = extraEnd + Int(bytes.half(at: start + 32))
            guard next <= bytes.count else { throw damaged(file, "its directory ends early") }
            var member = Member(
                name: String(decoding: bytes[(start + 46)..<nameEnd], as: UTF8.self),
                method: Int(bytes.half(at: start + 10)), checksum: bytes.word(at: start + 16),
                compressedSize: Int(bytes.word(at: start + 20)), size: Int(bytes.word(at: start + 24)),
                headerOffset: Int(bytes.word(at: start + 42)), isEncrypted: bytes.half(at: start + 8) & 1 != 0)
            try member.widen(with: Array(bytes[nameEnd..<extraEnd]), orThrow: damaged(file, "a Zip64 field is missing"))
            guard member.compressedSize <= file.size, member.headerOffset <= file.size else {
                throw damaged(file, "member '\(member.name)' lies beyond the end")
            }
            members.append(member)
            start = next
        }
        return members
    }

    /// How many members the directory has, its size and where it starts.
    private static func directorySpan(of file: FileReader) throws -> (count: Int, size: Int, offset: Int) {
        let tailSize = min(file.size, endSize + 65_535)
        guard tailSize >= endSize else { throw damaged(file, "it is too short to be a zip file") }
        let tailStart = file.size - tailSize
        try file.seek(to: tailStart, length: tailSize)
        let tail = try file.readBytes(tailSize, what: "the end of a zip file")
        var end = tailSize - endSize
        while end >= 0, tail.word(at: end) != 0x0605_4b50 || Int(tail.half(at: end + 20)) != tailSize - end - endSize {
            end -= 1
        }
        guard end >= 0 else { throw damaged(file, "it has no zip directory; it is truncated or no zip file") }
        let count = Int(tail.half(at: end + 10))
        let size = Int(tail.word(at: end + 12))
        let offset = Int(tail.word(at: end + 16))
        guard count == 0xffff || size == 0xffff_ffff || offset == 0xffff_ffff else { return (count, size, offset) }
        // Zip64: a locator before the end record says where the wider one is.
        guard end >= 20, tail.word(at: end - 20) == 0x0706_4b50,
            let wideStart = Int(exactly: tail.long(at: end - 12))
        else { return (count, size, offset) }
        try file.seek(to: wideStart, length: 56)
        let wide = try file.readBytes(56, what: "the Zip64 end record")
        guard wide.word(at: 0) == 0x0606_4b50, let wideCount = Int(exactly: wide.long(at: 32)),
            let wideSize = Int(exactly: wide.long(at: 40)), let wideOffset = Int(exactly: wide.long(at: 48))
        else { throw damaged(file, "its Zip64 directory is missing") }
        return (wideCount, wideSize, wideOffset)
    }
}

extension ZipArchive.Member {
    /// Takes sizes and offset that do not fit 32 bits from the Zip64 extra field.
    fileprivate mutating func widen(with extra: [UInt8], orThrow error: DatasetError) throws {
        let wanted = size == 0xffff_ffff || compressedSize == 0xffff_ffff || headerOffset == 0xffff_ffff
        guard wanted else { return }
        var start = 0
        while start + 4 <= extra.count {
            let end = start + 4 + Int(extra.half(at: start + 2))
            guard end <= extra.count else { throw error }
            if extra.half(at: start) == 1 {
                var field = start + 4
                func next() throws -> Int {
                    guard field + 8 <= end, let value = Int(exactly: extra.long(at: field)) else { throw error }
                    field += 8
                    return value
                }
                if size == 0xffff_ffff { size = try next() }
                if compressedSize == 0xffff_ffff { compressedSize = try next() }
                if headerOffset == 0xffff_ffff { headerOffset = try next() }
                return
            }
            start = end
        }
        throw error
    }
}

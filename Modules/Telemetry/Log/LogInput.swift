import Glibc

/// One file of a log, open for reading; it stays readable when it is renamed or removed.
final class LogInput {
    /// What names a file whatever it is called.
    struct ID: Hashable, Sendable {
        var device: UInt
        var inode: UInt
    }

    /// How much is read at a time; no line is longer than a few times this.
    private static let blockBytes = 64 << 10
    /// A line longer than this is no log record and is skipped.
    private static let lineLimit = 4 << 20

    let id: ID
    private let path: String
    private let file: Int32

    /// - Returns: `nil` when there is no such file.
    private init?(_ path: String) throws(TelemetryError) {
        self.path = path
        file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw .unreadable(path, errno)
        }
        var status = stat()
        guard fstat(file, &status) == 0 else {
            let number = errno
            close(file)
            throw .unreadable(path, number)
        }
        id = ID(device: UInt(status.st_dev), inode: UInt(status.st_ino))
    }

    deinit { close(file) }

    /// The files of the log at `path`, oldest first, each once even when a rotation goes on meanwhile.
    static func chain(_ path: String) throws(TelemetryError) -> [LogInput] {
        var files: [LogInput] = []
        var seen: Set<ID> = []
        var number = 0
        while let input = try LogInput(LogFileName.rotated(path, number)) {
            if seen.insert(input.id).inserted { files.append(input) }
            number += 1
        }
        return files.reversed()
    }

    func size() throws(TelemetryError) -> Int {
        var status = stat()
        guard fstat(file, &status) == 0 else { throw .unreadable(path, errno) }
        return Int(status.st_size)
    }

    /// The whole lines that start in one block from `start`, and where they end: `start` itself when there is none.
    func lines(from start: Int, to end: Int) throws(TelemetryError) -> (bytes: [UInt8], start: Int, end: Int) {
        var length = Self.blockBytes
        while start < end {
            let bytes = try read(at: start, min(length, end - start))
            if let last = bytes.lastIndex(of: UInt8(ascii: "\n")) {
                return (Array(bytes[...last]), start, start + last + 1)
            }
            if bytes.count < length { break }
            if length >= Self.lineLimit { return ([], start, start + bytes.count) }
            length *= 2
        }
        return ([], start, start)
    }

    /// Where the last `count` whole lines before `end` start that hold `filter`, and how many of them there are.
    func start(
        ofLast count: Int, before end: Int, filter: [UInt8]?
    ) throws(TelemetryError) -> (offset: Int, count: Int) {
        var found = 0
        var position = end
        var offset = end
        // What was read of the line in which `position` lies, up to its line feed.
        var rest: [UInt8] = []
        var hasLineFeed = false
        while position > 0, found < count {
            let length = min(Self.blockBytes, position)
            let block = try read(at: position - length, length)
            var lineEnd = block.count
            while let feed = block[..<lineEnd].lastIndex(of: UInt8(ascii: "\n")) {
                if hasLineFeed {
                    let line = Array(block[(feed + 1)..<lineEnd]) + rest
                    if filter.map({ ByteSearch.contains($0, in: line[...]) }) ?? true {
                        found += 1
                        offset = position - length + feed + 1
                        if found == count { return (offset, found) }
                    }
                }
                hasLineFeed = true
                rest = []
                lineEnd = feed
            }
            if hasLineFeed {
                rest = rest.count + lineEnd > Self.lineLimit ? [] : Array(block[..<lineEnd]) + rest
            }
            position -= length
        }
        // The first line of the file has no line feed before it.
        if position == 0, hasLineFeed, found < count, filter.map({ ByteSearch.contains($0, in: rest[...]) }) ?? true {
            return (0, found + 1)
        }
        return (found == 0 ? end : offset, found)
    }

    private func read(at offset: Int, _ count: Int) throws(TelemetryError) -> [UInt8] {
        var number: Int32?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let got = pread(file, buffer.baseAddress.map { $0 + filled }, count - filled, off_t(offset + filled))
                if got == 0 { break }
                if got > 0 { filled += got } else if errno != EINTR { return number = errno }
            }
        }
        if let number { throw .unreadable(path, number) }
        return bytes
    }
}

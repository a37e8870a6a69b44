import Core

/// Reads the files of one log in order, on a thread of its own.
actor LogReader {
    enum Batch: Sendable {
        case lines([String])
        /// Nothing passed the filter so far; read on.
        case more
        /// Everything that is there was read.
        case end
    }

    private let executor = ThreadExecutor(name: "log-reader")
    private let path: String
    private let filter: [UInt8]?
    private let tail: Int?
    private let follows: Bool
    private var isOpen = false
    private var file: LogInput?
    private var offset = 0
    /// Where a reader that does not follow stops: what was there when it began, so that it ends even when each line that
    /// it reads causes another.
    private var limit: (id: LogInput.ID, size: Int)?

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(path: String, filter: [UInt8]?, tail: Int?, follows: Bool) {
        self.path = path
        self.filter = filter
        self.tail = tail
        self.follows = follows
    }

    /// The next lines, at most one block of the file.
    func read() throws(TelemetryError) -> Batch {
        if !isOpen { try open() }
        guard let current = file else {
            // The log did not exist; a follower looks again.
            isOpen = false
            return .end
        }
        var end = try current.size()
        if end < offset { offset = 0 }
        let isLast = limit.map { $0.id == current.id } ?? false
        if isLast, let limit { end = min(end, limit.size) }
        let block = try current.lines(from: offset, to: end)
        offset = block.end
        if block.end > block.start { return select(block.bytes) }
        if isLast { return .end }
        return try advance(from: current)
    }

    /// Opens the file in which the first wanted line stands.
    private func open() throws(TelemetryError) {
        let files = try LogInput.chain(path)
        guard let newest = files.last else { return }
        isOpen = true
        let size = try newest.size()
        if !follows { limit = (newest.id, size) }
        guard let tail else {
            file = files[0]
            return offset = 0
        }
        // Backwards through the files until enough lines are found; only their number is kept.
        var wanted = max(0, tail)
        for input in files.reversed() {
            let end = input.id == newest.id ? size : try input.size()
            let found = try input.start(ofLast: wanted, before: end, filter: filter)
            file = input
            offset = found.offset
            wanted -= found.count
            if wanted == 0 { return }
        }
    }

    /// Goes on with the file that followed `current`, if it was rotated.
    private func advance(from current: LogInput) throws(TelemetryError) -> Batch {
        let files = try LogInput.chain(path)
        let next: LogInput?
        if let index = files.firstIndex(where: { $0.id == current.id }) {
            next = index + 1 < files.count ? files[index + 1] : nil
        } else {
            // It was removed in the meantime; the oldest one left is the next.
            next = files.first
        }
        guard let next else { return .end }
        // A last line may have been written between the reading and the rotation.
        if try current.lines(from: offset, to: try current.size()).end > offset { return .more }
        file = next
        offset = 0
        return .more
    }

    private func select(_ bytes: [UInt8]) -> Batch {
        let lines = bytes.split(separator: UInt8(ascii: "\n"))
            .filter { line in filter.map { ByteSearch.contains($0, in: line) } ?? true }
            .map { String(decoding: $0, as: UTF8.self) }
        return lines.isEmpty ? .more : .lines(lines)
    }
}

/// Looks for bytes in bytes.
enum ByteSearch {
    static func contains(_ needle: [UInt8], in text: ArraySlice<UInt8>) -> Bool {
        guard let first = needle.first, needle.count <= text.count else { return needle.isEmpty }
        let lastStart = text.endIndex - needle.count
        var start = text.startIndex
        while start <= lastStart {
            if text[start] == first, text[start..<start + needle.count].elementsEqual(needle) { return true }
            start += 1
        }
        return false
    }
}

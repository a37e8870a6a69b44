import Contracts
import Core
import Glibc

/// Whole records from a file or from standard input, as they come: no more than one append's worth is in memory.
///
/// For one task at a time.
final class RecordInput: @unchecked Sendable {
    // @unchecked: `next` and `skip` are called one after the other, on `thread` alone.
    private let descriptor: Int32
    private let path: String
    private let format: RecordFormat
    private let completes: Bool
    private let thread = ThreadExecutor(name: "input")
    private var pending: [UInt8] = []
    private var isAtEnd = false
    /// Bytes of the input that were handed out or skipped.
    private(set) var position = 0

    /// Bytes that are read at a time, and that one append has unless a single record is longer.
    private static let chunk = 1 << 20

    /// - Parameters:
    ///   - path: a file, or `-` for standard input.
    ///   - completes: whether a last line without a line feed is taken for a whole one; otherwise it is left out, because more
    ///     of it may come.
    init(_ path: String, _ format: RecordFormat, completes: Bool) throws {
        self.format = format
        self.completes = completes
        self.path = path == "-" ? "standard input" : path
        descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw CommandError(
                errno == ENOENT ? "not-found" : "failed", "cannot read \(path): \(SystemError.text(errno))")
        }
    }

    deinit { if descriptor != STDIN_FILENO { close(descriptor) } }

    /// Leaves out the first `count` bytes.
    /// - Throws: `CommandError` when there are not so many.
    func skip(_ count: Int) async throws {
        try await thread.run { [self] in
            while position < count {
                if pending.isEmpty { try read() }
                guard !pending.isEmpty else {
                    throw CommandError.failed(
                        "\(path) has \(position) bytes, but \(count) of this producer are appended already; name another "
                            + "producer, or give the whole of its records")
                }
                let part = min(pending.count, count - position)
                pending.removeFirst(part)
                position += part
            }
        }
    }

    /// The next whole records; waits until there is one.
    /// - Returns: `nil` at the end.
    func next() async throws -> [UInt8]? {
        try await thread.run { [self] in
            while true {
                let whole = pending.withUnsafeBytes { format.whole(in: $0).bytes }
                if whole > 0 { return take(whole) }
                if isAtEnd { return try rest() }
                guard pending.count < RecordFormat.maximumBytes else {
                    throw CommandError.failed(
                        "the record at byte \(position) of \(path) is longer than \(RecordFormat.maximumBytes) bytes")
                }
                try read()
            }
        }
    }

    /// Bytes at the end that are no whole record.
    var leftOver: Int { pending.count }

    /// What is left at the end: a last line may lack its line feed.
    private func rest() throws -> [UInt8]? {
        guard !pending.isEmpty else { return nil }
        guard format == .lines else {
            throw CommandError.failed("\(path) ends within a record, which begins at byte \(position)")
        }
        guard completes else { return nil }
        pending.append(UInt8(ascii: "\n"))
        return take(pending.count)
    }

    private func take(_ count: Int) -> [UInt8] {
        let records = Array(pending[..<count])
        pending.removeFirst(count)
        position += count
        return records
    }

    private func read() throws {
        let room = min(Self.chunk, RecordFormat.maximumBytes - pending.count)
        let start = pending.count
        pending.append(contentsOf: repeatElement(0, count: room))
        let count = pending.withUnsafeMutableBytes { buffer -> Int in
            while true {
                let result = Glibc.read(descriptor, buffer.baseAddress.map { $0 + start }, room)
                guard result == -1, errno == EINTR else { return result }
            }
        }
        let number = errno
        pending.removeLast(room - max(0, count))
        guard count >= 0 else { throw CommandError.failed("cannot read \(path): \(SystemError.text(number))") }
        if count == 0 { isAtEnd = true }
    }
}

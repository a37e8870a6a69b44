import Glibc

/// A file that gets its new content in one step when all of it is written; until then, and when that fails, it keeps the
/// old one. What is not a regular file (a pipe, a terminal) is written to as it is.
///
/// For one task at a time.
final class ReplacedFile {
    private let path: String
    private let isSpecial: Bool
    private let descriptor: Int32
    private var isDone = false

    /// Where the content lies until it is whole.
    private var temporary: String { "\(path).\(getpid()).tmp" }

    init(_ path: String, mode: mode_t) throws {
        self.path = path
        var status = stat()
        isSpecial = stat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFREG
        descriptor = open(
            isSpecial ? path : "\(path).\(getpid()).tmp", O_WRONLY | O_CLOEXEC | (isSpecial ? 0 : O_CREAT | O_EXCL),
            mode)
        guard descriptor >= 0 else { throw Self.failure(path) }
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        do { try SystemTerminal(descriptor: descriptor).write(bytes) } catch {
            throw CommandError("failed", "cannot write \(path)", cause: error)
        }
    }

    func write(_ text: String) throws {
        var text = text
        try text.withUTF8 { try write(UnsafeRawBufferPointer($0)) }
    }

    /// Makes what was written the file's content.
    func finish() throws {
        if isSpecial { return }
        guard fsync(descriptor) == 0, rename(temporary, path) == 0 else { throw Self.failure(path) }
        isDone = true
    }

    deinit {
        close(descriptor)
        if !isSpecial, !isDone { unlink(temporary) }
    }

    private static func failure(_ path: String) -> CommandError {
        .failed("cannot write \(path): \(SystemError.text(errno))")
    }
}

import Glibc

/// An open log file that only grows by whole lines.
final class LogDescriptor: Sendable {
    private let path: String
    private let file: Int32

    /// Opens or creates the file with mode 0600; a line that an earlier process left unfinished is ended.
    init(path: String) throws(TelemetryError) {
        self.path = path
        file = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .unwritable(path, errno) }
        guard fchmod(file, 0o600) == 0 else {
            let number = errno
            close(file)
            throw .unwritable(path, number)
        }
        var last: UInt8 = 0
        if size > 0, pread(file, &last, 1, off_t(size - 1)) == 1, last != UInt8(ascii: "\n") {
            // Should even this byte not fit, the next line will not either, and that is counted.
            try append([UInt8(ascii: "\n")])
        }
    }

    deinit { close(file) }

    var size: Int { status.map { Int($0.st_size) } ?? 0 }

    /// Whether nobody can open the file by a name any more.
    var isDeleted: Bool { status.map { $0.st_nlink == 0 } ?? true }

    private var status: stat? {
        var status = stat()
        return fstat(file, &status) == 0 ? status : nil
    }

    /// Appends all of `line`, or nothing.
    func append(_ line: [UInt8]) throws(TelemetryError) {
        var written = 0
        let failure: Int32? = line.withUnsafeBytes { bytes in
            while written < bytes.count {
                let count = write(file, bytes.baseAddress.map { $0 + written }, bytes.count - written)
                if count > 0 {
                    written += count
                } else if errno != EINTR {
                    return errno
                }
            }
            return nil
        }
        guard let failure else { return }
        // Takes back a part of a line; the reader skips it where even that fails.
        if written > 0 { _ = ftruncate(file, off_t(size - written)) }
        throw .unwritable(path, failure)
    }
}

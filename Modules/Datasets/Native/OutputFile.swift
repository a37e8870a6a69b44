import Glibc

/// A file that appears under its name only when it is complete.
package final class OutputFile {
    private let path: String
    private let temporary: String
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var isFinished = false

    package init(path: String) throws(DatasetError) {
        self.path = path
        temporary = "\(path).\(getpid()).partial"
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw DatasetError(
                .unwritable,
                "\(path): cannot be created (\(String(cString: strerror(errno)))); check that the folder exists and is "
                    + "writable")
        }
    }

    deinit {
        close(descriptor)
        if !isFinished { unlink(temporary) }
    }

    package func write(_ bytes: some Sequence<UInt8>) throws(DatasetError) {
        buffer.append(contentsOf: bytes)
        if buffer.count >= 256 << 10 { try flush() }
    }

    package func write(_ bytes: UnsafeRawBufferPointer) throws(DatasetError) {
        try flush()
        var start = 0
        while start < bytes.count {
            let count = Glibc.write(descriptor, bytes.baseAddress?.advanced(by: start), bytes.count - start)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw failure("written") }
            start += count
        }
    }

    /// Makes the file durable and gives it its name.
    package func finish() throws(DatasetError) {
        try flush()
        guard fsync(descriptor) == 0 else { throw failure("made durable") }
        guard rename(temporary, path) == 0 else { throw failure("renamed") }
        isFinished = true
    }

    private func flush() throws(DatasetError) {
        guard !buffer.isEmpty else { return }
        let pending = buffer
        buffer.removeAll(keepingCapacity: true)
        var start = 0
        while start < pending.count {
            let count = pending.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress?.advanced(by: start), pending.count - start)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw failure("written") }
            start += count
        }
    }

    private func failure(_ what: String) -> DatasetError {
        DatasetError(.unwritable, "\(path): cannot be \(what) (\(String(cString: strerror(errno))))")
    }
}

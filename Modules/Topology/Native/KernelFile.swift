import Glibc

/// A file of the kernel's that is read again and again: opened once, read from its start each time.
///
/// For one thread at a time.
final class KernelFile {
    private let descriptor: Int32
    private var buffer: [UInt8]

    /// - Parameter capacity: the bytes that are looked at; what is behind them is not asked for.
    /// - Returns: `nil` when there is no such file here, or none that can be read: kernels and containers differ.
    init?(_ path: String, capacity: Int = 512) {
        buffer = [UInt8](repeating: 0, count: capacity)
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        // Some files exist and refuse every read, such as those of pressure under psi=0.
        guard pread(descriptor, &buffer, capacity, 0) >= 0 else {
            close(descriptor)
            return nil
        }
    }

    deinit { close(descriptor) }

    /// The content now; empty when the kernel no longer tells, as of a device that went.
    func read() -> ByteScanner {
        var count = pread(descriptor, &buffer, buffer.count, 0)
        while count < 0, errno == EINTR { count = pread(descriptor, &buffer, buffer.count, 0) }
        return ByteScanner(buffer[..<max(0, count)])
    }
}

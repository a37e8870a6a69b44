import Glibc

/// Reads a file, or a span of one.
final class FileReader: ByteReader {
    let name: String
    /// Bytes in the file.
    let size: Int
    private let descriptor: Int32
    private var position: Int
    private var end: Int

    /// Opens the regular file at `path`.
    init(path: String) throws {
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)  // a pipe that nobody writes must not hang
        guard descriptor >= 0 else {
            let reason = String(cString: strerror(errno))
            throw DatasetError(.unreadable, "\(path): cannot be opened (\(reason)); check the path and its permissions")
        }
        var status = stat()
        let isRegular = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        guard isRegular else {
            close(descriptor)
            throw DatasetError(.unreadable, "\(path): is not a regular file")
        }
        name = path
        size = Int(status.st_size)
        position = 0
        end = size
    }

    deinit { close(descriptor) }

    var mostBytesLeft: Int { end - position }

    /// Goes on at `offset`, as if the file ended `length` bytes later.
    func seek(to offset: Int, length: Int) throws {
        guard offset >= 0, length >= 0, offset <= size, length <= size - offset else {
            throw DatasetError(
                .malformed, "\(name): it refers to bytes beyond its end; the file is truncated or damaged")
        }
        position = offset
        end = offset + length
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let wanted = min(buffer.count, end - position)
        guard wanted > 0, let base = buffer.baseAddress else { return 0 }
        while true {
            let count = pread(descriptor, base, wanted, off_t(position))
            if count >= 0 {
                position += count
                return count
            }
            guard errno == EINTR else {
                throw DatasetError(.unreadable, "\(name): cannot be read (\(String(cString: strerror(errno))))")
            }
        }
    }
}

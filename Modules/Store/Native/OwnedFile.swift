import CLinux
package import Glibc

/// An open file that closes when it goes out of scope. Not inherited by child processes.
package struct OwnedFile: ~Copyable {
    package let descriptor: Int32
    package let path: String

    /// Opens `path` with `flags` (`O_CLOEXEC` is added).
    /// - Throws: `StoreError` `io` or `full`, with the system's reason.
    package init(_ path: String, flags: Int32, mode: mode_t = 0o600) throws {
        let descriptor = Retry.interrupted { open(path, flags | O_CLOEXEC, mode) }
        guard descriptor >= 0 else { throw StoreError(errno: errno, doing: "open", path: path) }
        self.descriptor = descriptor
        self.path = path
    }

    /// Opens `name`, which lies in `directory`, as `init` does.
    package init(_ name: String, in directory: borrowing OwnedFile, flags: Int32, mode: mode_t = 0o600) throws {
        let path = "\(directory.path)/\(name)"
        let parent = directory.descriptor
        let descriptor = Retry.interrupted { openat(parent, name, flags | O_CLOEXEC, mode) }
        guard descriptor >= 0 else { throw StoreError(errno: errno, doing: "open", path: path) }
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close(descriptor) }

    /// Size, owner, times and mode.
    package func status() throws -> stat {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw StoreError(errno: errno, doing: "examine", path: path) }
        return status
    }

    /// Writes all of `bytes` at the current position.
    package func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while !rest.isEmpty {
            let count = Retry.interrupted { Glibc.write(descriptor, rest.baseAddress, rest.count) }
            guard count >= 0 else { throw StoreError(errno: errno, doing: "write", path: path) }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// Fills `buffer` from the current position; fewer bytes than its length only at the end of the file.
    /// - Returns: the number of bytes read.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        var filled = 0
        while filled < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            let count = Retry.interrupted { Glibc.read(descriptor, rest.baseAddress, rest.count) }
            guard count >= 0 else { throw StoreError(errno: errno, doing: "read", path: path) }
            if count == 0 { break }
            filled += count
        }
        return filled
    }

    /// Begins to write the file's bytes to the disk without waiting, so that a later `sync` waits less. A hint: what goes
    /// wrong shows in `sync`.
    package func startWriteback() {
        _ = gedge_start_writeback(descriptor)
    }

    /// Returns when the file's bytes survive a power loss. Its name survives only after its directory is synced too.
    package func sync() throws {
        guard fsync(descriptor) == 0 else { throw StoreError(errno: errno, doing: "sync", path: path) }
    }
}

private enum Retry {
    /// Repeats a system call that a signal interrupted.
    static func interrupted<Result: SignedInteger>(_ call: () -> Result) -> Result {
        while true {
            let result = call()
            guard result == -1, errno == EINTR else { return result }
        }
    }
}

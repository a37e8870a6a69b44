import Glibc

/// A file `lock` in a directory, locked (`flock`) while this object lives. The kernel lets go of it when the process ends
/// in any way, so there is no stale lock. It holds the owner's process id for people to read.
final class DirectoryLock: Sendable {
    private let descriptor: Int32

    init(directory: String) throws {
        let path = "\(directory)/lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StoreError(errno: errno, doing: "open", path: path) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let reason = errno
            defer { close(descriptor) }
            guard reason == EWOULDBLOCK else { throw StoreError(errno: reason, doing: "lock", path: path) }
            throw StoreError(
                .lockedByOtherProcess,
                "\(directory) is in use by process \(Self.owner(descriptor) ?? "(unknown)"); stop that process, or give "
                    + "this one a state directory of its own")
        }
        self.descriptor = descriptor
        let text = "\(getpid())\n"
        let written = text.utf8.withContiguousStorageIfAvailable { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
        // The process id is for people; the lock holds without it, on a full disk for example.
        if let written, written > 0 { ftruncate(descriptor, written) }
    }

    /// Unlocks before it closes: a child between `fork` and `exec` has the same open file, and would hold the lock on.
    deinit {
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    private static func owner(_ descriptor: Int32) -> String? {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        let digits = bytes[..<count].prefix { (0x30...0x39).contains($0) }
        return digits.isEmpty ? nil : String(decoding: digits, as: UTF8.self)
    }
}

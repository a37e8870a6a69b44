import CLinux
import Glibc

/// Reading, writing and giving back stretches of a file, wherever its current position is.
extension OwnedFile {
    /// The most pieces of memory that the system takes at once.
    private static let maximumPieces = 1024

    /// Writes `pieces` one behind the other from byte `offset` on.
    package func write(_ pieces: [UnsafeRawBufferPointer], at offset: Int) throws {
        var vectors = pieces.filter { !$0.isEmpty }.map {
            iovec(iov_base: UnsafeMutableRawPointer(mutating: $0.baseAddress), iov_len: $0.count)
        }
        try move(&vectors, from: offset, doing: "write") { vectors, count, offset in
            pwritev(descriptor, vectors, count, offset)
        }
    }

    /// Fills `pieces` one after the other with what lies from byte `offset` on.
    /// - Returns: the bytes read, fewer than the pieces have only at the end of the file.
    package func read(into pieces: [UnsafeMutableRawBufferPointer], at offset: Int) throws -> Int {
        var vectors = pieces.filter { !$0.isEmpty }.map { iovec(iov_base: $0.baseAddress, iov_len: $0.count) }
        return try move(&vectors, from: offset, doing: "read") { vectors, count, offset in
            preadv(descriptor, vectors, count, offset)
        }
    }

    @discardableResult
    private func move(
        _ vectors: inout [iovec], from start: Int, doing what: String,
        _ call: (UnsafePointer<iovec>, Int32, Int) -> Int
    ) throws -> Int {
        var first = 0
        var moved = 0
        while first < vectors.count {
            let count = vectors.withUnsafeBufferPointer { all -> Int in
                guard let base = all.baseAddress else { return 0 }
                while true {
                    let result = call(
                        base + first, Int32(min(all.count - first, Self.maximumPieces)), start + moved)
                    guard result == -1, errno == EINTR else { return result }
                }
            }
            guard count >= 0 else { throw StoreError(errno: errno, doing: what, path: path) }
            if count == 0 { break }
            moved += count
            var rest = count
            while first < vectors.count, rest >= vectors[first].iov_len {
                rest -= vectors[first].iov_len
                first += 1
            }
            if rest > 0 {
                vectors[first].iov_base += rest
                vectors[first].iov_len -= rest
            }
        }
        return moved
    }

    /// Begins to write a stretch to the disk without waiting. A hint: what goes wrong shows in `syncData`.
    package func startWriteback(from offset: Int, count: Int) {
        _ = gedge_start_writeback_of(descriptor, offset, count)
    }

    /// Returns when the file's bytes and its size survive a power loss; its times may not.
    package func syncData() throws {
        guard fdatasync(descriptor) == 0 else { throw StoreError(errno: errno, doing: "sync", path: path) }
    }

    /// Returns when everything written to the file system that the file lies in survives a power loss.
    package func syncFileSystem() throws {
        guard gedge_sync_file_system(descriptor) == 0 else {
            throw StoreError(errno: errno, doing: "sync the file system of", path: path)
        }
    }

    /// Cuts the file off at `size`, or fills it up with zeros to it.
    package func resize(to size: Int) throws {
        guard ftruncate(descriptor, size) == 0 else { throw StoreError(errno: errno, doing: "resize", path: path) }
    }

    /// Gives the disk space of a stretch back; it reads as zeros from then on.
    /// - Returns: `false` on a file system that cannot.
    package func punchHole(from offset: Int, count: Int) throws -> Bool {
        guard gedge_punch_hole(descriptor, offset, count) != 0 else { return true }
        guard errno != EOPNOTSUPP, errno != ENOSYS else { return false }
        throw StoreError(errno: errno, doing: "free a part of", path: path)
    }
}

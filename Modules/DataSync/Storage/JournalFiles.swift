import Glibc
import Store

/// The files that records lie in until they are in a version: `1.journal` and so on, each the very bytes that were appended.
///
/// How many bytes of a file count the database says: a row is brought up to date after the bytes are durable, and before they
/// are acknowledged. What lies behind them is cut off.
struct JournalFiles: Sendable {
    let directory: String

    func path(_ id: Int) -> String { "\(directory)/\(id).journal" }

    /// Makes the directory if there is none.
    func prepare() throws { try StateDirectory.makePrivate(directory, parents: true) }

    /// Writes bytes behind the first `offset` and makes them durable.
    /// - Throws: `StoreError` `full` or `io`; the file then has `offset` bytes, or more that do not count.
    func append(_ bytes: UnsafeRawBufferPointer, to id: Int, at offset: Int) throws {
        let file = try OwnedFile(path(id), flags: O_RDWR | (offset == 0 ? O_CREAT : 0), mode: 0o644)
        let size = Int(try file.status().st_size)
        guard size >= offset else {
            throw StoreError(
                .corrupt, "\(file.path) has \(size) bytes of the \(offset) that were written; restore a backup")
        }
        // An append of before that failed may have left more.
        if size > offset { try file.resize(to: offset) }
        do {
            try file.write([bytes], at: offset)
            try file.syncData()
            if offset == 0 { try DurableFile.syncDirectory(directory) }
        } catch {
            try? file.resize(to: offset)  // the first error tells; what is left is cut off by the next append
            throw error
        }
    }

    /// Cuts off what lies behind the bytes that count.
    /// - Returns: how many bytes there are, fewer than `bytes` when the disk lost some.
    func trim(_ id: Int, to bytes: Int) throws -> Int {
        var status = stat()
        guard stat(path(id), &status) == 0 else {
            guard errno == ENOENT else { throw StoreError(errno: errno, doing: "examine", path: path(id)) }
            return 0
        }
        let size = Int(status.st_size)
        if size > bytes {
            let file = try OwnedFile(path(id), flags: O_RDWR)
            try file.resize(to: bytes)
            try file.syncData()
        }
        return min(size, bytes)
    }

    /// Removes a journal's file, if there is one; what cannot be removed now goes at the next start.
    func discard(_ id: Int) { DurableFile.discard(path(id)) }

    /// The numbers of the files that are there.
    func ids() throws -> [Int] {
        try DirectoryListing.names(in: directory).compactMap { name in
            name.hasSuffix(".journal") ? Int(name.dropLast(".journal".count)) : nil
        }
    }
}

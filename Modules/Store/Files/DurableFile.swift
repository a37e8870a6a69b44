import Glibc

/// Files that are either there whole or not at all, after a crash too.
public enum DurableFile {
    /// Replaces the file at `path` by `bytes` in one step: written beside it, synced, renamed, its directory synced.
    /// - Throws: `StoreError` `full` or `io`; the old file, if any, is then untouched.
    public static func write(_ bytes: [UInt8], to path: String, mode: UInt32 = 0o600) throws {
        let temporary = "\(path).\(getpid()).tmp"
        do {
            let file = try OwnedFile(temporary, flags: O_WRONLY | O_CREAT | O_TRUNC, mode: mode_t(mode))
            try bytes.withUnsafeBytes { try file.write($0) }
            try file.sync()
        } catch {
            discard(temporary)
            throw error
        }
        try move(temporary, to: path)
        try syncDirectory(parent(of: path))
    }

    /// Renames a file within one file system, replacing what was there.
    public static func move(_ source: String, to destination: String) throws {
        guard rename(source, destination) == 0 else {
            throw StoreError(errno: errno, doing: "rename \(source) to", path: destination)
        }
    }

    /// Returns when the names in the directory survive a power loss.
    public static func syncDirectory(_ path: String) throws {
        let directory = try OwnedFile(path, flags: O_RDONLY | O_DIRECTORY)
        try directory.sync()
    }

    /// Returns when the bytes of the file survive a power loss.
    package static func syncFile(_ path: String) throws {
        let file = try OwnedFile(path, flags: O_RDONLY)
        try file.sync()
    }

    /// Removes a file that nothing refers to any more. If that fails it only takes up space, and whoever opened the
    /// directory next finds it.
    package static func discard(_ path: String) {
        unlink(path)
    }

    /// The directory that holds `path`.
    package static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}

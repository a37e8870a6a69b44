import Glibc

/// The one directory that holds everything a daemon must not lose: its database, shards, keys, logs.
///
/// While this object lives the directory belongs to this process: a second daemon on it is refused. Only its owner can
/// read it (mode 0700).
public final class StateDirectory: Sendable {
    /// The directory's path as it was given.
    public let path: String
    private let lock: DirectoryLock

    /// Creates the directory if there is none, checks that nobody else can reach into it, and locks it.
    /// - Throws: `StoreError` `unsafe-permissions`, `locked-by-other-process`, `io` or `full`.
    public init(_ path: String) throws {
        let path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        try Self.makePrivate(path, parents: true)
        self.path = path
        lock = try DirectoryLock(directory: path)
    }

    /// The path of something inside, such as `core.db`.
    public func file(_ name: String) -> String { "\(path)/\(name)" }

    /// A subdirectory such as `keys`, created with mode 0700 if there is none.
    /// - Returns: its path.
    public func subdirectory(_ name: String) throws -> String {
        let inner = "\(path)/\(name)"
        try Self.makePrivate(inner, parents: false)
        return inner
    }

    /// Makes the names in the directory survive a power loss.
    public func sync() throws { try DurableFile.syncDirectory(path) }

    /// Makes sure that `path` is a directory of ours which nobody else may enter.
    package static func makePrivate(_ path: String, parents: Bool) throws {
        let parent = DurableFile.parent(of: path)
        if parents, access(parent, F_OK) != 0 { try makeParents(parent) }
        if mkdir(path, 0o700) == 0 {
            try DurableFile.syncDirectory(parent)
        } else if errno != EEXIST {
            throw StoreError(errno: errno, doing: "create the directory", path: path)
        }
        var status = stat()
        guard stat(path, &status) == 0 else { throw StoreError(errno: errno, doing: "examine", path: path) }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw StoreError(.io, "\(path) is not a directory; name another state directory or move the file away")
        }
        guard status.st_uid == geteuid() else {
            throw StoreError(
                .unsafePermissions,
                "\(path) belongs to user \(status.st_uid), but this process runs as user \(geteuid()); run it as the "
                    + "owner, or change the owner with: chown -R \(geteuid()) \(path)")
        }
        let mode = status.st_mode & 0o777
        guard mode & 0o077 == 0 else {
            throw StoreError(
                .unsafePermissions,
                "\(path) is open to other users (mode \(String(mode, radix: 8))), and it holds keys; close it with: "
                    + "chmod 700 \(path)")
        }
    }

    /// Ordinary directories above the state directory, as `mkdir -p` makes them.
    private static func makeParents(_ path: String) throws {
        let parent = DurableFile.parent(of: path)
        if parent != path, access(parent, F_OK) != 0 { try makeParents(parent) }
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
            throw StoreError(errno: errno, doing: "create the directory", path: path)
        }
    }
}

import Contracts
import Glibc
import Store

/// The regular files below a directory, in the order of their paths' bytes. Symbolic links are not followed.
struct DirectoryWalk {
    /// A file as it was when the walk came by.
    struct Entry: Sendable {
        let path: String
        let size: Int
        let mode: Int
        /// Milliseconds since 1970.
        let modified: Int
        /// Where its bytes lie, if that is not `path` below the root.
        var source: String?
    }

    let limits: ManifestLimits
    private(set) var entries: [Entry] = []
    /// What is there and is neither a file nor a directory, such as symbolic links.
    private(set) var skipped: [String] = []
    /// Whether the root is a file and no directory.
    private(set) var isOneFile = false

    init(limits: ManifestLimits) { self.limits = limits }

    /// - Parameter root: a directory, or one file, whose path is then its name.
    /// - Throws: `DataSyncError` `invalid-request` for a name that a manifest cannot hold, `too-large` for too many files;
    ///   `StoreError` `io`.
    mutating func walk(_ root: String) throws {
        var status = stat()
        guard stat(root, &status) == 0 else { throw StoreError(errno: errno, doing: "examine", path: root) }
        if status.st_mode & S_IFMT == S_IFREG {
            let name = root.split(separator: "/").last.map(String.init) ?? root
            try add(name, status)
            isOneFile = true
        } else {
            let directory = try OwnedFile(root, flags: O_RDONLY | O_DIRECTORY)
            try walk(directory, prefix: "")
        }
        entries.sort { FilePath.precedes($0.path, $1.path) }
        skipped.sort { FilePath.precedes($0, $1) }
    }

    static func modified(_ status: stat) -> Int {
        status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1_000_000
    }

    private mutating func walk(_ directory: borrowing OwnedFile, prefix: String) throws {
        for name in try Self.names(in: directory) {
            var status = stat()
            guard fstatat(directory.descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
                // Removed since it was listed.
                guard errno != ENOENT else { continue }
                throw StoreError(errno: errno, doing: "examine", path: "\(directory.path)/\(name)")
            }
            switch status.st_mode & S_IFMT {
            case S_IFREG: try add(prefix + name, status)
            case S_IFDIR:
                let inner = try OwnedFile(name, in: directory, flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
                try walk(inner, prefix: "\(prefix)\(name)/")
            default: skipped.append(prefix + name)
            }
        }
    }

    private mutating func add(_ path: String, _ status: stat) throws {
        guard entries.count < limits.files else {
            throw DataSyncError(.tooLarge, "more than \(limits.files) files; divide them into several data sets")
        }
        if let problem = FilePath.problem(path, maximumBytes: limits.pathBytes) {
            throw DataSyncError(.invalidRequest, "file '\(path.prefix(200))': \(problem); rename it")
        }
        entries.append(
            Entry(
                path: path, size: Int(status.st_size), mode: Int(status.st_mode & 0o777),
                modified: Self.modified(status)))
    }

    /// The names in a directory.
    /// - Throws: `invalid-request` for a name that is not UTF-8.
    private static func names(in directory: borrowing OwnedFile) throws -> [String] {
        let path = directory.path
        // A descriptor of its own, which `closedir` closes.
        let descriptor = openat(directory.descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0, let listing = fdopendir(descriptor) else {
            throw StoreError(errno: errno, doing: "list", path: path)
        }
        defer { closedir(listing) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(listing) else {
                guard errno == 0 else { throw StoreError(errno: errno, doing: "list", path: path) }
                return names
            }
            let name = try withUnsafeBytes(of: &entry.pointee.d_name) { bytes -> String in
                let bytes = bytes.prefix { $0 != 0 }
                guard let name = String(validating: bytes, as: UTF8.self) else {
                    let text = String(decoding: bytes, as: UTF8.self)
                    throw DataSyncError(
                        .invalidRequest, "the name of '\(path)/\(text)' is not UTF-8, which a manifest needs; rename it"
                    )
                }
                return name
            }
            if name != "." && name != ".." { names.append(name) }
        }
    }
}

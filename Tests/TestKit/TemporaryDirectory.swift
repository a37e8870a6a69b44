import Glibc

/// A directory of a test's own, removed with everything in it when released.
public final class TemporaryDirectory: Sendable {
    public let path: String

    /// - Parameter inMemory: on a file system in memory where there is one, for what makes very many files.
    public init(_ label: String = "gedge", inMemory: Bool = false) throws {
        var base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        if inMemory, access("/dev/shm", W_OK | X_OK) == 0 { base = "/dev/shm" }
        var template = Array("\(base)/\(label)-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TemporaryDirectoryError(errno: errno, base: base) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The path of something inside.
    public func file(_ name: String) -> String { "\(path)/\(name)" }

    deinit { Self.remove(path) }

    private static func remove(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        if status.st_mode & S_IFMT == S_IFDIR, let directory = opendir(path) {
            while let entry = readdir(directory) {
                let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                }
                if name != "." && name != ".." { remove("\(path)/\(name)") }
            }
            closedir(directory)
            rmdir(path)
        } else {
            unlink(path)
        }
    }
}

public struct TemporaryDirectoryError: Error, CustomStringConvertible {
    public let description: String

    init(errno code: Int32, base: String) {
        description = "cannot create a directory in \(base): \(String(cString: strerror(code)))"
    }
}

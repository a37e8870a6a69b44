import Glibc

/// A file system of a few megabytes, to be filled up. Needs the right to mount one.
public final class SmallDisk: Sendable {
    private let directory: TemporaryDirectory

    /// Whether this process may mount a file system.
    public static let isAvailable: Bool = (try? SmallDisk(bytes: 1 << 20)) != nil

    public init(bytes: Int) throws {
        directory = try TemporaryDirectory("disk")
        guard mount("tmpfs", directory.path, "tmpfs", 0, "size=\(bytes),mode=700") == 0 else {
            throw SmallDiskError(description: "cannot mount a tmpfs: \(String(cString: strerror(errno)))")
        }
    }

    public var path: String { directory.path }

    /// The path of something on it.
    public func file(_ name: String) -> String { directory.file(name) }

    /// Makes the disk larger, as if files had been deleted.
    public func resize(bytes: Int) throws {
        guard mount("tmpfs", path, "tmpfs", UInt(MS_REMOUNT), "size=\(bytes)") == 0 else {
            throw SmallDiskError(description: "cannot resize \(path): \(String(cString: strerror(errno)))")
        }
    }

    deinit { umount2(directory.path, Int32(MNT_DETACH)) }
}

public struct SmallDiskError: Error, CustomStringConvertible {
    public let description: String
}

import Contracts
import Glibc
import Store

/// Files on their way into a directory: written under temporary names, made durable together, then renamed.
///
/// Used by one thread at a time.
final class FileOutput: @unchecked Sendable {
    // @unchecked: `DatasetWriter` waits for each call before the next.

    /// A directory below the root that is open.
    private final class Folder {
        let file: OwnedFile

        init(_ file: consuming OwnedFile) { self.file = file }
    }

    /// A file that is written and not renamed yet.
    private struct Written {
        let folder: Folder
        let temporary: String
        let name: String
    }

    private let root: Folder
    /// The folders that files of this batch lie in, by path.
    private var folders: [String: Folder] = [:]
    private var current: (written: Written, file: Folder)?
    private var batch: [Written] = []
    private(set) var bytes = 0
    private var number = 0

    /// Files of this batch.
    var files: Int { batch.count }

    init(directory: String) throws {
        guard mkdir(directory, 0o755) == 0 || errno == EEXIST else {
            throw StoreError(errno: errno, doing: "create the directory", path: directory)
        }
        root = Folder(try OwnedFile(directory, flags: O_RDONLY | O_DIRECTORY))
    }

    func begin(_ spec: FileSpec) throws {
        let parts = spec.path.split(separator: "/").map(String.init)
        guard let name = parts.last else { return }
        let folder = try folder(parts.dropLast())
        while true {
            number += 1
            let temporary = ".gedge-\(getpid())-\(number).tmp"
            do {
                let file = try OwnedFile(
                    temporary, in: folder.file, flags: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW)
                current = (Written(folder: folder, temporary: temporary, name: name), Folder(file))
                return
            } catch let error as StoreError {
                // Left by another process of the same number that was killed: the next one is free.
                guard faccessat(folder.file.descriptor, temporary, F_OK, AT_SYMLINK_NOFOLLOW) == 0, number < 1 << 20
                else { throw error }
            }
        }
    }

    func write(_ part: ShardBytes) throws {
        guard let current else { return }
        try part.withUnsafeBytes { try current.file.file.write($0) }
        bytes += part.count
    }

    /// Gives the file that was begun its mode and time.
    func finish(_ spec: FileSpec) throws {
        guard let (written, file) = current else { return }
        let descriptor = file.file.descriptor
        guard fchmod(descriptor, mode_t(spec.mode)) == 0 else {
            throw StoreError(
                errno: errno, doing: "set the mode of", path: "\(written.folder.file.path)/\(written.name)")
        }
        let milliseconds = ((spec.modified % 1000) + 1000) % 1000
        let time = timespec(tv_sec: (spec.modified - milliseconds) / 1000, tv_nsec: milliseconds * 1_000_000)
        let times = [time, time]
        guard futimens(descriptor, times) == 0 else {
            throw StoreError(
                errno: errno, doing: "set the time of", path: "\(written.folder.file.path)/\(written.name)")
        }
        file.file.startWriteback()
        batch.append(written)
        current = nil
    }

    /// Makes the files of the batch durable and gives them their names.
    func commit() throws {
        guard !batch.isEmpty else { return }
        if batch.count > 16 {
            // One sync for all of them: a sync of each waits for the journal each time.
            try root.file.syncFileSystem()
        } else {
            for written in batch {
                let file = try OwnedFile(written.temporary, in: written.folder.file, flags: O_RDONLY | O_NOFOLLOW)
                try file.sync()
            }
        }
        while let written = batch.first {
            let folder = written.folder.file.descriptor
            guard renameat(folder, written.temporary, folder, written.name) == 0 else {
                throw StoreError(
                    errno: errno, doing: "write", path: "\(written.folder.file.path)/\(written.name)")
            }
            batch.removeFirst()
        }
        for folder in folders.values { try folder.file.sync() }
        try root.file.sync()
        folders = [:]
        bytes = 0
    }

    /// Removes what has no name yet.
    func discard() {
        for written in batch + [current?.written].compactMap({ $0 }) {
            unlinkat(written.folder.file.descriptor, written.temporary, 0)
        }
        (batch, current) = ([], nil)
    }

    /// The folder at a path below the root, made if need be. A symbolic link on the way is refused.
    private func folder(_ parts: ArraySlice<String>) throws -> Folder {
        guard let name = parts.last else { return root }
        let path = parts.joined(separator: "/")
        if let folder = folders[path] { return folder }
        let parent = try folder(parts.dropLast())
        if mkdirat(parent.file.descriptor, name, 0o755) != 0, errno != EEXIST {
            throw StoreError(errno: errno, doing: "create the directory", path: "\(parent.file.path)/\(name)")
        }
        let folder = Folder(try OwnedFile(name, in: parent.file, flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW))
        folders[path] = folder
        return folder
    }
}

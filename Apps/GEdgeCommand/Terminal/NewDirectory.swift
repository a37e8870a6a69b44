import Contracts
import Glibc

/// A directory of files that appears whole or not at all. For one task at a time.
final class NewDirectory {
    private let path: String
    private let files: [FileSpec]
    /// Where the files lie until all are written.
    private let temporary: String
    /// The file that is written, and how much of it is there.
    private var index = 0
    private var written = 0
    private var descriptor: Int32 = -1
    private var isDone = false

    /// - Parameter path: of a directory that is not there, or empty.
    /// - Throws: `CommandError` when something is there, or a file's path leads out of the directory.
    init(_ path: String, files: [FileSpec]) throws {
        self.path = path
        self.files = files
        temporary = "\(path).\(getpid()).tmp"
        for file in files where !Self.isSafe(file.path) {
            throw CommandError(
                "malformed", "the version names the file '\(file.path)', which leads out of the directory")
        }
        var status = stat()
        if lstat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFDIR, try Self.isEmpty(path) else {
                throw CommandError.failed("\(path) is there and not an empty directory; name another with -o")
            }
        }
        guard mkdir(temporary, 0o700) == 0 else { throw Self.failure(temporary) }
    }

    /// Takes the next bytes of the files, which come one behind the other.
    func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            try openNext()
            guard index < files.count else {
                throw CommandError("malformed", "more bytes came than the files of the version have")
            }
            let count = min(rest.count, files[index].size - written)
            try SystemTerminal(descriptor: descriptor).write(UnsafeRawBufferPointer(rebasing: rest.prefix(count)))
            rest = rest.dropFirst(count)
            written += count
            if written == files[index].size { try closeFile() }
        }
    }

    /// Makes the directory appear. Its files reach the disk when the system writes them: what is lost with the power can be
    /// written again.
    /// - Throws: `CommandError` when bytes are missing.
    func finish() throws {
        try openNext()
        guard index == files.count else {
            throw CommandError("interrupted", "'\(files[index].path)' is not whole; get the version again")
        }
        guard chmod(temporary, 0o755) == 0, rename(temporary, path) == 0 else { throw Self.failure(path) }
        isDone = true
    }

    /// Makes the next file there is, if none is open; those without a byte are made on the way.
    private func openNext() throws {
        while descriptor < 0, index < files.count {
            let file = files[index]
            try makeParents(of: file.path)
            let target = "\(temporary)/\(file.path)"
            descriptor = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw Self.failure(target) }
            written = 0
            if file.size == 0 { try closeFile() }
        }
    }

    private func closeFile() throws {
        let file = files[index]
        defer {
            close(descriptor)
            descriptor = -1
            index += 1
        }
        let seconds = file.modified.quotientAndRemainder(dividingBy: 1000)
        let time = timespec(tv_sec: seconds.quotient, tv_nsec: max(0, seconds.remainder) * 1_000_000)
        guard fchmod(descriptor, mode_t(file.mode & 0o777)) == 0, futimens(descriptor, [time, time]) == 0 else {
            throw Self.failure(file.path)
        }
    }

    private func makeParents(of file: String) throws {
        var directory = temporary
        for part in file.split(separator: "/").dropLast() {
            directory += "/\(part)"
            guard mkdir(directory, 0o755) == 0 || errno == EEXIST else { throw Self.failure(directory) }
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        if !isDone { Self.remove(temporary, files) }
    }

    /// Removes what was written; what else lies there is nobody's of ours and stays.
    private static func remove(_ directory: String, _ files: [FileSpec]) {
        var directories: Set<String> = [directory]
        for file in files {
            unlink("\(directory)/\(file.path)")
            var parent = directory
            for part in file.path.split(separator: "/").dropLast() {
                parent += "/\(part)"
                directories.insert(parent)
            }
        }
        for path in directories.sorted(by: { $0.utf8.count > $1.utf8.count }) { rmdir(path) }
    }

    private static func isSafe(_ path: String) -> Bool {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        return !path.utf8.contains(0) && parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
    }

    private static func isEmpty(_ path: String) throws -> Bool {
        guard let directory = opendir(path) else { throw failure(path) }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        return count <= 2  // Itself and its parent.
    }

    private static func failure(_ path: String) -> CommandError {
        .failed("cannot write \(path): \(SystemError.text(errno))")
    }
}

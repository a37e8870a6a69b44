import Glibc

/// Whole files, read within a bound and replaced in one step; directories.
enum FileText {
    /// The bytes of the file at `path`.
    static func read(_ path: String, limit: Int) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw CommandError.failed("cannot open \(path): \(SystemError.text(errno))") }
        defer { close(descriptor) }
        return try read(descriptor: descriptor, name: path, limit: limit)
    }

    static func read(descriptor: Int32, name: String, limit: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count == 0 { return bytes }
            if count < 0 {
                if errno == EINTR { continue }
                throw CommandError.failed("cannot read \(name): \(SystemError.text(errno))")
            }
            bytes += buffer[..<count]
            if bytes.count > limit {
                throw CommandError.failed(
                    "\(name) is larger than \(NumberText.bytes(limit)), the most that is accepted")
            }
        }
    }

    /// Makes `text` the content of the file at `path`.
    static func replace(_ path: String, with text: String, mode: mode_t) throws {
        let file = try ReplacedFile(path, mode: mode)
        try file.write(text)
        try file.finish()
    }

    /// Makes a directory and those above it, as far as they are missing.
    static func makeDirectory(_ path: String) throws {
        var made = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            made += "/" + part
            guard mkdir(made, 0o777) != 0, errno != EEXIST else { continue }
            throw CommandError.failed("cannot make the directory \(path): \(SystemError.text(errno))")
        }
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw CommandError.failed("\(path) is not a directory")
        }
    }
}

import Glibc

/// Reads the kernel's small text files without Foundation's overhead.
enum ProcFile {
    /// The first 64 KiB of the file at `path`, or `nil` if it cannot be read: such files come and go with kernel options.
    static func text(_ path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while bytes.count < 65536 {
            let count = read(file, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { break }
            bytes.append(contentsOf: buffer[..<count])
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What follows `key` in a file of lines such as `MemAvailable:   123 kB`.
    static func value(_ key: String, in text: String) -> String? {
        let line = text.split(separator: "\n").first { $0.hasPrefix(key + ":") }
        return line.map { String($0.dropFirst(key.count + 1).drop { $0 == " " || $0 == "\t" }) }
    }

    /// The number after `key`.
    static func number(_ key: String, in text: String) -> Int64? {
        value(key, in: text).flatMap { Int64($0.prefix { $0.isNumber }) }
    }
}

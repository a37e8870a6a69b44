import Core
import Glibc

extension YAML {
    /// The text of a file, refused when it is not UTF-8 or exceeds 4 MiB.
    /// - Throws: `YAMLError` with the code `unreadable`, `too-large` or `syntax`.
    public static func text(ofFile path: String) throws(YAMLError) -> String {
        let location = SourceLocation(source: path)
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            throw YAMLError(code: "unreadable", at: location, "cannot be opened: \(String(cString: strerror(errno)))")
        }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(file, &buffer, buffer.count)
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR { continue }
                throw YAMLError(code: "unreadable", at: location, "cannot be read: \(String(cString: strerror(errno)))")
            }
            bytes += buffer[..<count]
            if bytes.count > YAMLLimits.standard.bytes { break }
        }
        return try text(bytes, source: path)
    }

    /// Bytes as text, refused when they are not UTF-8 or exceed 4 MiB.
    /// - Throws: `YAMLError` with the code `too-large` or `syntax`.
    public static func text(_ bytes: [UInt8], source: String) throws(YAMLError) -> String {
        guard bytes.count <= YAMLLimits.standard.bytes else {
            throw YAMLError(
                code: "too-large", at: SourceLocation(source: source),
                "the document has more than \(YAMLLimits.standard.bytes) bytes")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            // The first line that is not UTF-8 by itself; no line break is part of a longer character.
            let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            let line = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil }
            throw YAMLError(
                code: "syntax", at: SourceLocation(source: source, line: line.map { $0 + 1 }),
                "the text is not valid UTF-8; save the file in that encoding")
        }
        return text
    }
}

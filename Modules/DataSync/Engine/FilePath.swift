/// The rules of a file's path in a manifest: whoever wrote it, it names something inside the directory it is written to.
enum FilePath {
    /// Why `path` may not be written, in words that follow its name; `nil` when it may.
    static func problem(_ path: String, maximumBytes: Int) -> String? {
        let bytes = path.utf8
        guard (1...maximumBytes).contains(bytes.count) else { return "a path has 1 to \(maximumBytes) bytes" }
        guard !bytes.contains(0) else { return "a path has no NUL" }
        guard bytes.first != UInt8(ascii: "/") else { return "a path is relative" }
        for part in bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard !part.isEmpty else { return "a path has no empty part" }
            guard part.count <= 255 else { return "a part of a path has at most 255 bytes" }
            guard !part.elementsEqual(".".utf8), !part.elementsEqual("..".utf8) else {
                return "a path has no part '.' or '..'"
            }
        }
        return nil
    }

    /// Whether `left` comes before `right`, by their bytes.
    static func precedes(_ left: String, _ right: String) -> Bool { left.utf8.lexicographicallyPrecedes(right.utf8) }

    /// The directories that hold `path`, the outermost first, such as `a` and `a/b` for `a/b/c`.
    static func parents(of path: String) -> [Substring.UTF8View] {
        let bytes = path.utf8
        return bytes.indices.filter { bytes[$0] == UInt8(ascii: "/") }.map { bytes[..<$0] }
    }
}

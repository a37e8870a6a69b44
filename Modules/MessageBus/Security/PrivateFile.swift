import CCrypto
import Glibc

/// A small text file that only its owner can read, written once and never changed: one line `public TEXT`, one line
/// `secret TEXT`, and comments.
struct PrivateFile {
    /// No key file is larger.
    private static let maximumBytes = 4096

    let path: String

    /// What the two lines say, each of `characters` bytes.
    struct Halves {
        let publicText: [UInt8]
        let secret: SecretBytes
    }

    /// - Parameter isPublic: whether this can stand in the line `public`.
    /// - Throws: `SecurityError`: `missing-key`, `exposed-key` when others than the owner can read or write the file,
    ///   `invalid-key`, `io`.
    func load(characters: Int, isPublic: ([UInt8]) -> Bool) throws(SecurityError) -> Halves {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else {
            if errno == ENOENT { throw SecurityError(.missingKey, "there is no key file \(path)") }
            throw Self.failure("cannot open the key file \(path)")
        }
        defer { close(file) }
        try checkAccess(file)
        var text = [UInt8](repeating: 0, count: Self.maximumBytes + 1)
        defer { text.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) } }
        var count = 0
        while count < text.count {
            let got = text.withUnsafeMutableBytes { read(file, $0.baseAddress.map { $0 + count }, $0.count - count) }
            if got < 0 && errno == EINTR { continue }
            guard got >= 0 else { throw Self.failure("cannot read the key file \(path)") }
            if got == 0 { break }
            count += got
        }
        return try parse(text.prefix(count), characters, isPublic)
    }

    /// Writes `text` to the file, which must not exist yet, with mode 0600; durable when this returns.
    /// - Throws: `SecurityError`: `key-exists`, `io`.
    func create(_ text: [UInt8]) throws(SecurityError) {
        // Written beside and linked into place, so that a crash leaves a whole key or none, and never replaces one.
        let draft = "\(path).\(getpid()).new"
        unlink(draft)
        let file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw Self.failure("cannot write the key file \(draft)") }
        defer { unlink(draft) }
        do {
            defer { close(file) }
            // The mode given to open(2) is narrowed by the umask; this one is not.
            guard fchmod(file, 0o600) == 0 else { throw Self.failure("cannot set the mode of \(draft)") }
            try write(text, to: file, named: draft)
            guard fsync(file) == 0 else { throw Self.failure("cannot save the key file \(draft)") }
        }
        guard link(draft, path) == 0 else {
            if errno == EEXIST {
                throw SecurityError(.keyExists, "the key file \(path) exists already; move it away to make a new key")
            }
            throw Self.failure("cannot write the key file \(path)")
        }
        try syncDirectory()
    }

    private func write(_ text: [UInt8], to file: Int32, named name: String) throws(SecurityError) {
        var written = 0
        while written < text.count {
            let count = text.withUnsafeBytes {
                Glibc.write(file, $0.baseAddress.map { $0 + written }, $0.count - written)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw Self.failure("cannot write the key file \(name)") }
            written += count
        }
    }

    private func checkAccess(_ file: Int32) throws(SecurityError) {
        var status = stat()
        guard fstat(file, &status) == 0 else { throw Self.failure("cannot look at the key file \(path)") }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw SecurityError(.invalidKey, "\(path) is no regular file, so it is no key file")
        }
        guard status.st_uid == geteuid() else {
            throw SecurityError(
                .exposedKey,
                "the key file \(path) belongs to user \(status.st_uid), not to this process's user \(geteuid()); "
                    + "run: chown \(geteuid()) \(path)")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw SecurityError(
                .exposedKey,
                "the key file \(path) has mode 0\(String(status.st_mode & 0o777, radix: 8)): others can use the key. If "
                    + "nobody did, run: chmod 600 \(path); if in doubt, remove the file and enrol anew")
        }
    }

    private func parse(
        _ text: ArraySlice<UInt8>, _ characters: Int, _ isPublic: ([UInt8]) -> Bool
    ) throws(SecurityError) -> Halves {
        guard text.count <= Self.maximumBytes else {
            throw SecurityError(.invalidKey, "\(path) is too large for a key file")
        }
        var publicText: [UInt8]?
        var secret: SecretBytes?
        let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() where !line.isEmpty {
            if line.starts(with: Array("# ".utf8)) { continue }
            let value = line.dropFirst(7)
            if publicText == nil, line.starts(with: Array("public ".utf8)), value.count == characters,
                isPublic(Array(value))
            {
                publicText = Array(value)
            } else if secret == nil, line.starts(with: Array("secret ".utf8)), value.count == characters {
                secret = value.withUnsafeBytes { SecretBytes(copying: $0) }
            } else {
                throw SecurityError(
                    .invalidKey,
                    "\(path):\(index + 1): neither a comment nor one line 'public KEY' and one 'secret KEY'")
            }
        }
        guard let publicText, let secret else {
            throw SecurityError(.invalidKey, "\(path) lacks the line 'public KEY' or 'secret KEY'; restore the file")
        }
        return Halves(publicText: publicText, secret: secret)
    }

    /// The error for a public half that is not the secret's.
    var mismatch: SecurityError {
        SecurityError(.invalidKey, "\(path): the public key does not belong to the secret; restore the file")
    }

    /// Makes the directory entry durable.
    private func syncDirectory() throws(SecurityError) {
        let parent = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let directory = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw Self.failure("cannot open the directory \(parent)") }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw Self.failure("cannot save the directory \(parent)") }
    }

    private static func failure(_ what: String) -> SecurityError {
        SecurityError(.inputOutput, "\(what): \(String(cString: strerror(errno)))")
    }
}

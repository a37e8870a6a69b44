import Glibc
import Store
import Telemetry

/// A file of credentials as Amazon's tools write it (`~/.aws/credentials`):
///
///     [default]
///     aws_access_key_id = AKIA…
///     aws_secret_access_key = …
///
/// Only its owner may read it (mode 0600). It is read again when the store refuses what it said before.
public struct S3CredentialsFile: Sendable, Hashable {
    public var path: String
    /// The section to read.
    public var profile: String

    public init(path: String, profile: String = "default") {
        self.path = path
        self.profile = profile
    }

    /// Reads the file.
    /// - Throws: `DataSyncError` `access-denied`, which names the file, the line and the remedy, and no secret.
    public func load() throws -> S3Credentials {
        var values: [String: String] = [:]
        var section = ""
        for (index, line) in try text().split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            .enumerated()
        {
            let line = Self.trimmed(line)
            if line.isEmpty || line.hasPrefix("#") || line.hasPrefix(";") { continue }
            if line.hasPrefix("["), line.hasSuffix("]") {
                section = Self.trimmed(line.dropFirst().dropLast())
                continue
            }
            guard let equals = line.firstIndex(of: "=") else {
                throw refused("line \(index + 1) is neither a section nor 'NAME = VALUE'")
            }
            if section == profile {
                values[Self.trimmed(line[..<equals])] = Self.trimmed(line[line.index(after: equals)...])
            }
        }
        guard let key = values["aws_access_key_id"], let secret = values["aws_secret_access_key"], !key.isEmpty,
            !secret.isEmpty
        else {
            throw refused("section [\(profile)] must have aws_access_key_id and aws_secret_access_key")
        }
        let fields = [key, secret, values["aws_session_token"] ?? ""]
        guard fields.allSatisfy({ $0.utf8.allSatisfy { (0x21...0x7e).contains($0) } }) else {
            throw refused("section [\(profile)]: a key holds blanks or control characters")
        }
        return S3Credentials(
            accessKey: key, secretKey: Redacted(secret), sessionToken: values["aws_session_token"].map { Redacted($0) })
    }

    private func text() throws -> String {
        do { return try readText() } catch let error as StoreError {
            throw DataSyncError(error, during: "the credentials of the archive")
        }
    }

    private func readText() throws -> String {
        let file = try OwnedFile(path, flags: O_RDONLY)
        let status = try file.status()
        guard status.st_mode & S_IFMT == S_IFREG, status.st_size <= 65_536 else {
            throw refused("it is not a file of at most 64 KiB")
        }
        guard status.st_uid == geteuid() || status.st_uid == 0, status.st_mode & 0o077 == 0 else {
            throw refused("others may read it; close it with: chmod 600 \(path)")
        }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0) }
        guard let text = String(validating: bytes[..<count], as: UTF8.self) else { throw refused("it is not UTF-8") }
        return text
    }

    private func refused(_ reason: String) -> DataSyncError {
        DataSyncError(.accessDenied, "the credentials file \(path) cannot be used: \(reason)")
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        let isBlank = { (character: Character) in character == " " || character == "\t" || character == "\r" }
        var rest = Substring(text).drop(while: isBlank)
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        return String(rest)
    }
}

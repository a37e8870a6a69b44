import Foundation
import TestKit
import Testing

@testable import MessageBus

@Suite("Key files")
struct KeyFileTests {
    private let directory: TemporaryDirectory
    private let path: String

    init() throws {
        directory = try TemporaryDirectory("gedge-keys")
        path = directory.file("edge.key")
    }

    private func mode(_ path: String) throws -> Int {
        try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
    }

    private func load(_ text: String) throws -> KeyPair {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        return try KeyFile(path).load()
    }

    @Test("the first call makes a key that only the owner can read, the next ones load it")
    func loadOrCreate() throws {
        let pair = try KeyFile(path).loadOrCreate()
        #expect(try mode(path) == 0o600)
        let again = try KeyFile(path).loadOrCreate()
        #expect(again.publicKey == pair.publicKey)
        #expect(again.withSecretZ85 { String(cString: $0) } == pair.withSecretZ85 { String(cString: $0) })
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["edge.key"])
    }

    @Test("a file that others can read or write is refused with the remedy", arguments: [0o644, 0o640, 0o620, 0o601])
    func exposed(mode: Int) throws {
        _ = try KeyFile(path).loadOrCreate()
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        let error = #expect(throws: SecurityError.self) { try KeyFile(path).load() }
        #expect(error?.code == "exposed-key")
        #expect(error?.message.contains("has mode 0\(String(mode, radix: 8))") == true)
        #expect(error?.message.contains("chmod 600 \(path)") == true)
        #expect(throws: SecurityError.self) { try KeyFile(path).loadOrCreate() }
    }

    @Test("an existing file is never replaced")
    func create() throws {
        let pair = try KeyFile(path).loadOrCreate()
        let error = #expect(throws: SecurityError.self) { try KeyFile(path).create(KeyPair.generate()) }
        #expect(error?.code == "key-exists")
        #expect(try KeyFile(path).load().publicKey == pair.publicKey)
    }

    @Test("a missing file, a directory and a link are told apart")
    func notAFile() throws {
        #expect(throws: SecurityError.self) { try KeyFile(path).load() }.map { #expect($0.code == "missing-key") }
        #expect(throws: SecurityError.self) { try KeyFile(directory.path).load() }.map {
            #expect($0.code == "invalid-key")
        }
        _ = try KeyFile(path).loadOrCreate()
        try FileManager.default.createSymbolicLink(
            atPath: directory.file("link"), withDestinationPath: path)
        #expect(throws: SecurityError.self) { try KeyFile(directory.file("link")).load() }.map {
            #expect($0.code == "io")
        }
        #expect(throws: SecurityError.self) { try KeyFile(directory.file("no/such/edge.key")).loadOrCreate() }.map {
            #expect($0.code == "missing-key" || $0.code == "io")
        }
    }

    @Test("damaged files are refused by line, without showing a secret")
    func damaged() throws {
        let pair = try KeyPair.generate()
        let other = try KeyPair.generate()
        let secret = pair.withSecretZ85 { String(cString: $0) }
        let good = "# comment\npublic \(pair.publicKey)\nsecret \(secret)\n"
        #expect(try load(good).publicKey == pair.publicKey)
        let cases: [(text: String, says: String)] = [
            ("", "lacks the line"),
            ("public \(pair.publicKey)\n", "lacks the line"),
            ("public \(other.publicKey)\nsecret \(secret)\n", "does not belong"),
            ("public \(pair.publicKey)\nsecret \(secret)\nsecret \(secret)\n", ":3:"),
            ("public \(pair.publicKey)\nsecret \(secret.dropLast())\n", ":2:"),
            ("public \(pair.publicKey)\nsecret \(secret.dropLast())\"\n", "40 characters of Z85"),
            ("public short\nsecret \(secret)\n", ":1:"),
            (good + String(repeating: "# padding\n", count: 500), "too large"),
        ]
        for (text, says) in cases {
            let error = #expect(throws: SecurityError.self, "\(says)") { try load(text) }
            #expect(error?.code == "invalid-key")
            #expect(error?.message.contains(says) == true, "\(String(describing: error))")
            #expect(error.map { !"\($0)".contains(secret.dropLast()) } == true)
        }
    }
}

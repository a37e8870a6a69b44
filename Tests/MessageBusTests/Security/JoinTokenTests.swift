import Core
import Foundation
import TestKit
import Testing

@testable import MessageBus

@Suite("Join tokens")
struct JoinTokenTests {
    @Test("a token survives being written and read")
    func roundTrip() throws {
        let key = try KeyPair.generate().publicKey
        let token = try JoinToken.generate(serverKey: key)
        let text = token.reveal()
        #expect(text.wholeMatch(of: /gedge-join-1\.[a-z2-7]{52}\.[a-z2-7]{32}/) != nil)
        let read = try JoinToken(parsing: "  \(text)\n")
        #expect(read.serverKey == key)
        #expect(read.reveal() == text)
        #expect(read.secret.digest == token.secret.digest)
        #expect(try JoinToken.generate(serverKey: key).secret.digest != token.secret.digest)
    }

    @Test("text that is no token is refused with what is wrong, and without repeating it")
    func refused() throws {
        let good = try JoinToken.generate(serverKey: KeyPair.generate().publicKey).reveal()
        let parts = good.split(separator: ".").map(String.init)
        let cases: [(text: String, says: String)] = [
            ("", "one word"),
            ("\(parts[0]) \(parts[1])", "one word"),
            ("hello", "starts with"),
            ("gedge-join-2.\(parts[1]).\(parts[2])", "another version"),
            ("\(parts[0]).\(parts[1])", "3 parts"),
            ("\(good).x", "3 parts"),
            ("\(parts[0]).\(parts[1].dropLast()).\(parts[2])", "the key"),
            ("\(parts[0]).\(parts[1].uppercased()).\(parts[2])", "the key"),
            ("\(parts[0]).\(parts[1].dropLast())b.\(parts[2])", "the key"),
            ("\(parts[0]).\(parts[1]).\(parts[2].dropLast())", "the secret"),
            ("\(parts[0]).\(parts[1]).\(parts[2].dropLast())1", "the secret"),
            ("\(parts[0]).\(parts[1]).", "the secret"),
        ]
        for (text, says) in cases {
            let error = #expect(throws: SecurityError.self, "\(says)") { try JoinToken(parsing: text) }
            #expect(error?.code == "invalid-token")
            #expect(error?.message.contains(says) == true, "\(String(describing: error))")
            #expect(error?.message.contains(parts[2].dropLast()) == false)
        }
    }

    @Test("base 32 agrees with Python's", .enabled(if: Python.has("base64")))
    func base32() async throws {
        var generator = SplitMix64(seed: 32)
        let samples = (0..<40).map { count in (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) } }
        let program = """
            import base64, sys
            for word in sys.argv[1:]:
                print(base64.b32encode(bytes.fromhex(word[1:])).decode().rstrip("=").lower())
            """
        let arguments = samples.map { "x" + $0.map { String(format: "%02x", $0) }.joined() }
        let output = try await Python.run(program: program, arguments)
        let expected = output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
        #expect(samples.map { $0.withUnsafeBytes { Base32.encode($0) } } == expected)
        for (sample, text) in zip(samples, expected) { #expect(Base32.decode(text.utf8) == sample) }
    }

    @Test("the digest is SHA-256 of the secret, and reads back from hexadecimal")
    func digest() throws {
        // The vector of FIPS 180-4 for "abc".
        let abc = Array("abc".utf8).withUnsafeBytes { TokenDigest(sha256: SHA256.digest($0)) }
        #expect(abc.hexadecimal == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        let secret = try JoinSecret(parsing: String(repeating: "a", count: 32))
        let zeros = [UInt8](repeating: 0, count: 20).withUnsafeBytes { TokenDigest(sha256: SHA256.digest($0)) }
        #expect(secret.digest == zeros)
        #expect(secret.digest != abc)
        #expect(TokenDigest(hexadecimal: abc.hexadecimal) == abc)
        #expect(Set([abc, zeros, abc]).count == 2)
        #expect(TokenDigest(hexadecimal: abc.hexadecimal.uppercased()) == nil)
        #expect(TokenDigest(hexadecimal: String(abc.hexadecimal.dropLast())) == nil)
    }
}

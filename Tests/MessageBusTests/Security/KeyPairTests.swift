import CZeroMQ
import Contracts
import Foundation
import Telemetry
import Testing

@testable import MessageBus

@Suite("Keys")
struct KeyPairTests {
    /// Frames of asynchronous functions keep 16 bytes; a key of a wider alignment corrupted them across an `await`.
    @Test func aKeyIsNoMoreAlignedThanAsynchronousFramesKeep() {
        #expect(MemoryLayout<PublicKey>.alignment <= 16)
    }

    @Test("a generated pair is two halves that belong together, and no two are alike")
    func generate() throws {
        let pair = try KeyPair.generate()
        var derived = [CChar](repeating: 0, count: 41)
        #expect(pair.withSecretZ85 { zmq_curve_public(&derived, $0) } == 0)
        #expect(String(decoding: derived.prefix(40).map { UInt8(bitPattern: $0) }, as: UTF8.self) == pair.publicKey.z85)
        #expect(try KeyPair.generate().publicKey != pair.publicKey)
    }

    @Test("a public key is 40 characters of Z85, also as JSON")
    func publicKey() throws {
        let key = try KeyPair.generate().publicKey
        #expect(key.z85.utf8.count == 40)
        #expect(PublicKey(z85: key.z85) == key)
        #expect(PublicKey(bytes: key.bytes) == key)
        #expect(try JSONDecoder().decode([PublicKey].self, from: JSONEncoder().encode([key])) == [key])
        #expect(PublicKey(z85: String(key.z85.dropLast())) == nil)
        #expect(PublicKey(z85: key.z85 + "00000") == nil)
        #expect(PublicKey(bytes: [1, 2, 3]) == nil)
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([PublicKey].self, from: Data(#"["short"]"#.utf8))
        }
    }

    @Test("no way of printing a pair, a token or a secret shows the secret")
    func redaction() throws {
        let pair = try KeyPair.generate()
        let token = try JoinToken.generate(serverKey: pair.publicKey)
        let secrets = [pair.withSecretZ85 { String(cString: $0) }, token.secret.reveal()]
        let sink = MemorySink()
        let logger = Logger(label: "test", sink: sink, level: .trace)
        logger.info("made \(pair) and \(token) and \(token.secret)", ["pair": "\(pair)", "token": "\(token)"])
        var dumped = ""
        for value in [pair, token, token.secret, Optional(pair) as Any, [token]] as [Any] {
            dump(value, to: &dumped)
            dumped += String(describing: value) + String(reflecting: value) + "\(value)"
        }
        dumped += sink.records.map { "\($0)" }.joined()
        for secret in secrets { #expect(!dumped.contains(secret)) }
        #expect(dumped.contains(pair.publicKey.z85))
        #expect(!((pair as Any) is any Encodable) && !((token as Any) is any Encodable))
    }

    @Test("secrets compare by content")
    func equality() {
        func secret(_ text: String) -> SecretBytes { Array(text.utf8).withUnsafeBytes { SecretBytes(copying: $0) } }
        #expect(secret("abc").equals(secret("abc")))
        #expect(!secret("abc").equals(secret("abd")))
        #expect(!secret("abc").equals(secret("abcd")))
        #expect(secret("").equals(secret("")))
    }
}

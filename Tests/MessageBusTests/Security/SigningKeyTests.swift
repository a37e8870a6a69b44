import Foundation
import TestKit
import Testing

@testable import MessageBus

@Suite("Signing keys")
struct SigningKeyTests {
    private static func bytes(_ text: String) -> [UInt8] { Hexadecimal.decode(Array(text.utf8)) ?? [] }

    private static func key(_ secret: String) throws -> SigningKey {
        try SigningKey(secret: bytes(secret).withUnsafeBytes { SecretBytes(copying: $0) })
    }

    @Test(
        "the vectors of RFC 8032",
        arguments: [
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595"
                    + "bbe24655141438e7a100b"
            ),
            (
                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb43"
                    + "02aeeb00d291612bb0c00"
            ),
        ])
    func vectors(secret: String, publicText: String, message: String, signature: String) throws {
        let key = try Self.key(secret)
        #expect(key.verifyingKey.hexadecimal == publicText)
        let made = try key.sign(Self.bytes(message))
        #expect(VerifyingKey.hexadecimal(made) == signature)
        let public2 = try #require(VerifyingKey(hexadecimal: publicText))
        let parsed = try #require(VerifyingKey.signature(hexadecimal: signature))
        #expect(public2.verifies(parsed, of: Self.bytes(message)))
    }

    @Test("no flipped bit, other message, other key or other length verifies")
    func forgeries() throws {
        let (key, other) = (try SigningKey.generate(), try SigningKey.generate())
        let message = Array("GEdge".utf8)
        let signature = try key.sign(message)
        #expect(key.verifyingKey.verifies(signature, of: message))
        #expect(!other.verifyingKey.verifies(signature, of: message))
        #expect(!key.verifyingKey.verifies(signature, of: message + [0]))
        #expect(!key.verifyingKey.verifies(signature.dropLast(), of: message))
        #expect(!key.verifyingKey.verifies(signature + [0], of: message))
        #expect(!key.verifyingKey.verifies([], of: message))
        for bit in 0..<512 {
            var forged = signature
            forged[bit / 8] ^= 1 << (bit % 8)
            #expect(!key.verifyingKey.verifies(forged, of: message), "bit \(bit)")
        }
        for text in ["", "00", String(repeating: "0", count: 63), String(repeating: "G", count: 64)] {
            #expect(VerifyingKey(hexadecimal: text) == nil)
            #expect(VerifyingKey.signature(hexadecimal: text) == nil)
        }
    }

    @Test("the file is made once, for its owner alone, and damage is refused without showing the secret")
    func file() throws {
        let directory = try TemporaryDirectory("gedge-keys")
        let path = directory.file("signing.key")
        let key = try SigningKeyFile(path).loadOrCreate()
        #expect(try SigningKeyFile(path).loadOrCreate().verifyingKey == key.verifyingKey)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let secret = try #require(text.split(separator: " ").last).dropLast()
        #expect(!"\(key) \(String(reflecting: key))".contains(secret))
        let other = try SigningKey.generate().verifyingKey.hexadecimal
        let cases = [
            ("", "lacks the line"), (text.replacing(key.verifyingKey.hexadecimal, with: other), "does not belong"),
            (String(text.dropLast(4)), ":3:"), (text.replacing("secret ", with: "secret zz"), ":3:"),
        ]
        for (damaged, says) in cases {
            try Data(damaged.utf8).write(to: URL(fileURLWithPath: path))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
            let error = #expect(throws: SecurityError.self, "\(says)") { try SigningKeyFile(path).load() }
            #expect(
                error?.code == "invalid-key" && error?.message.contains(says) == true, "\(String(describing: error))")
        }
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
        let exposed = #expect(throws: SecurityError.self) { try SigningKeyFile(path).loadOrCreate() }
        #expect(exposed?.code == "exposed-key")
    }
}

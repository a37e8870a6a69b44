import DataSync
import TestKit
import Testing

/// Several messages at a time against OpenSSL one by one.
@Suite struct SHA256Tests {
    private func check(_ messages: [[UInt8]]) {
        // End to end in one buffer, so that they lie at all kinds of addresses.
        let joined = Array(messages.joined())
        joined.withUnsafeBytes { bytes in
            var start = 0
            let spans = messages.map { message in
                defer { start += message.count }
                return UnsafeRawBufferPointer(rebasing: bytes[start..<start + message.count])
            }
            #expect(SHA256.keys(of: spans) == spans.map { SHA256.key(of: $0) })
        }
    }

    private func bytes(_ count: Int, _ random: inout SeededGenerator) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    }

    @Test func everyLengthAroundTheBlocks() {
        var random = SeededGenerator()
        let messages = (0...260).map { bytes($0, &random) }
        check(messages)
        check(messages.reversed())
        for message in messages { check([message, message]) }
    }

    @Test func anyMixOfLengths() {
        var random = SeededGenerator()
        for _ in 0..<100 {
            let messages = (0..<Int.random(in: 0...20, using: &random)).map { _ in
                let isLong = Int.random(in: 0..<8, using: &random) == 0
                return bytes(Int.random(in: 0...(isLong ? 9000 : 300), using: &random), &random)
            }
            check(messages)
        }
    }

    @Test func nothingBehindAMessageIsRead() throws {
        for count in [0, 1, 55, 56, 63, 64, 65, 4095, 4096] {
            let memory = try GuardedMemory(capacity: 4096)
            let message = UnsafeRawBufferPointer(memory.end(count))
            let key = SHA256.key(of: message)
            #expect(SHA256.keys(of: [message, message, message]) == [key, key, key])
            withExtendedLifetime(memory) {}
        }
    }
}

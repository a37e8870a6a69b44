import CZeroMQ
import Core
import Testing

@testable import MessageBus

@Suite("Z85")
struct Z85Tests {
    @Test("the example of ZeroMQ RFC 32")
    func example() {
        let bytes: [UInt8] = [0x86, 0x4f, 0xd2, 0x6f, 0xb5, 0x59, 0xf7, 0x5b]
        #expect(Z85.encode(bytes) == Array("HelloWorld".utf8))
        #expect(Z85.decode(Array("HelloWorld".utf8)) == bytes)
    }

    @Test("random bytes encode as libzmq encodes them and decode back")
    func oracle() throws {
        var generator = SplitMix64(seed: 85)
        for _ in 0..<500 {
            let bytes = (0..<32).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
            var text = [CChar](repeating: 0, count: 41)
            #expect(zmq_z85_encode(&text, bytes, 32) != nil)
            let encoded = Z85.encode(bytes)
            #expect(encoded == text.prefix(40).map { UInt8(bitPattern: $0) })
            #expect(Z85.decode(encoded) == bytes)
        }
    }

    @Test(
        "text that is no Z85 is refused", arguments: ["abcd", "abcdef", "abcd\"", "ab cd", "#####", "%nSc1", "가나다라마"])
    func refused(text: String) { #expect(Z85.decode(Array(text.utf8)) == nil) }

    @Test("the largest group is 32 bits of ones")
    func border() { #expect(Z85.decode(Array("%nSc0".utf8)) == [255, 255, 255, 255]) }
}

/// Z85, the text form of CURVE keys: four bytes as five printable characters (ZeroMQ RFC 32).
enum Z85 {
    private static let alphabet = Array(
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#".utf8)

    /// Value of each ASCII character, or 255.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
        return values
    }()

    /// - Precondition: `bytes.count` is a multiple of 4.
    static func encode(_ bytes: some Collection<UInt8>) -> [UInt8] {
        precondition(bytes.count % 4 == 0, "Z85 writes whole groups of four bytes")
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count / 4 * 5)
        var word: UInt32 = 0
        for (index, byte) in bytes.enumerated() {
            word = word << 8 | UInt32(byte)
            guard index % 4 == 3 else { continue }
            for divisor: UInt32 in [52_200_625, 614_125, 7_225, 85, 1] {
                text.append(alphabet[Int(word / divisor % 85)])
            }
            word = 0
        }
        return text
    }

    /// The bytes of `text`, or `nil` when its length is no multiple of 5, a character is not of the alphabet, or a group
    /// exceeds 32 bits.
    static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard text.count % 5 == 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 5 * 4)
        var word: UInt64 = 0
        for (index, character) in text.enumerated() {
            let value = values[Int(character)]
            guard value != 255 else { return nil }
            word = word * 85 + UInt64(value)
            guard index % 5 == 4 else { continue }
            guard word <= UInt64(UInt32.max) else { return nil }
            for shift in [24, 16, 8, 0] as [UInt64] { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
            word = 0
        }
        return bytes
    }
}

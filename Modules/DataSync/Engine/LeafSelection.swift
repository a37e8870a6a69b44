/// Which leaves of a shard are wanted, as a bit each.
struct LeafSelection: Sendable, Hashable {
    /// Places of the wanted leaves, in order.
    let indices: [Int]
    /// Of all leaves, wanted or not.
    let count: Int

    /// - Precondition: `indices` are in order, without repetition, within `0..<count`.
    init(_ indices: [Int], of count: Int) {
        self.indices = indices
        self.count = count
    }

    static func all(of count: Int) -> LeafSelection { LeafSelection(Array(0..<count), of: count) }

    /// Reads what `text` wrote for a shard of `count` leaves.
    /// - Returns: `nil` for anything else: an empty selection, digits that are none, a bit beyond the last leaf.
    init?(_ text: String?, of count: Int) {
        guard let text else {
            self = .all(of: count)
            return
        }
        var digits: [UInt8] = []
        guard text.utf8.count == (count + 7) / 8 * 2 else { return nil }
        for digit in text.utf8 {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digits.append(digit - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digits.append(digit - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        var indices: [Int] = []
        for byte in 0..<digits.count / 2 {
            let bits = digits[2 * byte] << 4 | digits[2 * byte + 1]
            for bit in 0..<8 where bits & (1 << bit) != 0 { indices.append(8 * byte + bit) }
        }
        guard let last = indices.last, last < count else { return nil }
        self.init(indices, of: count)
    }

    /// As it travels; `nil` for all leaves.
    var text: String? {
        guard indices.count < count else { return nil }
        var bytes = [UInt8](repeating: 0, count: (count + 7) / 8)
        for index in indices { bytes[index / 8] |= 1 << (index % 8) }
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

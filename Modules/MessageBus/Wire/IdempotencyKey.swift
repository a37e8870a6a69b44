import Core

/// 128 bits that name one effect, so that a call repeated after a lost answer has that effect once.
///
/// A caller makes one key for each effect and repeats it with every retry. All zero bits mean "none" on the wire and are
/// no key.
public struct IdempotencyKey: Hashable, Sendable, CustomStringConvertible {
    public let high: UInt64
    public let low: UInt64

    /// - Returns: `nil` when all 128 bits are zero.
    public init?(high: UInt64, low: UInt64) {
        guard high != 0 || low != 0 else { return nil }
        self.high = high
        self.low = low
    }

    private init(nonZero generator: inout some RandomNumberGenerator) {
        high = generator.next()
        low = generator.next() | 1
    }

    public static func random(using generator: inout some RandomNumberGenerator) -> IdempotencyKey {
        IdempotencyKey(nonZero: &generator)
    }

    public static func random() -> IdempotencyKey {
        var generator = SystemRandomNumberGenerator()
        return random(using: &generator)
    }

    /// A key that depends on every one of `words` and on nothing else, for effects that a restarted process must name
    /// again, such as one edge's update of one round.
    public init(naming words: String...) {
        var left = SplitMix64(seed: 0)
        var right = SplitMix64(seed: 1)
        for word in words {
            left = SplitMix64(seed: left.next(), labels: word)
            right = SplitMix64(seed: right.next(), labels: word)
        }
        high = left.next()
        low = right.next() | 1
    }

    /// 32 hexadecimal digits.
    public var description: String { TraceID(high: high, low: low).description }
}

/// A small, fast, seedable generator: same seed, same sequence, on every machine.
///
/// SplitMix64 by Steele, Lea and Flood ("Fast Splittable Pseudorandom Number Generators", OOPSLA 2014). Not for secrets.
public struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    /// A generator whose sequence depends on `seed` and every word of `labels`, for streams that must not overlap, such
    /// as one per job, round and edge.
    public init(seed: UInt64, labels: String...) { self.init(seed: seed, labels: labels) }

    /// As `init(seed:labels:)` with the labels in an array.
    public init(seed: UInt64, labels: [String]) {
        // FNV-1a over the labels, each closed by a byte that UTF-8 never holds.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325 ^ seed
        for label in labels {
            for byte in label.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
            hash = (hash ^ 0xff) &* 0x0000_0100_0000_01b3
        }
        state = hash
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
        return word ^ (word >> 31)
    }

    /// A uniform number in [0, 1), with 53 random bits.
    public mutating func nextUnit() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// A standard normal number, by Box and Muller's transform.
    public mutating func nextNormal() -> Double {
        // 1 - u lies in (0, 1], so that the logarithm is finite.
        let radius = (-2 * _log(1 - nextUnit())).squareRoot()
        return radius * _cos(2 * .pi * nextUnit())
    }
}

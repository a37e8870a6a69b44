import Core
import Glibc

/// The random numbers of a test. The seed is printed, so that a failure can be repeated with `GEDGE_TEST_SEED`.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    public let seed: UInt64
    private var generator: SplitMix64

    /// - Parameter seed: `nil` for the one in `GEDGE_TEST_SEED`, or a new one each time.
    public init(seed: UInt64? = nil, test: String = #function) {
        let seed = seed ?? Self.configuredSeed ?? UInt64.random(in: 0...UInt64.max)
        self.seed = seed
        generator = SplitMix64(seed: seed)
        print("\(test): seed \(seed)")
    }

    public mutating func next() -> UInt64 { generator.next() }

    private static var configuredSeed: UInt64? {
        getenv("GEDGE_TEST_SEED").flatMap { UInt64(String(cString: $0)) }
    }
}

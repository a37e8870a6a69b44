import Core

/// The gear hash's 256 numbers: the first outputs of SplitMix64 from a fixed seed, so that everybody cuts alike.
enum GearTable {
    static let seed: UInt64 = 0x4745_6467_6543_4443  // "GEdgeCDC"

    static let values: [UInt64] = {
        var generator = SplitMix64(seed: seed)
        return (0..<256).map { _ in generator.next() }
    }()
}

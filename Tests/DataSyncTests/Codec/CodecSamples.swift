import Core

/// Values of the kinds that codecs meet.
enum CodecSamples {
    /// Normal numbers of the spread that Kaiming initialisation gives a layer with `fan` inputs.
    static func weights(_ count: Int, fan: Int = 512, seed: UInt64) -> [Float] {
        var random = SplitMix64(seed: seed)
        let spread = (2 / Double(fan)).squareRoot()
        return (0..<count).map { _ in Float(random.nextNormal() * spread) }
    }

    /// `weights` after a step of training.
    static func trained(_ weights: [Float], step: Float = 1e-3, seed: UInt64) -> [Float] {
        var random = SplitMix64(seed: seed)
        return weights.map { $0 - step * Float(random.nextNormal()) * 0.06 }
    }

    /// Bit patterns that arithmetic on floats would not keep.
    static let strange: [UInt32] = [
        0, 0x8000_0000, 1, 0x8000_0001, 0x007f_ffff, 0x0080_0000, 0x7f7f_ffff, 0xff7f_ffff, 0x7f80_0000, 0xff80_0000,
        0x7f80_0001, 0x7fa0_0000, 0x7fc0_0000, 0x7fff_ffff, 0xffc0_1234, 0xffff_ffff, 0x3f80_0000, 0xbf80_0000,
    ]

    static func bytes(_ words: [UInt32]) -> [UInt8] {
        words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
    }

    static func bytes(_ values: [Float]) -> [UInt8] { bytes(values.map(\.bitPattern)) }
}

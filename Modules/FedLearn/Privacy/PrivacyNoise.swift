import Glibc

/// Gaussian noise for private sums. Draw it from `SystemRandomNumberGenerator`, which asks the kernel (getrandom): whoever can repeat the
/// noise can take it off again. A seeded generator is for tests alone.
enum PrivacyNoise {
    /// A standard normal number, by Box and Muller's transform of 53 random bits each. Of the sum of four, halved: the low bits of a
    /// double do not tell where in its range one value came from (Holohan and Braghin, "Secure Random Sampling in Differential
    /// Privacy", 2021).
    static func normal(from generator: inout some RandomNumberGenerator) -> Double {
        var sum = 0.0
        for _ in 0..<4 {
            // 1 - u lies in (0, 1], so that the logarithm is finite.
            let radius = (-2 * log(1 - unit(&generator))).squareRoot()
            sum += radius * cos(2 * .pi * unit(&generator))
        }
        return sum / 2
    }

    /// The factor that makes an update of length `norm` no longer than `bound`. Not above 1; 0 for a length that is no number.
    static func factor(norm: Double, bound: Double) -> Double {
        guard norm.isFinite else { return 0 }
        return norm > bound ? bound / norm : 1
    }

    /// Adds noise of `deviation` to each value.
    static func add(
        deviation: Double, to values: UnsafeMutableBufferPointer<Float>,
        from generator: inout some RandomNumberGenerator
    ) {
        for index in values.indices {
            values[index] = Float(Double(values[index]) + deviation * normal(from: &generator))
        }
    }

    private static func unit(_ generator: inout some RandomNumberGenerator) -> Double {
        Double(generator.next() >> 11) * 0x1p-53
    }
}

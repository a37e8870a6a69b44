import Core
import Glibc

/// Draws from gamma and Dirichlet distributions that depend on the generator alone.
enum GammaSampler {
    /// The logarithm of a draw from Gamma(shape, 1), by Marsaglia and Tsang, "A Simple Method for Generating Gamma
    /// Variables", 2000. A logarithm, because draws for small shapes are smaller than any float64.
    static func logarithm(shape: Double, using generator: inout SplitMix64) -> Double {
        precondition(shape > 0, "a gamma distribution has a positive shape, not \(shape)")
        if shape < 1 {
            // Their section 6: G(shape) = G(shape + 1) · U^(1 / shape).
            let boosted = logarithm(shape: shape + 1, using: &generator)
            return boosted + log(1 - generator.nextUnit()) / shape
        }
        let d = shape - 1.0 / 3
        let c = 1 / (9 * d).squareRoot()
        while true {
            let x = generator.nextNormal()
            let root = 1 + c * x
            guard root > 0 else { continue }
            let v = root * root * root
            let u = 1 - generator.nextUnit()
            if log(u) < 0.5 * x * x + d - d * v + d * log(v) { return log(d) + log(v) }
        }
    }

    /// A draw from the Dirichlet distribution with these concentrations: positive shares that sum to 1.
    static func dirichlet(_ concentrations: [Double], using generator: inout SplitMix64) -> [Double] {
        let logarithms = concentrations.map { logarithm(shape: $0, using: &generator) }
        let largest = logarithms.max() ?? 0
        let weights = logarithms.map { exp($0 - largest) }
        let total = weights.reduce(0, +)
        return weights.map { $0 / total }
    }
}

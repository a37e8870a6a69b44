import Glibc

/// How much privacy a sequence of Gaussian mechanisms spends, by their Rényi divergence at a grid of orders (Mironov, "Rényi
/// Differential Privacy", 2017).
///
/// A mechanism adds noise of deviation z · C to a sum in which each edge's part is at most C long; neighbouring sets of edges differ in
/// one that is there or not. At order α one has a divergence of α / (2 z²), and divergences add up.
enum PrivacyAccountant {
    private static let orders: [Double] =
        (1...180).map { 1 + Double($0) / 20 } + stride(from: 10.5, through: 64, by: 0.5).map { $0 }
        + [80, 96, 128, 192, 256, 512, 1024, 4096, 16_384]

    /// The smallest ε that the orders show at δ, by Canonne, Kamath and Steinke, "The Discrete Gaussian for Differential Privacy", 2020,
    /// proposition 12.
    static func epsilon(noise: Double, rounds: Int, delta: Double) -> Double {
        guard rounds > 0 else { return 0 }
        let smallest = orders.map { order in
            Double(rounds) * order / (2 * noise * noise) + log1p(-1 / order)
                - (log(delta) + log(order)) / (order - 1)
        }.min()
        return max(0, smallest ?? .infinity)
    }
}

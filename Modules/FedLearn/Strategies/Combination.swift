/// How a round's updates become one model.
public enum Combination: Sendable {
    /// base · model + Σ updates[k] · update k, in float32 and in this order. An update of weight 0 is not read.
    case weighted(base: Float, updates: [Float])
    /// A rule for each coordinate over some of the updates, given as indices in ascending order: it fills the span of the result.
    case coordinates(
        of: [Int], rule: @Sendable (_ updates: [ModelValues], _ result: UnsafeMutableBufferPointer<Float>) -> Void)

    /// The mean by number of samples: Σ nₖ/n · update k.
    public static func mean(of round: StrategyRound) -> Combination {
        .weighted(base: 0, updates: round.sampleShares.map { Float($0) })
    }
}

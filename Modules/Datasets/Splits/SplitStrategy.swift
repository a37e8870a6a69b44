/// How samples are shared out between sites.
public enum SplitStrategy: Sendable, Hashable {
    /// Equal shares of a random order: every site sees the same mixture of classes, but for chance.
    case iid
    /// Each class is shared out by a draw from Dirichlet(alpha): the smaller `alpha`, the fewer classes a site has most of.
    ///
    /// Hsu, Qi and Brown, "Measuring the Effects of Non-Identical Data Distribution for Federated Visual Classification",
    /// 2019. With `proportions`, sites differ in size too: the draw is from Dirichlet(alpha · parts · proportions).
    case dirichlet(alpha: Double, proportions: [Double]? = nil)
    /// Shares of a random order in these proportions, which need not sum to 1.
    case quantity(proportions: [Double])
    /// Shares of a random order whose sizes are a draw from Dirichlet(alpha).
    case dirichletQuantity(alpha: Double)
}

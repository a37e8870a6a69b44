/// What an edge lived through in a round, in its environments side by side: step by step, and in each step environment by
/// environment.
struct Rollout: Sendable {
    let environments: Int
    var observations: [Float] = []
    var actions: [Int] = []
    var logProbabilities: [Double] = []
    var rewards: [Double] = []
    /// What was estimated of the state, and of the one the action led to: 0 when the episode was over.
    var values: [Double] = []
    var nextValues: [Double] = []
    /// Whether an episode ended with the step, or was cut off.
    var isEnd: [Bool] = []
    /// Of the episodes that ended, in the order of their ends.
    var episodeReturns: [Double] = []

    init(environments: Int) { self.environments = environments }

    var count: Int { actions.count }

    /// How much better each action was than what the policy does on average: generalised advantage estimation (Schulman et al.,
    /// "High-Dimensional Continuous Control Using Generalized Advantage Estimation", 2016).
    func advantages(discount: Double, lambda: Double) -> [Double] {
        var advantages = [Double](repeating: 0, count: count)
        for index in stride(from: count - 1, through: 0, by: -1) {
            let surprise = rewards[index] + discount * nextValues[index] - values[index]
            let next = index + environments
            let later = isEnd[index] || next >= count ? 0 : advantages[next]
            advantages[index] = surprise + discount * lambda * later
        }
        return advantages
    }

    /// The steps as samples to learn from; advantages have mean 0 and deviation 1.
    func samples(discount: Double, lambda: Double) -> [PolicyLoss.Sample] {
        let raw = advantages(discount: discount, lambda: lambda)
        let mean = raw.reduce(0, +) / Double(max(1, count))
        let variance = raw.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, count))
        return (0..<count).map { index in
            PolicyLoss.Sample(
                action: actions[index], logProbability: logProbabilities[index],
                advantage: (raw[index] - mean) / (variance.squareRoot() + 1e-8), target: raw[index] + values[index])
        }
    }
}

import Glibc

/// The loss of proximal policy optimisation (Schulman et al., 2017): the clipped surrogate, the squared error of the values and a
/// bonus for entropy.
struct PolicyLoss: Sendable, Hashable {
    /// How far the probability of an action may move from what it was when it was taken, as a share.
    var clip: Double
    var entropyWeight: Double
    var valueWeight: Double

    /// What was done in a state, and what came of it.
    struct Sample: Sendable, Hashable {
        var action: Int
        /// Its logarithmic probability under the policy that took it.
        var logProbability: Double
        /// How much better it was than what that policy does.
        var advantage: Double
        /// What the value of the state should be.
        var target: Double
    }

    /// A batch's mean loss, its parts and its gradient.
    struct Result: Sendable {
        var loss = 0.0
        /// The mean squared error of the values.
        var valueError = 0.0
        /// With respect to the outputs.
        var gradient: [Float]
    }

    /// - Parameter outputs: of the network: for each sample the logits of its actions, then the value of its state.
    func result(_ outputs: [Float], of samples: [Sample]) -> Result {
        let width = outputs.count / samples.count
        let actions = width - 1
        let share = 1 / Double(samples.count)
        var result = Result(gradient: [Float](repeating: 0, count: outputs.count))
        for (row, sample) in samples.enumerated() {
            let start = row * width
            let logs = LogSoftmax.of(outputs[start..<(start + actions)])
            let ratio = exp(logs[sample.action] - sample.logProbability)
            let clipped = min(max(ratio, 1 - clip), 1 + clip)
            let entropy = logs.reduce(0) { $0 - exp($1) * $1 }
            let error = Double(outputs[start + actions]) - sample.target
            let surrogate = min(ratio * sample.advantage, clipped * sample.advantage)
            result.loss += share * (valueWeight * error * error - surrogate - entropyWeight * entropy)
            result.valueError += share * error * error
            // Where the clipped one is the smaller, it does not depend on the outputs.
            let pull = ratio * sample.advantage <= clipped * sample.advantage ? ratio * sample.advantage : 0
            for (action, log) in logs.enumerated() {
                let probability = exp(log)
                let toward = (action == sample.action ? 1 : 0) - probability
                result.gradient[start + action] = Float(
                    share * (entropyWeight * probability * (log + entropy) - pull * toward))
            }
            result.gradient[start + actions] = Float(share * 2 * valueWeight * error)
        }
        return result
    }
}

/// Logarithms of the probabilities that logits stand for.
enum LogSoftmax {
    static func of(_ logits: ArraySlice<Float>) -> [Double] {
        let most = Double(logits.max() ?? 0)
        let total = log(logits.reduce(0) { $0 + exp(Double($1) - most) }) + most
        return logits.map { Double($0) - total }
    }
}

import Contracts
import Core
import Datasets
import Glibc
import NeuralNet
import Tensor

/// One edge's part in a round of a reinforcement job: acts with the round's policy, and learns from what came of it (PPO).
///
/// Values are learnt in units of 1 / (1 − γ) rewards, the most that a reward of 1 a step comes to, so that they have the size
/// of the logits beside them.
struct PolicyLearner: Sendable {
    var environment: EnvironmentSpec
    var settings: ReinforcementSpec
    var optimizer: OptimizerSpec
    var proximal: Double?
    var seed: UInt64
    /// Words that tell this round and edge from others.
    var streams: [String]

    /// What acting and learning came to.
    struct Outcome: Sendable {
        var network: Network
        /// Steps acted, and steps descended.
        var samples: Int
        var steps: Int
        /// The mean squared error of the values over the last epoch, in rewards.
        var loss: Double
        /// Of the episodes that ended; `nil` when none did.
        var meanReturn: Double?
        var episodes: Int
    }

    /// - Throws: `CancellationError` when `shouldStop` says so; `NetworkError.Kind.invalidSettings` for settings that no job may have,
    ///   `NetworkError.Kind.diverged` when a parameter is not finite any more.
    func learn(from network: Network, shouldStop: () -> Bool) throws -> Outcome {
        let options = optimizer.training(seed: seed, streams: streams)
        try options.validate()
        guard settings.sideBySide >= 1, settings.stepsPerRound >= settings.sideBySide, 0..<1 ~= settings.gamma else {
            throw NetworkError(
                .invalidSettings,
                "\(settings.stepsPerRound) steps in \(settings.sideBySide) environments at discount \(settings.gamma) are no round"
            )
        }
        let rollout = try act(with: network, shouldStop: shouldStop)
        let samples = rollout.samples(discount: settings.gamma, lambda: settings.traceDecay)
        let batch = min(optimizer.batch, samples.count)
        var descent = try NetworkDescent(
            network, optimizer: options.optimizer, capacity: batch, proximal: Float(proximal ?? 0),
            maximumNorm: settings.gradientLimit)
        let (loss, width) = (settings.loss, network.featureCount)
        var (steps, error) = (0, 0.0)
        for epoch in 0..<optimizer.epochs {
            var generator = SplitMix64(seed: seed, labels: streams + ["epoch", "\(epoch)"])
            let order = Permutation.random(of: samples.count, using: &generator)
            error = 0
            for start in stride(from: 0, to: samples.count, by: batch) {
                if shouldStop() { throw CancellationError() }
                let chosen = order[start..<min(samples.count, start + batch)]
                let inputs = chosen.flatMap { rollout.observations[($0 * width)..<(($0 + 1) * width)] }
                descent.step(inputs) { outputs in
                    let result = loss.result(outputs, of: chosen.map { samples[$0] })
                    error += result.valueError * Double(chosen.count)
                    return result.gradient
                }
                steps += 1
            }
        }
        error /= Double(samples.count) * unit * unit
        guard descent.network.isFinite, error.isFinite else {
            throw NetworkError(
                .diverged,
                "the policy diverged: its values or a parameter are not finite any more; lower the learning rate")
        }
        let returns = rollout.episodeReturns
        return Outcome(
            network: descent.network, samples: samples.count, steps: steps, loss: error,
            meanReturn: returns.isEmpty ? nil : returns.reduce(0, +) / Double(returns.count), episodes: returns.count)
    }

    private var unit: Double { 1 - settings.gamma }

    /// Acts in environments of its own, whose episodes begin with the round.
    func act(with network: Network, shouldStop: () -> Bool) throws -> Rollout {
        let count = settings.sideBySide
        var stage = try Stage(environment, count: count, seed: seed, streams: streams)
        var player = try NetworkDescent(network, optimizer: .momentum(MomentumSGD()), capacity: count)
        var rollout = Rollout(environments: count)
        var generator = SplitMix64(seed: seed, labels: streams + ["actions"])
        let width = network.classCount
        var outputs = player.outputs(of: stage.observations)
        for _ in 0..<(settings.stepsPerRound / count) {
            if shouldStop() { throw CancellationError() }
            rollout.observations += stage.observations
            var ended: [Int] = []
            for index in 0..<count {
                let row = outputs[(index * width)..<((index + 1) * width)]
                let logs = LogSoftmax.of(row.dropLast())
                let action = Self.draw(logs, generator.nextUnit())
                rollout.actions.append(action)
                rollout.logProbabilities.append(logs[action])
                rollout.values.append(Double(row[row.endIndex - 1]))
                let step = stage.step(index, action)
                rollout.rewards.append(step.reward * unit)
                rollout.isEnd.append(step.isEnd)
                if step.isEnd { rollout.episodeReturns.append(stage.endEpisode(of: index)) }
                if step.isTruncated { ended.append(index) }
                rollout.nextValues.append(0)
            }
            // What an episode that was cut off would still have gained is judged by where it was cut off.
            for index in ended {
                let value = player.outputs(of: stage.lastObservations[index])[width - 1]
                rollout.nextValues[rollout.count - count + index] = Double(value)
            }
            outputs = player.outputs(of: stage.observations)
            for index in 0..<count where !rollout.isEnd[rollout.count - count + index] {
                rollout.nextValues[rollout.count - count + index] = Double(outputs[(index + 1) * width - 1])
            }
        }
        return rollout
    }

    /// The action that a uniform number of [0, 1) falls on.
    private static func draw(_ logs: [Double], _ number: Double) -> Int {
        var total = 0.0
        for (action, log) in logs.enumerated() {
            total += exp(log)
            if number < total { return action }
        }
        return logs.count - 1
    }
}

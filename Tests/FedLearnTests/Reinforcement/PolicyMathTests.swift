import Contracts
import Core
import NeuralNet
import Tensor
import TestKit
import Testing

@testable import FedLearn

/// Advantages and the loss of a policy against NumPy.
@Suite struct PolicyMathTests {
    private struct AdvantageTask: Encodable {
        var kind = "advantages"
        var environments: Int
        var rewards: [Double]
        var values: [Double]
        var nextValues: [Double]
        var isEnd: [Bool]
        var discount: Double
        var lambda: Double
    }

    private struct AdvantageAnswer: Decodable { var advantages: [Double] }

    @Test(
        .enabled(if: Python.has("numpy"), "needs NumPy: run Tools/test"),
        arguments: [(1, 0.99, 0.95), (3, 0.9, 0.5), (4, 0.5, 1), (2, 0.97, 0)] as [(Int, Double, Double)])
    func advantagesAreThoseOfNumPy(environments: Int, discount: Double, lambda: Double) async throws {
        var generator = SplitMix64(seed: 3, labels: "advantages", "\(environments)")
        var rollout = Rollout(environments: environments)
        for _ in 0..<(60 * environments) {
            let isEnd = generator.nextUnit() < 0.1
            rollout.actions.append(0)
            rollout.logProbabilities.append(0)
            rollout.rewards.append(generator.nextNormal())
            rollout.values.append(generator.nextNormal())
            rollout.nextValues.append(isEnd ? 0 : generator.nextNormal())
            rollout.isEnd.append(isEnd)
        }
        let answer: AdvantageAnswer = try await ReinforcementOracle.ask(
            AdvantageTask(
                environments: environments, rewards: rollout.rewards, values: rollout.values,
                nextValues: rollout.nextValues, isEnd: rollout.isEnd, discount: discount, lambda: lambda))
        let found = rollout.advantages(discount: discount, lambda: lambda)
        try #require(answer.advantages.count == found.count)
        for (left, right) in zip(found, answer.advantages) { #expect(abs(left - right) < 1e-9) }

        let samples = rollout.samples(discount: discount, lambda: lambda)
        let normal = samples.map(\.advantage)
        let mean = normal.reduce(0, +) / Double(normal.count)
        #expect(abs(mean) < 1e-9)
        #expect(abs(normal.reduce(0) { $0 + $1 * $1 } / Double(normal.count) - 1) < 1e-6)
        for (index, sample) in samples.enumerated() {
            #expect(abs(sample.target - found[index] - rollout.values[index]) < 1e-12)
        }
    }

    private struct LossTask: Encodable {
        struct Sample: Encodable {
            var action: Int
            var logProbability: Double
            var advantage: Double
            var target: Double
        }

        var kind = "loss"
        var outputs: [Double]
        var samples: [Sample]
        var clip: Double
        var entropyWeight: Double
        var valueWeight: Double
    }

    private struct LossAnswer: Decodable {
        var loss: Double
        var valueError: Double
        var gradient: [Double]
    }

    @Test(
        .enabled(if: Python.has("numpy"), "needs NumPy: run Tools/test"),
        arguments: [(2, 0.2, 0.01, 0.5), (4, 0.1, 0, 1), (7, 0.5, 0.3, 0)] as [(Int, Double, Double, Double)])
    func lossAndGradientAreThoseOfNumPy(
        actions: Int, clip: Double, entropy: Double, value: Double
    ) async throws {
        var generator = SplitMix64(seed: 8, labels: "loss", "\(actions)")
        var (outputs, samples) = ([Float](), [PolicyLoss.Sample]())
        for _ in 0..<40 {
            let row = (0...actions).map { _ in Float(generator.nextNormal()) }
            let action = Int(generator.next() % UInt64(actions))
            // Probabilities that have moved by up to a half, to both sides of the clip.
            let old = LogSoftmax.of(row[0..<actions])[action] + generator.nextUnit() - 0.5
            outputs += row
            samples.append(
                PolicyLoss.Sample(
                    action: action, logProbability: old, advantage: generator.nextNormal(),
                    target: generator.nextNormal()))
        }
        let loss = PolicyLoss(clip: clip, entropyWeight: entropy, valueWeight: value)
        let found = loss.result(outputs, of: samples)
        let answer: LossAnswer = try await ReinforcementOracle.ask(
            LossTask(
                outputs: outputs.map { Double($0) },
                samples: samples.map {
                    .init(
                        action: $0.action, logProbability: $0.logProbability, advantage: $0.advantage, target: $0.target
                    )
                }, clip: clip, entropyWeight: entropy, valueWeight: value))
        #expect(abs(found.loss - answer.loss) < 1e-9)
        #expect(abs(found.valueError - answer.valueError) < 1e-9)
        try #require(found.gradient.count == answer.gradient.count)
        for (left, right) in zip(found.gradient, answer.gradient) { #expect(abs(Double(left) - right) < 1e-6) }
        // A clipped sample pulls at nothing, others do.
        let pulled = (0..<40).count { found.gradient[$0 * (actions + 1)] != 0 }
        #expect(entropy > 0 ? pulled == 40 : (5..<40).contains(pulled))
    }

    @Test func whatIsLivedThroughFollowsFromSeedAndName() throws {
        func learner(_ edge: String, seed: UInt64 = 3) -> PolicyLearner {
            PolicyLearner(
                environment: EnvironmentSpec(kind: .cartPole), settings: ReinforcementSpec(steps: 400, environments: 4),
                optimizer: OptimizerSpec().forPolicies, seed: seed, streams: ["1", edge])
        }
        let network = try Network(units: [4, 16, 3], seed: 1)
        func learn(_ learner: PolicyLearner) throws -> [Float] {
            try learner.learn(from: network, shouldStop: { false }).network.parameters.flatMap(\.tensor.values)
        }
        let first = try learn(learner("edge-1"))
        #expect(try learn(learner("edge-1")) == first)
        #expect(try learn(learner("edge-2")) != first)
        #expect(try learn(learner("edge-1", seed: 4)) != first)
        // What no job may say, an order from elsewhere might.
        for (steps, environments) in [(0, 1), (4, 0), (3, 4)] {
            var wrong = learner("edge-1")
            wrong.settings = ReinforcementSpec(steps: steps, environments: environments)
            #expect(throws: NetworkError.self) { try learn(wrong) }
        }
        var wrong = learner("edge-1")
        wrong.optimizer.batchSize = 0
        #expect(throws: NetworkError.self) { try learn(wrong) }
        #expect(throws: CancellationError.self) { try learner("edge-1").learn(from: network, shouldStop: { true }) }
    }

    /// A step that is cut off is worth what its state is; one that ends the episode is worth its reward.
    @Test func anEpisodeThatIsCutOffIsNotOver() throws {
        let network = try Network(units: [4, 8, 3], seed: 2)
        func rollout(_ world: EnvironmentSpec) throws -> Rollout {
            try PolicyLearner(
                environment: world, settings: ReinforcementSpec(steps: 120, environments: 2),
                optimizer: OptimizerSpec(),
                seed: 1, streams: ["x"]
            ).act(with: network, shouldStop: { false })
        }
        let cut = try rollout(EnvironmentSpec(kind: .cartPole, maximumSteps: 5))
        #expect(
            cut.count == 120 && cut.isEnd.count { $0 } == 24 && cut.episodeReturns == [Double](repeating: 5, count: 24))
        #expect(cut.nextValues.allSatisfy { $0 != 0 })
        let whole = try rollout(EnvironmentSpec(kind: .cartPole))
        for (isEnd, value) in zip(whole.isEnd, whole.nextValues) { #expect(isEnd == (value == 0)) }
        #expect(whole.isEnd.contains(true))
        // What follows a step is what the next one begins with.
        for index in 0..<(whole.count - 2) where !whole.isEnd[index] {
            #expect(whole.nextValues[index] == whole.values[index + 2])
        }
    }
}

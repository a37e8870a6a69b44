import Contracts
import Core

/// Environments side by side, each with a sequence of episodes of its own.
struct Stage {
    private var environments: [any Environment] = []
    private var seeds: [SplitMix64] = []
    private var returns: [Double]
    /// Where each environment is now, one after the other.
    private(set) var observations: [Float] = []
    /// What each environment's last step led to, also when its next episode has begun since.
    private(set) var lastObservations: [[Float]]
    private let width: Int

    /// - Parameter streams: with `seed`, what all episodes depend on.
    /// - Throws: `FedLearnError` `invalid` for what is no environment.
    init(_ spec: EnvironmentSpec, count: Int, seed: UInt64, streams: [String]) throws(FedLearnError) {
        let fresh = try spec.environment()
        width = fresh.observationCount
        returns = [Double](repeating: 0, count: count)
        lastObservations = [[Float]](repeating: [], count: count)
        for index in 0..<count {
            var environment = fresh
            var generator = SplitMix64(seed: seed, labels: streams + ["environment", "\(index)"])
            observations += environment.reset(seed: generator.next())
            environments.append(environment)
            seeds.append(generator)
        }
    }

    mutating func step(_ index: Int, _ action: Int) -> EnvironmentStep {
        let step = environments[index].step(action)
        returns[index] += step.reward
        lastObservations[index] = step.observation
        place(step.observation, index)
        return step
    }

    /// Begins an environment's next episode.
    /// - Returns: the sum of the rewards of the one that ended.
    mutating func endEpisode(of index: Int) -> Double {
        defer { returns[index] = 0 }
        place(environments[index].reset(seed: seeds[index].next()), index)
        return returns[index]
    }

    private mutating func place(_ observation: [Float], _ index: Int) {
        observations.replaceSubrange((index * width)..<((index + 1) * width), with: observation)
    }
}

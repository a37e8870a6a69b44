import Contracts
import Core
import NeuralNet

/// Judges a policy: the mean sum of rewards over episodes in which it always does what it holds for best.
struct PolicyJudge: Sendable {
    var environment: EnvironmentSpec
    var episodes: Int
    /// Same seed, same episodes.
    var seed: UInt64

    /// Episodes that are played at once.
    private static let sideBySide = 100

    /// - Throws: `CancellationError` when `shouldStop` says so; `NetworkError.Kind.notFinite` for outputs that are not finite.
    func meanReturn(of network: Network, shouldStop: () -> Bool = { false }) throws -> Double {
        var total = 0.0
        var player = try NetworkDescent(
            network, optimizer: .momentum(MomentumSGD()), capacity: min(episodes, Self.sideBySide))
        for start in stride(from: 0, to: episodes, by: Self.sideBySide) {
            let count = min(Self.sideBySide, episodes - start)
            total += try returns(of: &player, count, stream: "\(start)", shouldStop).reduce(0, +)
        }
        return total / Double(episodes)
    }

    private func returns(
        of player: inout NetworkDescent, _ count: Int, stream: String, _ shouldStop: () -> Bool
    ) throws -> [Double] {
        var stage = try Stage(environment, count: count, seed: seed, streams: ["evaluation", stream])
        var returns = [Double?](repeating: nil, count: count)
        let width = player.network.classCount
        while returns.contains(nil) {
            if shouldStop() { throw CancellationError() }
            let outputs = player.outputs(of: stage.observations)
            guard outputs.allSatisfy(\.isFinite) else {
                throw NetworkError(
                    .notFinite, "the policy's outputs are not finite; its parameters are too large or not a policy's")
            }
            for index in 0..<count where returns[index] == nil {
                let logits = outputs[(index * width)..<((index + 1) * width - 1)]
                var best = logits.startIndex
                for place in logits.indices where logits[place] > logits[best] { best = place }
                if stage.step(index, best - logits.startIndex).isEnd { returns[index] = stage.endEpisode(of: index) }
            }
        }
        return returns.compactMap { $0 }
    }
}

import Contracts

extension EnvironmentSpec {
    /// The grid of a job that draws none.
    static let standardMap = ["S....", ".....", "####.", ".....", "G...."]

    /// The environment, before its first episode.
    /// - Throws: `FedLearnError` `invalid` for a map that makes no grid.
    func environment() throws(FedLearnError) -> any Environment {
        switch kind {
        case .cartPole: return CartPole(maximumSteps: maximumSteps ?? 500)
        case .gridWorld:
            return try GridWorld(
                map: map ?? Self.standardMap, stepReward: stepReward ?? -0.01, goalReward: goalReward ?? 1,
                slip: slip ?? 0, maximumSteps: maximumSteps ?? 200)
        }
    }

    /// Numbers of an observation, and actions; known of any map that `environment()` takes.
    var observationCount: Int {
        switch kind {
        case .cartPole: CartPole().observationCount
        case .gridWorld: (map ?? Self.standardMap).reduce(0) { $0 + $1.count }
        }
    }

    var actionCount: Int {
        switch kind {
        case .cartPole: 2
        case .gridWorld: 4
        }
    }

    /// Such as `cartpole, at most 500 steps`.
    var summary: String {
        switch kind {
        case .cartPole: "cartpole, at most \(maximumSteps ?? 500) steps"
        case .gridWorld:
            "gridworld of \((map ?? Self.standardMap).count) rows, \(observationCount) cells, slip \(slip ?? 0), at most "
                + "\(maximumSteps ?? 200) steps"
        }
    }
}

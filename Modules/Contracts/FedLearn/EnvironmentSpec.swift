/// The world in which a reinforcement job learns to act; which fields it takes depends on its kind.
public struct EnvironmentSpec: Codable, Sendable, Hashable {
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// A pole on a cart, to be balanced by pushing left and right.
        case cartPole = "cartpole"
        /// A grid of cells with walls and a goal.
        case gridWorld = "gridworld"
    }

    public var kind: Kind
    /// Steps after which an episode is cut off. Default 500, and 200 in a grid.
    public var maximumSteps: Int?
    /// Of a grid, its rows from the top: `S` where an episode begins, `G` the goal, `#` a wall, `.` a free cell. Default: five
    /// rows with a wall between start and goal.
    public var map: [String]?
    /// Of a grid: the reward of every step that does not reach the goal. Default -0.01.
    public var stepReward: Double?
    /// Of a grid: the reward of the step that reaches the goal. Default 1.
    public var goalReward: Double?
    /// Of a grid: the probability that a step goes to the right or left of where it was meant to. Default 0.
    public var slip: Double?

    public init(
        kind: Kind, maximumSteps: Int? = nil, map: [String]? = nil, stepReward: Double? = nil,
        goalReward: Double? = nil, slip: Double? = nil
    ) {
        self.kind = kind
        self.maximumSteps = maximumSteps
        self.map = map
        self.stepReward = stepReward
        self.goalReward = goalReward
        self.slip = slip
    }
}

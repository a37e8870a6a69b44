import Core

/// A grid of cells with walls: up (0), right (1), down (2) or left (3) until the goal is reached.
///
/// A step into a wall or off the grid stays where it is. An observation has a 1 at the place of the cell one is in, row by
/// row, and zeros otherwise.
public struct GridWorld: Environment {
    /// Cells a grid may have.
    static let mostCells = 4096

    public let columns: Int
    public let rows: Int
    /// The reward of a step that does not reach the goal, and of the one that does.
    public let stepReward: Double
    public let goalReward: Double
    /// The probability that a step goes to the right or left of where it was meant to, to both alike.
    public let slip: Double
    /// Steps after which an episode is cut off.
    public let maximumSteps: Int
    private let isWall: [Bool]
    private let start: Int
    private let goal: Int
    private(set) var cell: Int
    private var steps = 0
    private var generator = SplitMix64(seed: 0)

    /// - Parameter map: rows from the top, of `S` (start), `G` (goal), `#` (wall) and `.` (free).
    /// - Throws: `FedLearnError` `invalid` for a map without one start and one goal that can be reached, or for numbers out of
    ///   their range.
    public init(
        map: [String], stepReward: Double = -0.01, goalReward: Double = 1, slip: Double = 0, maximumSteps: Int = 200
    ) throws(FedLearnError) {
        let cells = map.map { Array($0) }
        guard let first = cells.first, !first.isEmpty, cells.allSatisfy({ $0.count == first.count }),
            cells.count * first.count <= Self.mostCells
        else {
            throw FedLearnError(
                "invalid", "must be rows of the same length, of at most \(Self.mostCells) cells together")
        }
        let all = cells.flatMap { $0 }
        if let strange = all.first(where: { !"SG#.".contains($0) }) {
            throw FedLearnError("invalid", "must consist of 'S', 'G', '#' and '.', not '\(strange)'")
        }
        guard let start = all.firstIndex(of: "S"), let goal = all.firstIndex(of: "G"),
            all.count(where: { $0 == "S" }) == 1, all.count(where: { $0 == "G" }) == 1
        else { throw FedLearnError("invalid", "must have one start 'S' and one goal 'G'") }
        (columns, rows) = (first.count, cells.count)
        isWall = all.map { $0 == "#" }
        (self.start, self.goal, cell) = (start, goal, start)
        (self.stepReward, self.goalReward) = (stepReward, goalReward)
        (self.slip, self.maximumSteps) = (slip, maximumSteps)
        guard reaches(goal, from: start) else { throw FedLearnError("invalid", "must have a way from 'S' to 'G'") }
    }

    public var observationCount: Int { columns * rows }
    public var actionCount: Int { 4 }

    public mutating func reset(seed: UInt64) -> [Float] {
        generator = SplitMix64(seed: seed)
        (cell, steps) = (start, 0)
        return observation
    }

    public mutating func step(_ action: Int) -> EnvironmentStep {
        precondition((0..<actionCount).contains(action), "one goes up, right, down or left (0 to 3), not \(action)")
        var direction = action
        if slip > 0 {
            let chance = generator.nextUnit()
            if chance < slip { direction = (action + (chance < slip / 2 ? 3 : 1)) % 4 }
        }
        cell = neighbour(of: cell, direction)
        steps += 1
        let isThere = cell == goal
        return EnvironmentStep(
            observation: observation, reward: isThere ? goalReward : stepReward, isTerminal: isThere,
            isTruncated: !isThere && steps >= maximumSteps)
    }

    private var observation: [Float] {
        var values = [Float](repeating: 0, count: observationCount)
        values[cell] = 1
        return values
    }

    private func neighbour(of cell: Int, _ direction: Int) -> Int {
        let (row, column) = (cell / columns, cell % columns)
        let (nextRow, nextColumn) = (
            row + (direction == 0 ? -1 : direction == 2 ? 1 : 0),
            column + (direction == 1 ? 1 : direction == 3 ? -1 : 0)
        )
        guard (0..<rows).contains(nextRow), (0..<columns).contains(nextColumn) else { return cell }
        let next = nextRow * columns + nextColumn
        return isWall[next] ? cell : next
    }

    private func reaches(_ goal: Int, from start: Int) -> Bool {
        var seen: Set<Int> = [start]
        var open = [start]
        while let cell = open.popLast() {
            if cell == goal { return true }
            for direction in 0..<4 {
                let next = neighbour(of: cell, direction)
                if seen.insert(next).inserted { open.append(next) }
            }
        }
        return false
    }
}

import Core
import TestKit
import Testing

@testable import FedLearn

/// The built-in environments against implementations in NumPy, and by what their users rely on.
@Suite struct EnvironmentTests {
    private static let map = ["S..#.", ".#...", ".#.#.", "...#G"]

    private struct CartPoleTask: Encodable {
        var kind = "cartpole"
        var states: [[Double]]
        var actions: [Int]
    }

    private struct CartPoleAnswer: Decodable {
        var states: [[Double]]
        var done: [Bool]
    }

    @Test(.enabled(if: Python.has("numpy"), "needs NumPy: run Tools/test"), arguments: [1, 2, 3, 4] as [UInt64])
    func theCartMovesAsInNumPy(seed: UInt64) async throws {
        var world = CartPole()
        _ = world.reset(seed: seed)
        func numbers(_ state: CartPole.State) -> [Double] {
            [state.position, state.velocity, state.angle, state.angularVelocity]
        }
        var generator = SplitMix64(seed: seed, labels: "pushes")
        // Pushes against the lean keep the pole up for long; chance makes it fall in the end.
        var (actions, states, ends) = ([Int](), [numbers(world.state)], [Bool]())
        for _ in 0..<300 {
            let action = generator.nextUnit() < 0.1 ? 0 : world.state.angle + world.state.angularVelocity > 0 ? 1 : 0
            let step = world.step(action)
            actions.append(action)
            states.append(numbers(world.state))
            #expect(step.observation == states[states.count - 1].map { Float($0) } && step.reward == 1)
            ends.append(step.isTerminal)
            if step.isEnd { break }
        }
        #expect(actions.count > 20)
        let answer: CartPoleAnswer = try await ReinforcementOracle.ask(
            CartPoleTask(states: states.dropLast(), actions: actions))
        #expect(answer.done == ends)
        for (found, expected) in zip(states.dropFirst(), answer.states) {
            for (left, right) in zip(found, expected) { #expect(abs(left - right) < 1e-12) }
        }
    }

    @Test func theCartStartsNearTheUprightAndAnEpisodeIsCutOff() {
        var world = CartPole(maximumSteps: 3)
        var starts: Set<[Float]> = []
        for seed in 0..<200 as Range<UInt64> {
            let first = world.reset(seed: seed)
            #expect(first.allSatisfy { abs($0) <= 0.05 })
            #expect(first == world.reset(seed: seed))
            starts.insert(first)
        }
        #expect(starts.count == 200)
        let steps = [1, 0, 1].map { world.step($0) }
        #expect(steps.map(\.isTruncated) == [false, false, true] && steps.allSatisfy { !$0.isTerminal })
    }

    private struct GridTask: Encodable {
        var kind = "gridworld"
        var map: [String]
        var actions: [Int]
        var slip: Double
        var seed: UInt64
    }

    private struct GridAnswer: Decodable {
        var cells: [Int]
        var done: [Bool]
    }

    @Test(
        .enabled(if: Python.has("numpy"), "needs NumPy: run Tools/test"),
        arguments: [(0.0, 5), (0.3, 6), (1.0, 7)] as [(Double, UInt64)])
    func oneWalksAsInNumPy(slip: Double, seed: UInt64) async throws {
        var world = try GridWorld(map: Self.map, slip: slip, maximumSteps: 10_000)
        var generator = SplitMix64(seed: seed, labels: "ways")
        var (actions, cells, ends) = ([Int](), [Int](), [Bool]())
        var observation = world.reset(seed: seed)
        #expect(observation.firstIndex(of: 1) == 0)
        for _ in 0..<2000 {
            let action = Int(generator.next() % 4)
            let step = world.step(action)
            observation = step.observation
            actions.append(action)
            cells.append(world.cell)
            ends.append(step.isTerminal)
            #expect(observation.firstIndex(of: 1) == world.cell && observation.reduce(0, +) == 1)
            #expect(step.reward == (step.isTerminal ? 1 : -0.01))
            if step.isEnd { break }
        }
        #expect(Set(cells).count > 8)
        let answer: GridAnswer = try await ReinforcementOracle.ask(
            GridTask(map: Self.map, actions: actions, slip: slip, seed: seed))
        #expect(answer.cells == cells)
        #expect(answer.done == ends)
    }

    @Test func wallsStopAndTheGoalEnds() throws {
        var world = try GridWorld(map: ["S#G", "..."], stepReward: -1, goalReward: 5, maximumSteps: 4)
        _ = world.reset(seed: 0)
        #expect(
            world.step(1)
                == EnvironmentStep(observation: [1, 0, 0, 0, 0, 0], reward: -1, isTerminal: false, isTruncated: false))
        #expect(world.step(0).observation == [1, 0, 0, 0, 0, 0])
        #expect(world.step(3).observation == [1, 0, 0, 0, 0, 0])
        #expect(world.step(2).isTruncated)
        _ = world.reset(seed: 0)
        _ = [2, 1, 1].map { world.step($0) }
        let last = world.step(0)
        #expect(last.isTerminal && !last.isTruncated && last.reward == 5)
    }

    @Test(
        arguments: [
            ([String](), "rows of the same length"), (["S.", "G"], "rows of the same length"),
            (["S.", ".."], "one start"),
            (["SG", "G."], "one start"), (["S#G"], "a way from 'S' to 'G'"), (["SxG"], "not 'x'"),
            ([String(repeating: ".", count: 5000)], "at most 4096 cells"),
        ] as [([String], String)]) func whatIsNoGridIsRefused(map: [String], reason: String)
    {
        let error = #expect(throws: FedLearnError.self) { try GridWorld(map: map) }
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }
}

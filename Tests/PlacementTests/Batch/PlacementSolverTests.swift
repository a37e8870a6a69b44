import Core
import Testing

@testable import Placement

@Suite struct PlacementSolverTests {
    @Test func everyPlanIsFeasibleAndCostsWhatItSays() throws {
        for seed in 0..<2000 {
            var random = RandomBatch(seed: UInt64(seed))
            let problem = random.problem(edges: 2, nodesPerEdge: 3, jobs: 7)
            // Throws when a rule is broken.
            let solution = try PlacementSolver(problem).solve(seed: UInt64(seed), iterations: 10)
            let again = try BatchEvaluation(solution.plan, of: problem).objective
            #expect(abs(solution.objective - again) <= 1e-9 * again, "seed \(seed)")
            #expect(solution.objective <= solution.firstObjective * (1 + 1e-9), "seed \(seed)")
            #expect(solution.bound <= solution.objective * (1 + 1e-9), "seed \(seed)")
        }
    }

    /// What the search adds up step by step is what the evaluator finds at once.
    @Test func theRunningObjectiveIsTheEvaluatedOne() throws {
        for seed in 0..<300 {
            var random = RandomBatch(seed: UInt64(seed))
            let problem = random.problem(edges: 3, nodesPerEdge: 3, jobs: 9)
            var search = NeighbourhoodSearch(CandidateTable(problem), random: SplitMix64(seed: UInt64(seed)))
            search.fill()
            search.improve(
                least: problem.jobs.map { _ in 0 }, iterations: 25, progress: { 0 }, report: { _, _, _ in })
            let objective = try BatchEvaluation(search.plan(), of: problem).objective
            #expect(abs(search.bestObjective - objective) <= 1e-9 * objective, "seed \(seed)")
        }
    }

    @Test func aJobAloneIsPlacedAsWellAsCanBe() throws {
        for seed in 0..<120 {
            var random = RandomBatch(seed: UInt64(seed))
            let problem = random.problem(edges: 2, nodesPerEdge: 2, jobs: 1)
            let best = BruteForce(problem).optimum()
            let solution = try PlacementSolver(problem).solve(iterations: 0)
            #expect(abs(solution.objective - best) <= 1e-9 * best, "seed \(seed)")
            #expect(abs(solution.bound - best) <= 1e-9 * best, "seed \(seed)")
        }
    }

    @Test func aFewJobsTogetherArePlacedAsWellAsCanBe() throws {
        for seed in 0..<12 {
            var random = RandomBatch(seed: UInt64(seed))
            var problem = random.problem(edges: 1, nodesPerEdge: 2, jobs: 3)
            for job in problem.jobs.indices { problem.jobs[job].workers = min(2, problem.jobs[job].workers) }
            let best = BruteForce(problem).optimum()
            let solution = try PlacementSolver(problem).solve(iterations: 400)
            #expect(abs(solution.objective - best) <= 1e-9 * best, "seed \(seed)")
        }
    }

    @Test func sameInputSamePlan() throws {
        var random = RandomBatch(seed: 5)
        let problem = random.problem(edges: 4, nodesPerEdge: 4, jobs: 16)
        let first = try PlacementSolver(problem).solve(seed: 3, iterations: 200)
        let second = try PlacementSolver(problem).solve(seed: 3, iterations: 200)
        #expect(first.plan == second.plan)
        #expect(first.plan.json == second.plan.json)
    }

    @Test func aBudgetThatIsUsedUpLeavesTheFirstPlan() throws {
        var random = RandomBatch(seed: 6)
        let problem = random.problem(edges: 4, nodesPerEdge: 4, jobs: 16)
        let none = try PlacementSolver(problem).solve(iterations: 0)
        let over = try PlacementSolver(problem).solve(iterations: .max) { 1 }
        #expect(over.plan == none.plan)
        #expect(over.iterations == 0)
        #expect(abs(over.objective - over.firstObjective) <= 1e-9 * over.objective)
    }

    /// A clock that runs out earlier ends the same search earlier: the best plan so far only gets better.
    @Test func moreOfTheSameSearchIsNeverWorse() throws {
        var random = RandomBatch(seed: 7)
        let problem = random.problem(edges: 4, nodesPerEdge: 4, jobs: 20)
        var last = Double.infinity
        for checks in [1, 2, 4, 8, 16, 32] {
            var asked = 0
            let solution = try PlacementSolver(problem).solve(iterations: 1000) {
                asked += 1
                return asked > checks ? 1 : 0
            }
            #expect(solution.objective <= last)
            last = solution.objective
        }
    }

    @Test func noJobsCostNothing() throws {
        var problem = BatchProblem()
        problem.edgeUp = [1]
        problem.edgeDown = [1]
        problem.edgeLatency = [0]
        problem.edgeBackground = [0]
        let solution = try PlacementSolver(problem).solve(iterations: 10)
        #expect(solution.objective == 0)
        #expect(solution.gap == 0)
    }
}

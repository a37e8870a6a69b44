import Core
import Testing

@testable import Placement

/// Plans that change with their snapshot.
@Suite struct PlacementReplannerTests {
    private struct Case {
        let seed: Int
        let problem: BatchProblem
        let plan: BatchPlan
        var random: SplitMix64

        init(_ seed: Int, jobs: Int = 8) throws {
            self.seed = seed
            var batch = RandomBatch(seed: UInt64(seed))
            problem = batch.problem(edges: 3, nodesPerEdge: 3, jobs: jobs)
            plan = try PlacementSolver(problem).solve(seed: UInt64(seed), iterations: 20).plan
            random = SplitMix64(seed: UInt64(seed), labels: "changes")
        }
    }

    /// The plan against the snapshot with the changes, and what is no part of a problem: closed nodes and dead links.
    private func check(_ replanner: PlacementReplanner, _ seed: Int) throws {
        let problem = replanner.problem
        let objective = try BatchEvaluation(replanner.plan, of: problem).objective
        #expect(objective.isFinite, "seed \(seed)")
        #expect(abs(replanner.objective - objective) <= 1e-9 * objective, "seed \(seed)")
    }

    @Test func everyPlanIsFeasibleWhateverChanges() async throws {
        var changes = 0
        for seed in 0..<600 {
            await Task.yield()  // Other tests share the threads.
            var scene = try Case(seed)
            var replanner = try PlacementReplanner(scene.problem, scene.plan)
            for _ in 0..<6 {
                let some = RandomChanges.some(1 + seed % 5, in: scene.problem, &scene.random)
                let before = replanner.plan
                let found = try replanner.apply(some)
                changes += some.count
                try check(replanner, seed)
                #expect(found.objective <= found.objectiveBefore * (1 + 1e-9), "seed \(seed)")
                // What is reported as moved is what differs.
                let after = replanner.plan
                for job in scene.problem.jobs.indices {
                    let differs = Set(before.workers[job]) != Set(after.workers[job])
                    #expect(differs == (found.moved[job] != nil), "seed \(seed), job \(job)")
                    if differs { #expect(found.moved[job] == after.workers[job], "seed \(seed)") }
                }
                let gone = Set(some.compactMap { if case .nodeGone(let node) = $0 { node } else { nil } })
                let back = Set(some.compactMap { if case .nodeOpened(let node) = $0 { node } else { nil } })
                let used = Set(after.workers.joined().map(\.node))
                #expect(used.isDisjoint(with: gone.subtracting(back)), "seed \(seed)")
            }
        }
        #expect(changes > 10_000)
    }

    @Test func theSameChangeGivesTheSamePlan() throws {
        for seed in 0..<200 {
            var scene = try Case(seed)
            let changes = RandomChanges.some(4, in: scene.problem, &scene.random)
            var first = try PlacementReplanner(scene.problem, scene.plan)
            var second = try PlacementReplanner(scene.problem, scene.plan)
            #expect(try first.apply(changes) == second.apply(changes), "seed \(seed)")
            #expect(first.plan == second.plan, "seed \(seed)")
        }
    }

    /// Whoever could stay moves only for a gain that is larger than the price, and there are no more moves than allowed.
    @Test func nobodyMovesForLittle() throws {
        var moves = 0
        for seed in 0..<500 {
            var scene = try Case(seed, jobs: 20)
            var limits = ReplanningLimits()
            limits.share = 0.1
            limits.hysteresis = 0.2
            var replanner = try PlacementReplanner(scene.problem, scene.plan, limits: limits)
            let found = try replanner.apply(RandomChanges.some(1, in: scene.problem, &scene.random))
            // Jobs that were deferred are not disturbed when they get a place.
            let free = Set(found.moved.keys).subtracting(found.displaced)
                .filter { !scene.plan.workers[$0].isEmpty }
            #expect(free.count <= max(0, 2 - found.displaced.count), "seed \(seed)")
            moves += free.count
            guard found.displaced.isEmpty, !free.isEmpty else { continue }
            let price = try Self.price(free, scene, replanner.problem)
            #expect(found.objectiveBefore - found.objective >= 0.2 * price * (1 - 1e-9), "seed \(seed)")
        }
        #expect(moves > 20)
    }

    /// What jobs cost where they were, with the change.
    private static func price(_ jobs: Set<Int>, _ scene: Case, _ problem: BatchProblem) throws -> Double {
        let times = try BatchEvaluation(scene.plan, of: problem).times
        return jobs.reduce(0) { $0 + problem.jobs[$1].weight * (times[$1] ?? 0) }
    }

    @Test func aChangeThatConcernsNobodyChangesNothing() throws {
        let scene = try Case(3)
        let idle = try #require(
            (0..<scene.problem.nodeCount).first { node in
                !scene.plan.workers.joined().contains { $0.node == node }
            })
        var limits = ReplanningLimits()
        limits.steps = 0
        var replanner = try PlacementReplanner(scene.problem, scene.plan, limits: limits)
        let found = try replanner.apply([.nodeGone(idle)])
        #expect(found.moved.isEmpty && found.displaced.isEmpty)
        #expect(replanner.plan == scene.plan)
    }

    @Test func aChangeThatCannotBeIsRefusedWhole() throws {
        let scene = try Case(4)
        var replanner = try PlacementReplanner(scene.problem, scene.plan)
        let bad: [PlacementChange] = [
            .nodeGone(-1), .nodeOpened(scene.problem.nodeCount), .available(node: 0, 0), .available(node: 0, .nan),
            .free(node: 0, domain: 9, Resources()), .free(node: 0, domain: 0, Resources(cpus: .infinity)),
            .free(node: 0, domain: 0, Resources(memory: -1)),
            .link(edge: 99, up: 1, down: 1), .link(edge: 1, up: -1, down: 1), .link(edge: 1, up: 1, down: .nan),
            .latency(edge: 1, -.infinity), .background(edge: 1, -1), .edgeClosed(-2, true),
        ]
        for change in bad {
            #expect(throws: PlacementError.self) { try replanner.apply([.nodeGone(0), change]) }
        }
        #expect(replanner.plan == scene.plan)
    }
}

import Core
import Testing

@testable import Placement

/// One job alone, against every set of workers tried with the evaluator.
@Suite struct PlacementIndexTests {
    /// The least seconds of the only job of a problem; infinite when it fits nowhere.
    private func leastSeconds(_ problem: BatchProblem) -> Double {
        var problem = problem
        problem.jobs[0].weight = 1
        problem.jobs[0].deferral = 1e15
        let best = BruteForce(problem).optimum()
        return best < 1e15 ? best : .infinity
    }

    /// What an index of the problem says about its only job, after the evaluator has confirmed it.
    private func seconds(_ index: inout PlacementIndex, _ problem: BatchProblem, _ seed: Int) throws -> Double {
        guard let found = index.place(problem.jobs[0]) else { return .infinity }
        let plan = BatchPlan(instance: problem.name, workers: [found.workers])
        let time = try #require(try BatchEvaluation(plan, of: problem).times[0])
        #expect(abs(found.seconds - time) <= 1e-9 * time, "seed \(seed)")
        return found.seconds
    }

    @Test func aJobAloneIsPlacedAsWellAsCanBe() throws {
        var (placed, refused) = (0, 0)
        for seed in 0..<600 {
            var random = RandomBatch(seed: UInt64(seed))
            let problem = random.problem(edges: 2, nodesPerEdge: 2, jobs: 1)
            var index = PlacementIndex(problem)
            let found = try seconds(&index, problem, seed)
            let best = leastSeconds(problem)
            if best < .infinity { placed += 1 } else { refused += 1 }
            #expect(found == best || abs(found - best) <= 1e-9 * best, "seed \(seed)")
        }
        #expect(placed > 300 && refused > 20)
    }

    /// Blocks, bounds and the order of edges must not lose anybody: a job that may go anywhere, on many more nodes.
    @Test func noNodeIsOverlooked() throws {
        for seed in 0..<400 {
            var random = RandomBatch(seed: UInt64(seed))
            var problem = random.problem(edges: 7, nodesPerEdge: 40, jobs: 1)
            if problem.jobs[0].kind != .federated { problem.jobs[0].scope = Array(0..<problem.edgeCount) }
            problem.jobs[0].weight = 1
            problem.jobs[0].deferral = 1e15
            problem.jobs[0].workers = problem.jobs[0].kind.hasRounds ? 1 + seed % 9 : 1
            var index = PlacementIndex(problem)
            let found = try seconds(&index, problem, seed)
            var search = JobSearch()
            let best = search.place(0, in: SearchState(CandidateTable(problem)), below: 1e15) ?? .infinity
            #expect(found == best || abs(found - best) <= 1e-9 * best, "seed \(seed)")
        }
    }

    /// An index that went through changes answers like one that was built after them.
    @Test func anIndexFollowsItsSnapshot() throws {
        for seed in 0..<150 {
            var batch = RandomBatch(seed: UInt64(seed))
            let problem = batch.problem(edges: 3, nodesPerEdge: 12, jobs: 12)
            var random = SplitMix64(seed: UInt64(seed), labels: "changes")
            var index = PlacementIndex(problem)
            for change in RandomChanges.some(10, in: problem, &random) { index.apply(change) }
            var taken: [(BatchJob, [BatchPlan.Worker])] = []
            for job in problem.jobs.prefix(6) {
                guard let found = index.place(job) else { continue }
                index.take(job, found.workers)
                taken.append((job, found.workers))
            }
            // What is taken and what is given back must be all the same to it.
            for (job, workers) in taken.prefix(2) { index.giveBack(job, workers) }
            var now = index.problem
            for (job, workers) in taken.dropFirst(2) {
                for (edge, count) in BatchCost(now).flows(job, workers) { now.edgeBackground[edge] += count }
            }
            var fresh = PlacementIndex(now)
            for node in 0..<now.nodeCount where index.room.isClosed(node) { fresh.apply(.nodeClosed(node)) }
            for (job, workers) in taken.dropFirst(2) {
                fresh.take(job, workers)
                // Its flows are in the background already.
                for (edge, count) in BatchCost(now).flows(job, workers) {
                    fresh.apply(.background(edge: edge, fresh.problem.edgeBackground[edge] - count))
                }
            }
            for job in problem.jobs.suffix(6) {
                let (first, second) = (index.place(job)?.seconds, fresh.place(job)?.seconds)
                #expect((first == nil) == (second == nil), "seed \(seed)")
                if let first, let second { #expect(abs(first - second) <= 1e-9 * second, "seed \(seed)") }
            }
        }
    }

    @Test func aLinkThatCarriesNothingIsNotUsed() throws {
        for seed in 0..<200 {
            var random = RandomBatch(seed: UInt64(seed))
            var problem = random.problem(edges: 3, nodesPerEdge: 4, jobs: 1)
            problem.edgeUp[1] = 0
            problem.edgeDown[2] = 0
            var index = PlacementIndex(problem)
            guard let found = index.place(problem.jobs[0]) else { continue }
            #expect(found.seconds.isFinite, "seed \(seed)")
            #expect(found.workers.allSatisfy { ![1, 2].contains(problem.nodeEdge[$0.node]) }, "seed \(seed)")
        }
    }
}

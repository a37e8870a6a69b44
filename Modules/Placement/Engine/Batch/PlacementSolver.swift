import Core

/// Places a batch of jobs so that the weighted sum of their times and deferrals is small.
///
/// A first plan takes the jobs by what their deferral costs and gives each its best place in what is left. Large
/// neighbourhood search (Shaw 1998) improves it: some jobs that get in each other's way are taken out and put back one
/// after the other, in another order each time; the result stays when it is better, or, as in simulated annealing, with a
/// probability that falls as the budget runs out (Schrimpf et al. 2000; Christiaens and Vanden Berghe 2020).
///
/// Pure: same problem, seed and number of iterations, same plan, as long as `progress` does not end it. A budget of time is
/// the caller's, through `progress`.
package struct PlacementSolver {
    private let problem: BatchProblem
    private let table: CandidateTable

    package init(_ problem: BatchProblem) {
        self.problem = problem
        table = CandidateTable(problem)
    }

    /// The best plan that the budget allows.
    /// - Parameters:
    ///   - iterations: the most steps of improvement; none makes the first plan alone.
    ///   - progress: the share of the caller's own budget that is used; the search ends at 1. Asked every few steps.
    ///   - report: called with the first plan, and then now and then: the steps that are done, the share of the budget that is
    ///     used, and the best objective so far.
    /// - Throws: `PlacementError` if the plan breaks a rule of the problem, which is a defect of this program.
    package func solve(
        seed: UInt64 = 0, iterations: Int, progress: () -> Double = { 0 },
        report: (_ steps: Int, _ share: Double, _ objective: Double) -> Void = { _, _, _ in }
    ) throws(PlacementError) -> PlacementSolution {
        var search = NeighbourhoodSearch(table, random: SplitMix64(seed: seed, labels: "placement"))
        search.fill()
        let first = search.bestObjective
        let firstWorkers = search.workersPlaced
        report(0, 0, first)
        let costs = table.jobs.isEmpty || iterations == 0 ? [] : leastCosts()
        if iterations > 0 {
            search.improve(least: costs, iterations: iterations, progress: progress, report: report)
        }
        let plan = search.plan()
        let bound = (costs.isEmpty ? leastCosts() : costs).reduce(0, +)
        let objective = try BatchEvaluation(plan, of: problem).objective
        return PlacementSolution(
            plan: plan, objective: objective, bound: bound, firstObjective: first, firstWorkers: firstWorkers,
            iterations: search.steps)
    }

    /// What each job costs at the least: alone on the snapshot, or deferred. Other jobs only take room and add flows.
    private func leastCosts() -> [Double] {
        let state = SearchState(table)
        var search = JobSearch()
        return table.jobs.indices.map { job in
            let deferral = table.jobs[job].deferral
            return search.place(job, in: state, below: deferral) ?? deferral
        }
    }
}

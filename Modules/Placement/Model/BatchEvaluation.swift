/// What a plan costs, found from nothing but the problem and the plan: the judge of every solver.
package struct BatchEvaluation: Sendable {
    /// The sum over placed jobs of weight times seconds, and over deferred jobs of weight times deferral.
    package let objective: Double
    /// The seconds of each job; `nil` for one that is deferred.
    package let times: [Double?]

    /// - Throws: `PlacementError` of kind `infeasible`, which names the job or node and the rule that it breaks.
    package init(_ plan: BatchPlan, of problem: BatchProblem) throws(PlacementError) {
        guard plan.workers.count == problem.jobs.count else {
            throw PlacementError(
                .infeasible, "the plan has \(plan.workers.count) jobs and the instance \(problem.jobs.count)")
        }
        let cost = BatchCost(problem)
        var flows = problem.edgeBackground
        var domains = problem.domainFree
        var nodes = (0..<problem.nodeCount).map { node in
            problem.domains(of: node).reduce(into: Resources()) { $0 += problem.domainFree[$1] }
        }
        for (index, job) in problem.jobs.enumerated() where !plan.workers[index].isEmpty {
            let workers = plan.workers[index]
            try Self.check(workers, of: job, index, problem)
            for worker in workers {
                if let domain = worker.domain { domains[problem.domainStart[worker.node] + domain] -= job.request }
                nodes[worker.node] -= job.request
            }
            for (edge, count) in cost.flows(job, workers) { flows[edge] += count }
        }
        for node in 0..<problem.nodeCount {
            guard nodes[node].holds(Resources()) else {
                throw PlacementError(.infeasible, "node \(node) is given more than it has free")
            }
            for (number, domain) in problem.domains(of: node).enumerated() where !domains[domain].holds(Resources()) {
                throw PlacementError(
                    .infeasible, "NUMA domain \(number) of node \(node) is given more than it has free")
            }
        }
        var objective = 0.0
        var times: [Double?] = []
        for (index, job) in problem.jobs.enumerated() {
            let workers = plan.workers[index]
            let time = workers.isEmpty ? nil : cost.time(job, workers, flows: flows)
            if let time, !time.isFinite {
                throw PlacementError(.infeasible, "job \(index) never ends: it needs a link that carries nothing")
            }
            times.append(time)
            objective += job.weight * (time ?? job.deferral)
        }
        self.objective = objective
        self.times = times
    }

    /// The rules that concern one job alone.
    private static func check(
        _ workers: [BatchPlan.Worker], of job: BatchJob, _ index: Int, _ problem: BatchProblem
    ) throws(PlacementError) {
        guard workers.count == job.workers, Set(workers.map(\.node)).count == job.workers else {
            throw PlacementError(
                .infeasible, "job \(index) needs \(job.workers) workers on as many nodes, not \(workers.count)")
        }
        let holders = job.kind == .federated ? Set(job.shards.map(\.node)) : []
        for worker in workers {
            guard worker.node >= 0, worker.node < problem.nodeCount,
                job.secondsPerSample[problem.nodeHardware[worker.node]] != nil,
                job.kind == .federated
                    ? holders.contains(worker.node) : job.scope.contains(problem.nodeEdge[worker.node])
            else {
                throw PlacementError(.infeasible, "job \(index) may not use node \(worker.node)")
            }
            if let domain = worker.domain {
                guard domain >= 0, domain < problem.domains(of: worker.node).count else {
                    throw PlacementError(.infeasible, "job \(index): node \(worker.node) has no NUMA domain \(domain)")
                }
            } else if job.needsOneDomain {
                throw PlacementError(
                    .infeasible, "job \(index) must stay inside one NUMA domain and spans those of node \(worker.node)")
            }
        }
        if job.kind == .federated {
            let nodes = Set(workers.map(\.node))
            let covered = job.shards.reduce(0) { $0 + (nodes.contains($1.node) ? $1.samples : 0) }
            guard covered >= job.coverage else {
                throw PlacementError(
                    .infeasible, "job \(index) needs \(job.coverage) samples and its workers hold \(covered)")
            }
        }
    }
}

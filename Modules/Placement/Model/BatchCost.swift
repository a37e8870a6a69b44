/// The predicted times of `placebench/1`: a job's seconds, from where its workers are and how many flows share each link.
///
/// A link of `rate` Mbit/s that `flows` share equally moves `size` MB in `8 size flows / rate` seconds; the core has none.
/// Network cards are not shared, and shares last the whole job. What goes over a link that carries nothing never ends.
package struct BatchCost: Sendable {
    let problem: BatchProblem

    package init(_ problem: BatchProblem) { self.problem = problem }

    private func wan(_ edge: Int, _ size: Double, _ rates: [Double], _ flows: Double) -> Double {
        if edge == 0 { return 0 }
        return rates[edge] > 0 ? 8 * size * flows / rates[edge] : .infinity
    }

    /// Seconds that a worker computes on `samples` samples.
    func computation(_ job: BatchJob, _ worker: BatchPlan.Worker, samples: Double) -> Double {
        let speed = job.secondsPerSample[problem.nodeHardware[worker.node]] ?? .infinity
        let time = samples * speed / problem.nodeAvailable[worker.node]
        return worker.domain == nil ? time * job.spanPenalty : time
    }

    /// Seconds of one worker in one round, with `flows` on its edge's link.
    func round(_ job: BatchJob, _ worker: BatchPlan.Worker, flows: Double, samples: Double) -> Double {
        let edge = problem.nodeEdge[worker.node]
        let cardDown = 8 * job.downloadSize / problem.nodeDown[worker.node]
        let cardUp = 8 * job.uploadSize / problem.nodeUp[worker.node]
        let linkDown = wan(edge, job.downloadSize, problem.edgeDown, flows)
        let linkUp = wan(edge, job.uploadSize, problem.edgeUp, flows)
        let transfer =
            switch job.aggregation {
            case .hierarchical: cardDown + linkDown + cardUp + linkUp
            case .flat: max(cardDown, linkDown) + max(cardUp, linkUp)
            }
        return computation(job, worker, samples: samples) + job.modelOverhead * transfer
            + 2 * (problem.edgeLatency[edge] + problem.nodeLatency[worker.node]) / 1000
    }

    /// Seconds of a job whose data moves to its one worker, with `flows` on that worker's link.
    func staged(_ job: BatchJob, _ worker: BatchPlan.Worker, flows: Double) -> Double {
        let node = worker.node
        let edge = problem.nodeEdge[node]
        let staging = StagedData(job, problem)
        var slowest = 8 * (staging.total - staging.size(onNode: node)) / problem.nodeDown[node]
        slowest = max(slowest, staging.slowestCard(except: node), staging.slowestLink(except: edge))
        slowest = max(slowest, wan(edge, staging.total - staging.size(inEdge: edge), problem.edgeDown, flows))
        let model =
            max(8 * job.downloadSize / problem.nodeDown[node], wan(edge, job.downloadSize, problem.edgeDown, flows))
            + max(8 * job.uploadSize / problem.nodeUp[node], wan(edge, job.uploadSize, problem.edgeUp, flows))
        return job.setup + job.modelOverhead * model + job.dataOverhead * slowest + job.rounds
            * (job.aggregationTime + computation(job, worker, samples: staging.samples))
    }

    /// Seconds of a placed job, with `flows` on each edge's link, its own among them.
    package func time(_ job: BatchJob, _ workers: [BatchPlan.Worker], flows: [Double]) -> Double {
        guard job.kind.hasRounds else {
            return workers.reduce(0) { $0 + staged(job, $1, flows: flows[problem.nodeEdge[$1.node]]) }
        }
        var samples: [Int: Double] = [:]
        if job.kind == .federated { for shard in job.shards { samples[shard.node] = shard.samples } }
        let slowest = workers.reduce(0.0) { slowest, worker in
            max(
                slowest,
                round(
                    job, worker, flows: flows[problem.nodeEdge[worker.node]],
                    samples: samples[worker.node] ?? job.samples))
        }
        return job.setup + job.rounds * (job.aggregationTime + slowest)
    }

    /// The flows that a job adds to each edge's link.
    func flows(_ job: BatchJob, _ workers: [BatchPlan.Worker]) -> [Int: Double] {
        var flows: [Int: Double] = [:]
        for worker in workers {
            let edge = problem.nodeEdge[worker.node]
            flows[edge] = job.aggregation == .hierarchical ? 1 : flows[edge, default: 0] + 1
        }
        return flows
    }
}

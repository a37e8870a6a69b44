/// A snapshot of the clouds made ready for jobs that come one at a time: the fastest place of a job, found without a look at
/// every node.
///
/// Exact: no set of workers that fits finishes sooner, with the flows that are on the links already. What the job delays is
/// not part of the question; `PlacementSolver` answers that for a batch.
///
/// A job that may use whole edges is found by bounds. On an edge, `t(m)` is the least that the slowest of `m` workers there
/// costs; it grows with `m`, so the fastest `k` workers are the `k` smallest of all edges' `t(1), t(2), ...`. An edge whose
/// best block cannot be among these is never looked at. A job that goes where its data is has its own list of nodes.
///
/// Building it sorts the nodes; a change of a node or link takes time in proportion to one block. Holds scratch memory: for
/// one thread at a time.
package struct PlacementIndex: Sendable {
    private(set) var problem: BatchProblem
    private(set) var room: NodeRoom
    private(set) var flows: [Double]
    private var blocks: NodeBlocks
    private var wide = WideSearch()
    private var search = JobSearch()
    private var scratch: CandidateTable.Scratch

    /// The snapshot of a problem; its jobs do not matter.
    package init(_ problem: BatchProblem) {
        self.problem = problem
        self.problem.jobs = []
        room = NodeRoom(problem)
        flows = problem.edgeBackground
        blocks = NodeBlocks(problem, room)
        scratch = CandidateTable.Scratch(edges: problem.edgeCount)
    }

    /// The fastest place of a job; `nil` when it fits nowhere.
    package mutating func place(_ job: BatchJob) -> JobPlacement? {
        var job = job
        job.weight = 1
        guard job.kind == .federated else { return wide.place(job, problem, room, flows, blocks) }
        let table = CandidateTable(federated: job, in: problem, &scratch)
        let alone = JobAlone(table: table, flows: flows, room: room)
        guard let seconds = search.place(0, in: alone, below: .infinity) else { return nil }
        let workers = search.choice.map { candidate in
            let node = Int(table.candidates[Int(candidate)].node)
            let domain = room.domain(for: table.jobs[0].need, on: node) ?? NodeRoom.spanning
            return BatchPlan.Worker(node: node, domain: domain < 0 ? nil : Int(domain))
        }
        return JobPlacement(workers: workers, seconds: seconds)
    }

    /// A job on the snapshot, with nobody to be delayed.
    private struct JobAlone: PlanInProgress {
        let table: CandidateTable
        let flows: [Double]
        let room: NodeRoom

        func domain(for job: CandidateTable.Job, on node: Int) -> Int32? { room.domain(for: job.need, on: node) }
        func delay(edge: Int, flows count: Double) -> Double { 0 }
    }

    /// The nodes of an edge, in no order that matters.
    func nodes(at edge: Int) -> [Int] {
        blocks.blocks(at: edge).flatMap { blocks.nodes[blocks.blocks[$0].members].map { Int($0) } }
    }

    // MARK: What changes

    /// Takes what the workers of a placed job need, and adds their flows.
    package mutating func take(_ job: BatchJob, _ workers: [BatchPlan.Worker]) { move(job, workers, 1) }

    /// Gives back what `take` took.
    package mutating func giveBack(_ job: BatchJob, _ workers: [BatchPlan.Worker]) { move(job, workers, -1) }

    private mutating func move(_ job: BatchJob, _ workers: [BatchPlan.Worker], _ sign: Double) {
        for worker in workers {
            let domain = worker.domain.map { Int32($0) } ?? NodeRoom.spanning
            if sign > 0 {
                room.take(job.request, on: worker.node, domain: domain)
            } else {
                room.giveBack(job.request, on: worker.node, domain: domain)
            }
            blocks.update(worker.node, problem, room)
        }
        for (edge, count) in BatchCost(problem).flows(job, workers) { flows[edge] += sign * count }
    }

    /// Makes a change part of the snapshot.
    package mutating func apply(_ change: PlacementChange) {
        change.apply(to: &problem, &room, flows: &flows)
        for node in change.nodes(in: problem) { blocks.update(node, problem, room) }
    }
}

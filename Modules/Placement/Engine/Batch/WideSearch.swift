/// Finds the fastest workers of a job that may use every node of some edges: best edges first, until none can be better.
struct WideSearch: Sendable {
    /// A worker more on an edge, and what the slowest there then costs.
    private struct Step {
        var time: Double
        var edge: Int
    }

    private struct Item {
        var candidate: CandidateTable.Candidate
        var isSpanning: Bool
        /// The cost with one flow of the job on the link.
        var cost: Double
    }

    private var pending: [(bound: Double, edge: Int)] = []
    private var blockBounds: [(bound: Double, block: Int)] = []
    private var items: [Item] = []
    private var costs: [Double] = []
    private var steps: [Step] = []

    mutating func place(
        _ job: BatchJob, _ problem: BatchProblem, _ room: NodeRoom, _ flows: [Double], _ blocks: NodeBlocks
    ) -> JobPlacement? {
        let question = Question(job, problem, room, flows, blocks)
        steps.removeAll(keepingCapacity: true)
        rank(question)
        while let (bound, edge) = popLeast(), bound < limit(job) { expand(edge, question) }
        guard steps.count == job.workers, let slowest = steps.last?.time else { return nil }
        var workers: [BatchPlan.Worker] = []
        for (index, step) in steps.enumerated() where !steps[..<index].contains(where: { $0.edge == step.edge }) {
            collect(step.edge, steps.count { $0.edge == step.edge }, question, &workers)
        }
        let fixed = job.setup + (job.kind.hasRounds ? job.rounds * job.aggregationTime : 0)
        return JobPlacement(workers: workers, seconds: fixed + slowest)
    }

    /// One job on one snapshot.
    private struct Question {
        let job: BatchJob
        let terms: JobTerms
        let bound: BlockBound
        let need: WorkerNeed
        let problem: BatchProblem
        let room: NodeRoom
        let flows: [Double]
        let blocks: NodeBlocks

        init(
            _ job: BatchJob, _ problem: BatchProblem, _ room: NodeRoom, _ flows: [Double], _ blocks: NodeBlocks
        ) {
            self.job = job
            self.problem = problem
            self.room = room
            self.flows = flows
            self.blocks = blocks
            terms = JobTerms(job, problem)
            bound = BlockBound(job, terms)
            need = WorkerNeed(job)
        }

        /// The flows on an edge's link with `workers` of the job there.
        func flows(_ edge: Int, workers: Int) -> Double {
            edge == 0 ? flows[edge] : flows[edge] + (job.aggregation == .flat ? Double(workers) : 1)
        }
    }

    /// The time that more workers must be below to count.
    private func limit(_ job: BatchJob) -> Double {
        steps.count < job.workers ? .infinity : steps[steps.count - 1].time
    }

    // MARK: Edges, best first

    private mutating func rank(_ question: Question) {
        pending.removeAll(keepingCapacity: true)
        for edge in question.job.scope {
            let link = question.bound.edge(edge, flows: question.flows(edge, workers: 1), question.problem)
            var least = Double.infinity
            for block in question.blocks.blocks(at: edge) {
                least = min(least, question.bound.seconds(question.blocks.blocks[block], link))
            }
            if least < .infinity { pending.append((least, edge)) }
        }
        for index in stride(from: pending.count / 2 - 1, through: 0, by: -1) { sink(index) }
    }

    /// Takes the edge with the least bound out of `pending`, which is a heap.
    private mutating func popLeast() -> (bound: Double, edge: Int)? {
        guard let least = pending.first else { return nil }
        pending[0] = pending[pending.count - 1]
        pending.removeLast()
        sink(0)
        return least
    }

    private mutating func sink(_ start: Int) {
        var index = start
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < pending.count {
                if (pending[child].bound, pending[child].edge) < (pending[least].bound, pending[least].edge) {
                    least = child
                }
            }
            if least == index { return }
            pending.swapAt(index, least)
            index = least
        }
    }

    // MARK: One edge

    /// The nodes of an edge that can be among the fastest `count`, whoever shares the link, and cost less than `limit`.
    private mutating func gather(_ edge: Int, count: Int, below limit: Double, _ question: Question) {
        items.removeAll(keepingCapacity: true)
        blockBounds.removeAll(keepingCapacity: true)
        // The least costs with `count` workers there: whoever costs more than the last of them alone is not needed.
        costs.removeAll(keepingCapacity: true)
        let link = question.bound.edge(edge, flows: question.flows(edge, workers: 1), question.problem)
        for block in question.blocks.blocks(at: edge) {
            let bound = question.bound.seconds(question.blocks.blocks[block], link)
            if bound < limit { blockBounds.append((bound, block)) }
        }
        blockBounds.sort { ($0.bound, $0.block) < ($1.bound, $1.block) }
        let slot = question.terms.slot(job: 0, edge: edge)
        let (alone, shared) = (question.flows(edge, workers: 1), question.flows(edge, workers: count))
        var limit = limit
        for (bound, block) in blockBounds where bound < limit {
            for member in question.blocks.nodes[question.blocks.blocks[block].members] {
                guard let domain = question.room.domain(for: question.need, on: Int(member)),
                    let candidate = question.terms.candidate(
                        node: Int(member), samples: question.terms.samples, slot: 0, slot)
                else { continue }
                let cost = candidate.cost(isSpanning: domain < 0, flows: alone, slot)
                guard cost < limit else { continue }
                items.append(Item(candidate: candidate, isSpanning: domain < 0, cost: cost))
                let most = candidate.cost(isSpanning: domain < 0, flows: shared, slot)
                if costs.count == count {
                    if most >= costs[count - 1] { continue }
                    costs.removeLast()
                }
                costs.insert(most, at: costs.firstIndex { $0 > most } ?? costs.count)
                if costs.count == count { limit = min(limit, costs[count - 1].nextUp) }
            }
        }
    }

    /// Adds what the workers of an edge can do to the least times so far.
    private mutating func expand(_ edge: Int, _ question: Question) {
        gather(edge, count: question.job.workers, below: limit(question.job), question)
        let slot = question.terms.slot(job: 0, edge: edge)
        for count in 1...question.job.workers where count <= items.count {
            costs.removeAll(keepingCapacity: true)
            let flows = question.flows(edge, workers: count)
            for item in items {
                costs.append(item.candidate.cost(isSpanning: item.isSpanning, flows: flows, slot))
            }
            costs.sort()
            let time = costs[count - 1]
            guard time < limit(question.job) else { return }
            if steps.count == question.job.workers { steps.removeLast() }
            steps.insert(Step(time: time, edge: edge), at: steps.firstIndex { $0.time > time } ?? steps.count)
        }
    }

    /// The fastest `count` workers of an edge.
    private mutating func collect(
        _ edge: Int, _ count: Int, _ question: Question, _ workers: inout [BatchPlan.Worker]
    ) {
        gather(edge, count: count, below: .infinity, question)
        let slot = question.terms.slot(job: 0, edge: edge)
        let flows = question.flows(edge, workers: count)
        for index in items.indices {
            items[index].cost = items[index].candidate.cost(isSpanning: items[index].isSpanning, flows: flows, slot)
        }
        items.sort { ($0.cost, $0.candidate.node) < ($1.cost, $1.candidate.node) }
        for item in items.prefix(count) {
            let node = Int(item.candidate.node)
            let domain = question.room.domain(for: question.need, on: node) ?? NodeRoom.spanning
            workers.append(BatchPlan.Worker(node: node, domain: domain < 0 ? nil : Int(domain)))
        }
    }
}

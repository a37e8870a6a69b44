/// A batch problem made ready for search: for each job its candidates, cheapest first, with every factor of the cost model
/// multiplied out, so that a worker's cost is three maxima and four sums.
///
/// Costs are in units of the objective (weight times seconds). A job costs `offset` plus the largest of its workers'
/// costs; with `n` flows on its link a worker costs
/// `base + max(cardDown, n linkDown) + max(cardUp, n linkUp) + max(staged, n linkStaged)`.
struct CandidateTable: Sendable {
    /// A node that may host a worker of a job.
    struct Candidate: Sendable {
        var node: Int32
        /// Index into `slots`.
        var slot: Int32
        /// The part that no flow changes, inside one domain and across domains.
        var base: Double
        var spanning: Double
        var cardDown: Double
        var cardUp: Double
        var staged: Double
        var samples: Double
        /// The cost when no other job of the batch runs: what it can never be below.
        var least: Double

        /// What a worker costs here, with `flows` on the link of `slot`.
        @inline(__always)
        func cost(isSpanning: Bool, flows: Double, _ slot: Slot) -> Double {
            (isSpanning ? spanning : base) + max(cardDown, flows * slot.linkDown) + max(cardUp, flows * slot.linkUp)
                + max(staged, flows * slot.linkStaged)
        }
    }

    /// An edge of a job: the link that its workers there share.
    struct Slot: Sendable {
        var job: Int32
        var edge: Int32
        /// Cost per flow on the link.
        var linkDown: Double
        var linkUp: Double
        var linkStaged: Double
        var isCore: Bool { edge == 0 }
    }

    struct Job: Sendable {
        var candidates: Range<Int>
        var slots: Range<Int>
        /// Where its workers lie in arrays that hold those of all jobs.
        var places: Range<Int>
        var offset: Double
        var deferral: Double
        var coverage: Double
        var request: Resources
        var workers: Int
        var isFlat: Bool
        var needsOneDomain: Bool
        var prefersSpanning: Bool
    }

    private(set) var candidates: [Candidate] = []
    private(set) var slots: [Slot] = []
    private(set) var jobs: [Job] = []
    private(set) var placeCount = 0
    let problem: BatchProblem

    init(_ problem: BatchProblem) {
        self.problem = problem
        let nodesByEdge = problem.nodesByEdge()
        var slotOfEdge = [Int32](repeating: -1, count: problem.edgeCount)
        jobs.reserveCapacity(problem.jobs.count)
        for job in problem.jobs { add(job, nodesByEdge, &slotOfEdge) }
    }

    private mutating func add(_ job: BatchJob, _ nodesByEdge: [[Int]], _ slotOfEdge: inout [Int32]) {
        let firstSlot = slots.count
        let terms = JobTerms(job, problem)
        var found: [Candidate] = []
        if job.kind == .federated {
            for shard in job.shards {
                let edge = problem.nodeEdge[shard.node]
                if slotOfEdge[edge] < 0 {
                    slotOfEdge[edge] = Int32(slots.count)
                    slots.append(terms.slot(job: jobs.count, edge: edge))
                }
                let slot = slotOfEdge[edge]
                if let candidate = terms.candidate(
                    node: shard.node, samples: shard.samples, slot: slot, slots[Int(slot)])
                {
                    found.append(candidate)
                }
            }
            for slot in slots[firstSlot...] { slotOfEdge[Int(slot.edge)] = -1 }
        } else {
            let samples = terms.samples
            for edge in job.scope {
                let slot = terms.slot(job: jobs.count, edge: edge)
                for node in nodesByEdge[edge] {
                    if let candidate = terms.candidate(
                        node: node, samples: samples, slot: Int32(slots.count), slot)
                    {
                        found.append(candidate)
                    }
                }
                slots.append(slot)
            }
        }
        // Keys are sorted in place of candidates, which are five times as large.
        var order = found.indices.map { (least: found[$0].least, index: Int32($0)) }
        order.sort { ($0.least, $0.index) < ($1.least, $1.index) }
        let firstCandidate = candidates.count
        for key in order { candidates.append(found[Int(key.index)]) }
        append(job, candidates: firstCandidate..<candidates.count, slots: firstSlot..<slots.count)
    }

    private mutating func append(_ job: BatchJob, candidates: Range<Int>, slots: Range<Int>) {
        // The order in which amounts that are no whole numbers are added must not decide whether they suffice.
        let isWhole = job.shards.allSatisfy { $0.samples.rounded() == $0.samples }
        let coverage = job.kind == .federated ? job.coverage * (isWhole ? 1 : 1 + 1e-12) : 0
        let fixed = job.setup + (job.kind.hasRounds ? job.rounds * job.aggregationTime : 0)
        jobs.append(
            Job(
                candidates: candidates, slots: slots, places: placeCount..<placeCount + job.workers,
                offset: job.weight * fixed, deferral: job.weight * job.deferral, coverage: coverage,
                request: job.request, workers: job.workers, isFlat: job.aggregation == .flat,
                needsOneDomain: job.needsOneDomain, prefersSpanning: !job.needsOneDomain && job.spanPenalty < 1))
        placeCount += job.workers
    }
}

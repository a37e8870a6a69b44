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
        var need: WorkerNeed
        var workers: Int
        var isFlat: Bool
    }

    var candidates: [Candidate] = []
    var slots: [Slot] = []
    private(set) var jobs: [Job] = []
    private(set) var placeCount = 0
    var problem: BatchProblem

    /// What is found for one job, in memory that serves all.
    struct Scratch: Sendable {
        fileprivate var slotOfEdge: [Int32]
        fileprivate var found: [Candidate] = []
        fileprivate var order: [UInt64] = []

        init(edges: Int) { slotOfEdge = [Int32](repeating: -1, count: edges) }
    }

    init(_ problem: BatchProblem) {
        self.problem = problem
        let nodesByEdge = problem.nodesByEdge()
        var scratch = Scratch(edges: problem.edgeCount)
        jobs.reserveCapacity(problem.jobs.count)
        candidates.reserveCapacity(
            problem.jobs.reduce(0) { sum, job in
                sum
                    + (job.kind == .federated
                        ? job.shards.count : job.scope.reduce(0) { $0 + nodesByEdge[$1].count })
            })
        for job in problem.jobs { add(job, nodesByEdge, &scratch) }
    }

    /// The table of one job that goes where its shards are.
    init(federated job: BatchJob, in problem: BatchProblem, _ scratch: inout Scratch) {
        self.problem = problem
        add(job, [], &scratch)
    }

    private mutating func add(_ job: BatchJob, _ nodesByEdge: [[Int]], _ scratch: inout Scratch) {
        let firstSlot = slots.count
        let terms = JobTerms(job, problem)
        scratch.found.removeAll(keepingCapacity: true)
        if job.kind == .federated {
            for shard in job.shards {
                let edge = problem.nodeEdge[shard.node]
                if scratch.slotOfEdge[edge] < 0 {
                    scratch.slotOfEdge[edge] = Int32(slots.count)
                    slots.append(terms.slot(job: jobs.count, edge: edge))
                }
                let slot = scratch.slotOfEdge[edge]
                if let candidate = terms.candidate(
                    node: shard.node, samples: shard.samples, slot: slot, slots[Int(slot)])
                {
                    scratch.found.append(candidate)
                }
            }
            for slot in slots[firstSlot...] { scratch.slotOfEdge[Int(slot.edge)] = -1 }
        } else {
            let samples = terms.samples
            for edge in job.scope {
                let slot = terms.slot(job: jobs.count, edge: edge)
                for node in nodesByEdge[edge] {
                    if let candidate = terms.candidate(
                        node: node, samples: samples, slot: Int32(slots.count), slot)
                    {
                        scratch.found.append(candidate)
                    }
                }
                slots.append(slot)
            }
        }
        let firstCandidate = candidates.count
        sort(&scratch)
        append(job, candidates: firstCandidate..<candidates.count, slots: firstSlot..<slots.count)
    }

    /// Appends what was found, cheapest first; of equal ones the first found.
    private mutating func sort(_ scratch: inout Scratch) {
        let firstCandidate = candidates.count
        // As many bits as an index needs take the place of a cost's last ones: numbers sort much faster than pairs.
        let bits = UInt64(scratch.found.count).bitWidth - scratch.found.count.leadingZeroBitCount
        let mask = (UInt64(1) << UInt64(bits)) - 1
        scratch.order.removeAll(keepingCapacity: true)
        for (index, candidate) in scratch.found.enumerated() {
            scratch.order.append(candidate.least.bitPattern & ~mask | UInt64(index))
        }
        scratch.order.sort()
        for key in scratch.order {
            let candidate = scratch.found[Int(key & mask)]
            var place = candidates.count
            candidates.append(candidate)
            // Costs that differ in those bits alone.
            while place > firstCandidate, candidates[place - 1].least > candidate.least {
                candidates.swapAt(place, place - 1)
                place -= 1
            }
        }
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
                need: WorkerNeed(job), workers: job.workers, isFlat: job.aggregation == .flat))
        placeCount += job.workers
    }
}

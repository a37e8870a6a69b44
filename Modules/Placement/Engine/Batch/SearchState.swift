/// What a worker that is placed costs, but for its link.
private struct WorkerTerms: Sendable {
    var base = 0.0
    var cardDown = 0.0
    var cardUp = 0.0
    var staged = 0.0

    init() {}

    init(_ candidate: CandidateTable.Candidate, isSpanning: Bool) {
        base = isSpanning ? candidate.spanning : candidate.base
        (cardDown, cardUp, staged) = (candidate.cardDown, candidate.cardUp, candidate.staged)
    }

    /// The same sum as `CandidateTable.Candidate.cost`, with the cost of the link given.
    @inline(__always)
    func cost(down: Double, up: Double, staged: Double) -> Double {
        base + max(cardDown, down) + max(cardUp, up) + max(self.staged, staged)
    }
}

/// A plan in the making: what is still free, how many flows each link carries, and what each job costs for it.
///
/// Placing or removing a job touches only its own nodes and the jobs that share a link with it.
struct SearchState: PlanInProgress, Sendable {
    private static let none: Int32 = -1

    private(set) var table: CandidateTable
    /// The sum over placed jobs of their cost and over deferred jobs of their deferral.
    private(set) var objective: Double
    private(set) var flows: [Double]
    private(set) var room: NodeRoom
    private(set) var isPlaced: [Bool]
    /// The largest cost among the workers of a placed job.
    private(set) var worst: [Double]
    /// The candidate and the domain of each worker; those in one slot stand together.
    private(set) var workerCandidate: [Int32]
    private(set) var workerDomain: [Int32]
    /// What each worker's cost is made of: together for those in one slot, where the candidates are all over the table.
    private var workerTerms: [WorkerTerms]
    /// The workers of a slot, and the largest cost among them.
    private var slotFirst: [Int32]
    private var slotCount: [Int32]
    private var slotWorst: [Double]
    /// The slots in use at each edge, and the workers on each node.
    private var slotsAtEdge: MemberLists
    private var workersOnNode: MemberLists
    private var workerJob: [Int32]

    init(_ table: CandidateTable) {
        self.table = table
        let problem = table.problem
        objective = table.jobs.reduce(0) { $0 + $1.deferral }
        flows = problem.edgeBackground
        room = NodeRoom(problem)
        isPlaced = [Bool](repeating: false, count: table.jobs.count)
        worst = [Double](repeating: 0, count: table.jobs.count)
        func list(_ count: Int) -> [Int32] { [Int32](repeating: Self.none, count: count) }
        workerCandidate = list(table.placeCount)
        workerDomain = workerCandidate
        workerJob = workerCandidate
        workerTerms = [WorkerTerms](repeating: WorkerTerms(), count: table.placeCount)
        for (index, job) in table.jobs.enumerated() {
            for worker in job.places { workerJob[worker] = Int32(index) }
        }
        slotFirst = list(table.slots.count)
        slotCount = [Int32](repeating: 0, count: table.slots.count)
        slotWorst = [Double](repeating: 0, count: table.slots.count)
        slotsAtEdge = MemberLists(lists: problem.edgeCount, members: table.slots.count)
        workersOnNode = MemberLists(lists: problem.nodeCount, members: table.placeCount)
    }

    /// What a job adds to the objective now.
    func cost(of job: Int) -> Double {
        isPlaced[job] ? table.jobs[job].offset + worst[job] : table.jobs[job].deferral
    }

    // MARK: Room

    /// The domain for one more worker of `job` on `node`; `nil` when there is no room.
    @inline(__always)
    func domain(for job: CandidateTable.Job, on node: Int) -> Int32? { room.domain(for: job.need, on: node) }

    // MARK: Placing

    /// Places a job that is not.
    /// - Parameters:
    ///   - choice: its candidates, those of one slot together.
    ///   - domains: the domain of each; `nil` to choose them now.
    mutating func place(_ index: Int, _ choice: ArraySlice<Int32>, domains: ArraySlice<Int32>? = nil) {
        let job = table.jobs[index]
        objective -= job.deferral
        isPlaced[index] = true
        worst[index] = 0
        for (number, candidate) in choice.enumerated() {
            let worker = job.places.lowerBound + number
            let node = Int(table.candidates[Int(candidate)].node)
            let slot = Int(table.candidates[Int(candidate)].slot)
            let domain: Int32
            if let domains {
                domain = domains[domains.startIndex + number]
            } else {
                // The caller found room, and no two workers of a job share a node.
                domain = self.domain(for: job, on: node) ?? NodeRoom.spanning
            }
            workerCandidate[worker] = candidate
            workerDomain[worker] = domain
            workerTerms[worker] = WorkerTerms(table.candidates[Int(candidate)], isSpanning: domain < 0)
            room.take(job.need.request, on: node, domain: domain)
            workersOnNode.add(worker, to: node)
            if slotCount[slot] == 0 { slotFirst[slot] = Int32(worker) }
            slotCount[slot] += 1
        }
        objective += job.offset
        for slot in job.slots where slotCount[slot] > 0 {
            let edge = Int(table.slots[slot].edge)
            if edge == 0 {
                raise(slot)
            } else {
                flows[edge] += job.isFlat ? Double(slotCount[slot]) : 1
                slotsAtEdge.add(slot, to: edge)
                refresh(edge)
            }
        }
    }

    /// Takes a placed job away.
    mutating func remove(_ index: Int) {
        let job = table.jobs[index]
        objective -= job.offset + worst[index]
        isPlaced[index] = false
        for worker in job.places {
            let node = Int(table.candidates[Int(workerCandidate[worker])].node)
            room.giveBack(job.need.request, on: node, domain: workerDomain[worker])
            workersOnNode.remove(worker, from: node)
        }
        for slot in job.slots where slotCount[slot] > 0 {
            let edge = Int(table.slots[slot].edge)
            if edge != 0 {
                flows[edge] -= job.isFlat ? Double(slotCount[slot]) : 1
                slotsAtEdge.remove(slot, from: edge)
                refresh(edge)
            }
            slotCount[slot] = 0
            slotWorst[slot] = 0
        }
        objective += job.deferral
    }

    /// The largest cost among the workers of a slot with `count` flows on its link.
    @inline(__always)
    private func worst(in slot: Int, flows count: Double) -> Double {
        let link = table.slots[slot]
        let (down, up, staged) = (count * link.linkDown, count * link.linkUp, count * link.linkStaged)
        var worst = 0.0
        let first = Int(slotFirst[slot])
        for worker in first..<first + Int(slotCount[slot]) {
            worst = max(worst, workerTerms[worker].cost(down: down, up: up, staged: staged))
        }
        return worst
    }

    /// Computes what the workers of every slot at an edge cost anew.
    private mutating func refresh(_ edge: Int) {
        var slot = slotsAtEdge.first(of: edge)
        while slot >= 0 {
            raise(Int(slot))
            slot = slotsAtEdge.next(after: slot)
        }
    }

    private mutating func raise(_ slot: Int) {
        let index = Int(table.slots[slot].job)
        let (before, now) = (slotWorst[slot], worst(in: slot, flows: flows[Int(table.slots[slot].edge)]))
        slotWorst[slot] = now
        let slowest = worst[index]
        if now >= slowest {
            objective += now - slowest
            worst[index] = now
            return
        }
        // Another slot was the slowest, and still is.
        if before < slowest { return }
        var largest = 0.0
        let job = table.jobs[index]
        if job.slots.count <= 2 * job.workers {
            for other in job.slots where slotCount[other] > 0 { largest = max(largest, slotWorst[other]) }
        } else {
            // A job that may use many edges uses few.
            for worker in job.places {
                largest = max(largest, slotWorst[Int(table.candidates[Int(workerCandidate[worker])].slot)])
            }
        }
        objective += largest - slowest
        worst[index] = largest
    }

    /// What `count` more flows on an edge's link cost the jobs that use it; exact for one edge, and at most too much when
    /// several edges of a job get slower at once.
    func delay(edge: Int, flows count: Double) -> Double {
        if edge == 0 { return 0 }
        var delay = 0.0
        var slot = slotsAtEdge.first(of: edge)
        while slot >= 0 {
            let job = Int(table.slots[Int(slot)].job)
            delay += max(0, worst(in: Int(slot), flows: flows[edge] + count) - worst[job])
            slot = slotsAtEdge.next(after: slot)
        }
        return delay
    }

    // MARK: Changes

    /// Makes a change part of the snapshot. No job that it slows down or drives out is placed now.
    mutating func apply(_ change: PlacementChange) { change.apply(to: &table.problem, &room, flows: &flows) }

    /// Computes what the candidates of a job that is not placed cost anew.
    mutating func reprice(_ job: Int) { table.reprice(job) }

    /// Computes what the candidate that `node` is for a job costs anew. The job has no worker there.
    mutating func reprice(_ job: Int, on node: Int) {
        guard let (from, to) = table.reprice(job, on: node), from != to, isPlaced[job] else { return }
        for worker in table.jobs[job].places {
            let candidate = Int(workerCandidate[worker])
            if from < candidate, candidate <= to { workerCandidate[worker] -= 1 }
            if to <= candidate, candidate < from { workerCandidate[worker] += 1 }
        }
    }

    /// Adds the objective up anew: what rounding left behind goes.
    mutating func settle() { objective = table.jobs.indices.reduce(0) { $0 + cost(of: $1) } }

    // MARK: Neighbours

    /// Calls `body` with each job that uses an edge's link.
    func eachJob(atEdge edge: Int, _ body: (Int) -> Void) {
        var slot = slotsAtEdge.first(of: edge)
        while slot >= 0 {
            body(Int(table.slots[Int(slot)].job))
            slot = slotsAtEdge.next(after: slot)
        }
    }

    /// Calls `body` with each job that has a worker on a node.
    func eachJob(onNode node: Int, _ body: (Int) -> Void) {
        var worker = workersOnNode.first(of: node)
        while worker >= 0 {
            body(Int(workerJob[Int(worker)]))
            worker = workersOnNode.next(after: worker)
        }
    }
}

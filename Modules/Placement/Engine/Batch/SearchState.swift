/// A plan in the making: what is still free, how many flows each link carries, and what each job costs for it.
///
/// Placing or removing a job touches only its own nodes and the jobs that share a link with it.
struct SearchState: Sendable {
    static let spanning: Int32 = -1
    private static let none: Int32 = -1

    let table: CandidateTable
    /// The sum over placed jobs of their cost and over deferred jobs of their deferral.
    private(set) var objective: Double
    private(set) var flows: [Double]
    private var domainFree: [Resources]
    private var nodeFree: [Resources]
    private(set) var isPlaced: [Bool]
    /// The largest cost among the workers of a placed job.
    private(set) var worst: [Double]
    /// The candidate and the domain of each worker; those in one slot stand together.
    private(set) var workerCandidate: [Int32]
    private(set) var workerDomain: [Int32]
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
        domainFree = problem.domainFree
        nodeFree = (0..<problem.nodeCount).map { node in
            problem.domains(of: node).reduce(into: Resources()) { $0 += problem.domainFree[$1] }
        }
        isPlaced = [Bool](repeating: false, count: table.jobs.count)
        worst = [Double](repeating: 0, count: table.jobs.count)
        func list(_ count: Int) -> [Int32] { [Int32](repeating: Self.none, count: count) }
        workerCandidate = list(table.placeCount)
        workerDomain = workerCandidate
        workerJob = workerCandidate
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

    /// The domain for one more worker of `job` on `node`: the tightest that holds it, else `spanning` if the job may;
    /// `nil` when there is no room.
    func domain(for job: CandidateTable.Job, on node: Int) -> Int32? {
        guard nodeFree[node].holds(job.request) else { return nil }
        if job.prefersSpanning { return Self.spanning }
        var best: Int32?
        var slack = (Double.infinity, Double.infinity, Double.infinity)
        let start = table.problem.domainStart[node]
        for domain in start..<table.problem.domainStart[node + 1] {
            let free = domainFree[domain]
            guard free.holds(job.request) else { continue }
            let left = (free.gpus, free.cpus, free.memory)
            if best == nil || left < slack {
                best = Int32(domain - start)
                slack = left
            }
        }
        return best ?? (job.needsOneDomain ? nil : Self.spanning)
    }

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
                domain = self.domain(for: job, on: node) ?? Self.spanning
            }
            workerCandidate[worker] = candidate
            workerDomain[worker] = domain
            nodeFree[node] -= job.request
            if domain >= 0 { domainFree[table.problem.domainStart[node] + Int(domain)] -= job.request }
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
            let domain = workerDomain[worker]
            nodeFree[node] += job.request
            if domain >= 0 { domainFree[table.problem.domainStart[node] + Int(domain)] += job.request }
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
        var worst = 0.0
        let first = Int(slotFirst[slot])
        for worker in first..<first + Int(slotCount[slot]) {
            let candidate = table.candidates[Int(workerCandidate[worker])]
            worst = max(worst, candidate.cost(isSpanning: workerDomain[worker] < 0, flows: count, link))
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
        slotWorst[slot] = worst(in: slot, flows: flows[Int(table.slots[slot].edge)])
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
        objective += largest - worst[index]
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

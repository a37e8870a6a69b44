import Core

/// The jobs that a step takes out of a plan, some that are in each other's way, and where they were.
struct Removal: Sendable {
    private(set) var jobs: [Int] = []
    private var isTaken: [Bool]
    private var oldCandidate: [Int32] = []
    private var oldDomain: [Int32] = []
    private var oldJobs: [Int] = []
    private var oldStart: [Int32]
    private var neighbours: [Int] = []

    init(jobs count: Int) {
        isTaken = [Bool](repeating: false, count: count)
        oldStart = [Int32](repeating: -1, count: count)
    }

    // MARK: What is taken out

    /// Chooses `seed` and at most `most` jobs in all: some on the nodes that it would like, some on links that it may use.
    mutating func choose(around seed: Int, most: Int, in state: borrowing SearchState, _ random: inout SplitMix64) {
        jobs.removeAll(keepingCapacity: true)
        take(seed)
        if random.next() & 1 == 0 { takeBlockers(of: seed, most, state, &random) }
        var centre = seed
        for _ in 0..<3 * most where jobs.count < most {
            takeNeighbour(of: centre, state, &random)
            if random.below(3) == 0 { centre = jobs[random.below(jobs.count)] }
        }
    }

    /// Jobs on the nodes that would suit `job` best and have no room for it.
    private mutating func takeBlockers(
        of job: Int, _ most: Int, _ state: borrowing SearchState, _ random: inout SplitMix64
    ) {
        let terms = state.table.jobs[job]
        for candidate in terms.candidates.prefix(3 * terms.workers + 2) where jobs.count < most {
            let node = Int(state.table.candidates[candidate].node)
            if random.next() & 1 == 0 || state.domain(for: terms, on: node) != nil { continue }
            neighbours.removeAll(keepingCapacity: true)
            var found = neighbours
            state.eachJob(onNode: node) { found.append($0) }
            neighbours = found
            if !neighbours.isEmpty { take(neighbours[random.below(neighbours.count)]) }
        }
    }

    /// A job that uses an edge which `job` may use.
    private mutating func takeNeighbour(of job: Int, _ state: borrowing SearchState, _ random: inout SplitMix64) {
        let slots = state.table.jobs[job].slots
        guard !slots.isEmpty else { return }
        let slot = slots.lowerBound + random.below(slots.count)
        var found = neighbours
        found.removeAll(keepingCapacity: true)
        state.eachJob(atEdge: Int(state.table.slots[slot].edge)) { found.append($0) }
        neighbours = found
        if !neighbours.isEmpty { take(neighbours[random.below(neighbours.count)]) }
    }

    private mutating func take(_ job: Int) {
        if isTaken[job] { return }
        isTaken[job] = true
        jobs.append(job)
    }

    /// Takes the chosen jobs out of the plan, and notes where they were.
    mutating func takeOut(of state: inout SearchState) {
        oldCandidate.removeAll(keepingCapacity: true)
        oldDomain.removeAll(keepingCapacity: true)
        oldJobs.removeAll(keepingCapacity: true)
        for job in jobs {
            isTaken[job] = false
            oldStart[job] = -1
            guard state.isPlaced[job] else { continue }
            oldStart[job] = Int32(oldCandidate.count)
            oldJobs.append(job)
            for worker in state.table.jobs[job].places {
                oldCandidate.append(state.workerCandidate[worker])
                oldDomain.append(state.workerDomain[worker])
            }
            state.remove(job)
        }
    }

    /// The candidates that a job which was taken out had; none if it was deferred.
    func oldPlace(of job: Int, _ table: borrowing CandidateTable) -> ArraySlice<Int32> {
        let start = Int(oldStart[job])
        return start < 0 ? [] : oldCandidate[start..<start + table.jobs[job].workers]
    }

    // MARK: How it is put back

    mutating func shuffle(_ random: inout SplitMix64) {
        for index in jobs.indices.dropLast() { jobs.swapAt(index, index + random.below(jobs.count - index)) }
    }

    mutating func sort(by isBefore: (Int, Int) -> Bool) { jobs.sort(by: isBefore) }

    /// Undoes what was done since `takeOut`.
    mutating func putBack(into state: inout SearchState) {
        for job in jobs where state.isPlaced[job] { state.remove(job) }
        var start = 0
        for job in oldJobs {
            let end = start + state.table.jobs[job].workers
            state.place(job, oldCandidate[start..<end], domains: oldDomain[start..<end])
            start = end
        }
    }
}

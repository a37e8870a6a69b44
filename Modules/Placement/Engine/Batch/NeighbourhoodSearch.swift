import Core
import Glibc

/// A plan that is taken apart and put together again, step by step, and the best plan on the way.
struct NeighbourhoodSearch {
    private let table: CandidateTable
    private var state: SearchState
    private var search = JobSearch()
    private var random: SplitMix64
    private(set) var bestObjective: Double
    private(set) var steps = 0

    /// The best plan, and the jobs whose place may differ from it.
    private var bestCandidate: [Int32]
    private var bestDomain: [Int32]
    private var bestIsPlaced: [Bool]
    private var changed: [Int] = []
    private var isChanged: [Bool]

    /// The jobs that a step takes out, and where they were.
    private var removed: [Int] = []
    private var isRemoved: [Bool]
    private var oldCandidate: [Int32] = []
    private var oldDomain: [Int32] = []
    private var oldJobs: [Int] = []
    private var neighbours: [Int] = []

    init(_ table: CandidateTable, random: SplitMix64) {
        self.table = table
        self.random = random
        state = SearchState(table)
        bestObjective = state.objective
        bestCandidate = state.workerCandidate
        bestDomain = state.workerDomain
        bestIsPlaced = state.isPlaced
        isChanged = state.isPlaced
        isRemoved = state.isPlaced
    }

    // MARK: The first plan

    /// Gives every job that is not placed its best place, those first whose deferral costs most.
    mutating func fill() {
        let order = table.jobs.indices.filter { !state.isPlaced[$0] }
            .sorted { (table.jobs[$0].deferral, $1) > (table.jobs[$1].deferral, $0) }
        for job in order {
            insert(job)
            change(job)
        }
        keepBest()
    }

    private mutating func insert(_ job: Int) {
        if search.place(job, in: state, below: table.jobs[job].deferral) != nil { state.place(job, search.choice[...]) }
    }

    // MARK: Improvement

    /// Improves the plan until `iterations` steps are done or `progress` says 1.
    /// - Parameter least: what each job costs at the least.
    mutating func improve(
        least: [Double], iterations: Int, progress: () -> Double, report: (Int, Double, Double) -> Void
    ) {
        let bound = least.reduce(0, +)
        let scale = bound / Double(max(1, least.count))
        var temperature = 0.0
        while steps < iterations {
            if steps & 15 == 0 {
                let used = progress()
                // Steps alone cool a search that counts them: the same number of steps, the same plan.
                let share = iterations == .max ? used : Double(steps) / Double(iterations)
                if used >= 1 || bestObjective <= bound * (1 + 1e-12) { return }
                report(steps, share, bestObjective)
                temperature = scale * Self.hot * pow(Self.cold / Self.hot, share)
            }
            steps += 1
            step(temperature: temperature, least)
        }
    }

    /// The temperature at the start and at the end, in units of a job's mean least cost.
    private static let hot = 0.05
    private static let cold = 0.0005

    private mutating func step(temperature: Double, _ least: [Double]) {
        let before = state.objective
        choose(least)
        takeOut()
        sort()
        for job in removed {
            let limit = table.jobs[job].deferral
            var generator = random
            let found = search.place(job, in: state, below: limit) { generator.next() & 63 == 0 }
            random = generator
            if found != nil { state.place(job, search.choice[...]) }
        }
        let rise = state.objective - before
        if rise > 0, rise >= -temperature * log(max(random.nextUnit(), 0x1p-60)) {
            putBack()
            return
        }
        for job in removed { change(job) }
        if state.objective < bestObjective - 1e-12 * abs(bestObjective) { keepBest() }
    }

    // MARK: What is taken out

    /// Chooses a job and others that are in its way.
    private mutating func choose(_ least: [Double]) {
        removed.removeAll(keepingCapacity: true)
        let count = table.jobs.count
        var seed = below(count)
        if random.next() & 1 == 0 {
            // Of a few, the one that is furthest above its least cost.
            for _ in 0..<6 {
                let other = below(count)
                if state.cost(of: other) - least[other] > state.cost(of: seed) - least[seed] { seed = other }
            }
        }
        let wanted = min(count, 2 + below(7))
        take(seed)
        if random.next() & 1 == 0 { takeBlockers(of: seed, wanted) }
        var centre = seed
        for _ in 0..<3 * wanted where removed.count < wanted {
            takeNeighbour(of: centre)
            if below(3) == 0 { centre = removed[below(removed.count)] }
        }
    }

    /// Jobs on the nodes that would suit `job` best and have no room for it.
    private mutating func takeBlockers(of job: Int, _ wanted: Int) {
        let terms = table.jobs[job]
        for candidate in terms.candidates.prefix(3 * terms.workers + 2) where removed.count < wanted {
            let node = Int(table.candidates[candidate].node)
            if random.next() & 1 == 0 || state.domain(for: terms, on: node) != nil { continue }
            neighbours.removeAll(keepingCapacity: true)
            var found = neighbours
            state.eachJob(onNode: node) { found.append($0) }
            neighbours = found
            if !neighbours.isEmpty { take(neighbours[below(neighbours.count)]) }
        }
    }

    /// A job that uses an edge which `job` may use.
    private mutating func takeNeighbour(of job: Int) {
        let slots = table.jobs[job].slots
        guard !slots.isEmpty else { return }
        let slot = slots.lowerBound + below(slots.count)
        var found = neighbours
        found.removeAll(keepingCapacity: true)
        state.eachJob(atEdge: Int(table.slots[slot].edge)) { found.append($0) }
        neighbours = found
        if !neighbours.isEmpty { take(neighbours[below(neighbours.count)]) }
    }

    private mutating func take(_ job: Int) {
        if isRemoved[job] { return }
        isRemoved[job] = true
        removed.append(job)
    }

    /// Takes the chosen jobs out of the plan, and notes where they were.
    private mutating func takeOut() {
        oldCandidate.removeAll(keepingCapacity: true)
        oldDomain.removeAll(keepingCapacity: true)
        oldJobs.removeAll(keepingCapacity: true)
        for job in removed {
            isRemoved[job] = false
            guard state.isPlaced[job] else { continue }
            oldJobs.append(job)
            for worker in table.jobs[job].places {
                oldCandidate.append(state.workerCandidate[worker])
                oldDomain.append(state.workerDomain[worker])
            }
            state.remove(job)
        }
    }

    // MARK: How it is put back

    /// Orders the jobs that were taken out.
    private mutating func sort() {
        for index in removed.indices.dropLast() { removed.swapAt(index, index + below(removed.count - index)) }
        switch below(4) {
        case 0: removed.sort { (table.jobs[$0].deferral, $1) > (table.jobs[$1].deferral, $0) }
        case 1: removed.sort { (table.jobs[$0].workers, $1) > (table.jobs[$1].workers, $0) }
        default: break
        }
    }

    /// Undoes a step.
    private mutating func putBack() {
        for job in removed where state.isPlaced[job] { state.remove(job) }
        var start = 0
        for job in oldJobs {
            let end = start + table.jobs[job].workers
            state.place(job, oldCandidate[start..<end], domains: oldDomain[start..<end])
            start = end
        }
    }

    // MARK: The best plan

    private mutating func change(_ job: Int) {
        if isChanged[job] { return }
        isChanged[job] = true
        changed.append(job)
    }

    private mutating func keepBest() {
        bestObjective = state.objective
        for job in changed {
            isChanged[job] = false
            bestIsPlaced[job] = state.isPlaced[job]
            for worker in table.jobs[job].places {
                bestCandidate[worker] = state.workerCandidate[worker]
                bestDomain[worker] = state.workerDomain[worker]
            }
        }
        changed.removeAll(keepingCapacity: true)
    }

    /// The best plan so far.
    func plan() -> BatchPlan {
        let workers = table.jobs.indices.map { job -> [BatchPlan.Worker] in
            guard bestIsPlaced[job] else { return [] }
            return table.jobs[job].places.map { worker in
                let domain = Int(bestDomain[worker])
                return BatchPlan.Worker(
                    node: Int(table.candidates[Int(bestCandidate[worker])].node), domain: domain < 0 ? nil : domain)
            }
        }
        return BatchPlan(instance: table.problem.name, workers: workers)
    }

    /// A number from 0 up to `limit`, which it is not.
    @inline(__always)
    private mutating func below(_ limit: Int) -> Int {
        Int(random.next().multipliedFullWidth(by: UInt64(limit)).high)
    }
}

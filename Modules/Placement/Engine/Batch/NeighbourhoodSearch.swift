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

    private var removal: Removal

    init(_ table: CandidateTable, random: SplitMix64) {
        self.table = table
        self.random = random
        state = SearchState(table)
        bestObjective = state.objective
        bestCandidate = state.workerCandidate
        bestDomain = state.workerDomain
        bestIsPlaced = state.isPlaced
        isChanged = state.isPlaced
        removal = Removal(jobs: table.jobs.count)
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
        let hot = table.jobs.count < Self.few ? Self.hotOfFew : Self.hot
        var temperature = 0.0
        while steps < iterations {
            if steps & 15 == 0 {
                let used = progress()
                // Steps alone cool a search that counts them: the same number of steps, the same plan.
                let share = iterations == .max ? used : Double(steps) / Double(iterations)
                if used >= 1 || bestObjective <= bound * (1 + 1e-12) { return }
                report(steps, share, bestObjective)
                temperature = scale * hot * pow(Self.cold / hot, share)
            }
            steps += 1
            step(temperature: temperature, least)
        }
    }

    /// The temperature at the start and at the end, in units of a job's mean least cost.
    private static let hot = 0.15
    /// Of few jobs, each of which is tried hundreds of times, the search can afford to wander further.
    private static let hotOfFew = 0.4
    private static let cold = 0.001
    /// With fewer jobs than this, a job is put back without regard to where it was.
    private static let few = 64

    private mutating func step(temperature: Double, _ least: [Double]) {
        let before = state.objective
        choose(least)
        removal.takeOut(of: &state)
        sort()
        for job in removal.jobs {
            let limit = table.jobs[job].deferral
            var generator = random
            // Where a job was is a bound that saves time where there are many, and leads back to dead ends where there are few.
            let known = table.jobs.count < Self.few || random.below(4) == 0 ? [] : removal.oldPlace(of: job, table)
            let found = search.place(job, in: state, below: limit, or: known) { generator.next() & 63 == 0 }
            random = generator
            if found != nil { state.place(job, search.choice[...]) }
        }
        let rise = state.objective - before
        if rise > 0, rise >= -temperature * log(max(random.nextUnit(), 0x1p-60)) {
            removal.putBack(into: &state)
            return
        }
        for job in removal.jobs { change(job) }
        if state.objective < bestObjective - 1e-12 * abs(bestObjective) { keepBest() }
    }

    /// Chooses a job and others that are in its way.
    private mutating func choose(_ least: [Double]) {
        let count = table.jobs.count
        var seed = random.below(count)
        if random.next() & 1 == 0 {
            // Of a few, the one that is furthest above its least cost.
            for _ in 0..<6 {
                let other = random.below(count)
                if state.cost(of: other) - least[other] > state.cost(of: seed) - least[seed] { seed = other }
            }
        }
        removal.choose(around: seed, most: min(count, 2 + random.below(7)), in: state, &random)
    }

    /// Orders the jobs that were taken out.
    private mutating func sort() {
        removal.shuffle(&random)
        switch random.below(4) {
        case 0: removal.sort { (table.jobs[$0].deferral, $1) > (table.jobs[$1].deferral, $0) }
        case 1: removal.sort { (table.jobs[$0].workers, $1) > (table.jobs[$1].workers, $0) }
        default: break
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

    /// The workers of the plan as it is.
    var workersPlaced: Int { table.jobs.indices.reduce(0) { $0 + (state.isPlaced[$1] ? table.jobs[$1].workers : 0) } }

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
}

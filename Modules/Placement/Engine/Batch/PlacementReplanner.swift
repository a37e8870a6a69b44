import Core

/// Keeps a plan good while the snapshot that it was made for changes: re-places the jobs that a change drives out, and
/// moves others only where the gain pays for it.
///
/// Deterministic: the same plan, changes and limits, the same answer. Every plan is feasible. Making one takes as long as
/// making a solver; a change takes time in proportion to the jobs that it concerns.
package struct PlacementReplanner: Sendable {
    private(set) var state: SearchState
    private let limits: ReplanningLimits
    private var search = JobSearch()
    private var removal: Removal
    private let jobsOfNode: Incidence
    private let jobsOfEdge: Incidence
    /// Jobs with data at an edge that moves: its link is theirs although they have no worker there.
    private let senders: Incidence
    let nodesOfEdge: [[Int]]

    /// Where jobs were before the change that is being answered.
    private var homes: [Int: Home] = [:]
    /// What the slowest worker of each job costs with the change and without an answer.
    private var worstBefore: [Double] = []

    struct Home: Sendable {
        var workers: [BatchPlan.Worker]
        /// Those of `workers`, as candidates and domains; none when the job was driven out.
        var candidates: [Int32] = []
        var domains: [Int32] = []
    }

    /// - Throws: `PlacementError` of kind `infeasible` when the plan breaks a rule of the problem.
    package init(
        _ problem: BatchProblem, _ plan: BatchPlan, limits: ReplanningLimits = ReplanningLimits()
    ) throws(PlacementError) {
        _ = try BatchEvaluation(plan, of: problem)
        let table = CandidateTable(problem)
        self.limits = limits
        removal = Removal(jobs: table.jobs.count)
        var (ofNode, ofEdge, sending): ([(Int32, Int32)], [(Int32, Int32)], [(Int32, Int32)]) = ([], [], [])
        for (index, job) in table.jobs.enumerated() {
            for candidate in table.candidates[job.candidates] { ofNode.append((candidate.node, Int32(index))) }
            for slot in table.slots[job.slots] { ofEdge.append((slot.edge, Int32(index))) }
            guard !problem.jobs[index].kind.hasRounds else { continue }
            for edge in Set(problem.jobs[index].shards.map { problem.nodeEdge[$0.node] }).sorted() {
                sending.append((Int32(edge), Int32(index)))
            }
        }
        jobsOfNode = Incidence(places: problem.nodeCount, ofNode)
        jobsOfEdge = Incidence(places: problem.edgeCount, ofEdge)
        senders = Incidence(places: problem.edgeCount, sending)
        nodesOfEdge = problem.nodesByEdge()
        state = SearchState(table)
        for (job, workers) in plan.workers.enumerated() where !workers.isEmpty {
            let home = home(of: job, workers)
            state.place(job, home.candidates[...], domains: home.domains[...])
        }
    }

    /// The snapshot as it now is.
    package var problem: BatchProblem { state.table.problem }
    package var objective: Double { state.objective }

    /// The plan as it now is.
    package var plan: BatchPlan {
        BatchPlan(instance: problem.name, workers: state.table.jobs.indices.map { workers(of: $0) })
    }

    /// Where a job runs now.
    func workers(of job: Int) -> [BatchPlan.Worker] {
        guard state.isPlaced[job] else { return [] }
        return state.table.jobs[job].places.map { place in
            let domain = Int(state.workerDomain[place])
            return BatchPlan.Worker(
                node: Int(state.table.candidates[Int(state.workerCandidate[place])].node),
                domain: domain < 0 ? nil : domain)
        }
    }

    /// Workers as the table knows them, those of one slot together.
    private func home(of job: Int, _ workers: [BatchPlan.Worker]) -> Home {
        let table = state.table
        var found: [(candidate: Int32, domain: Int32)] = []
        for worker in workers {
            guard let candidate = table.candidate(of: job, on: worker.node) else { continue }
            found.append((candidate, worker.domain.map { Int32($0) } ?? NodeRoom.spanning))
        }
        found.sort { first, second in
            let slots = (table.candidates[Int(first.candidate)].slot, table.candidates[Int(second.candidate)].slot)
            return (slots.0, first.candidate) < (slots.1, second.candidate)
        }
        return Home(workers: workers, candidates: found.map(\.candidate), domains: found.map(\.domain))
    }

    // MARK: Changes

    /// Answers changes of the snapshot.
    /// - Throws: `PlacementError` of kind `invalidValue`, before anything changes.
    package mutating func apply(_ changes: [PlacementChange]) throws(PlacementError) -> Replanning {
        for change in changes { try change.check(in: problem) }
        homes.removeAll(keepingCapacity: true)
        var gone: Set<Int> = []
        var touched: Set<Int> = []
        let costs = changes.reduce(into: [Int: Double]()) { costs, change in
            for job in concerned(by: change) where costs[job] == nil { costs[job] = state.cost(of: job) }
        }
        for change in changes {
            if case .nodeGone(let node) = change { gone.insert(node) }
            if case .nodeOpened(let node) = change { gone.remove(node) }
            leave(change)
            state.apply(change)
            reprice(change)
            touched.formUnion(concerned(by: change))
        }
        let displaced = goHome(except: gone)
        state.settle()
        let before = state.objective
        worstBefore = state.worst
        for job in displaced { put(job) }
        improve(seeds(displaced, touched, costs), displaced.count)
        state.settle()
        var moved: [Int: [BatchPlan.Worker]] = [:]
        for (job, home) in homes {
            let now = workers(of: job)
            if Set(now) != Set(home.workers) { moved[job] = now }
        }
        return Replanning(
            moved: moved, displaced: displaced.sorted(), objectiveBefore: before, objective: state.objective)
    }

    /// The jobs that a change may slow down, speed up or drive out.
    private func concerned(by change: PlacementChange) -> [Int] {
        var jobs: [Int] = []
        if let edge = change.edge {
            jobs += jobsOfEdge[edge].map { Int($0) } + senders[edge].map { Int($0) }
        } else if case .edgeClosed(let edge, _) = change {
            jobs += jobsOfEdge[edge].map { Int($0) }
        } else {
            for node in change.nodes(in: problem) { jobs += jobsOfNode[node].map { Int($0) } }
        }
        return jobs
    }

    /// Takes out the jobs whose costs or room a change is about.
    private mutating func leave(_ change: PlacementChange) {
        var jobs: Set<Int> = []
        if change.edge != nil {
            jobs.formUnion(concerned(by: change))
        } else {
            for node in change.nodes(in: problem) { state.eachJob(onNode: node) { jobs.insert($0) } }
        }
        for job in jobs.sorted() where state.isPlaced[job] {
            note(job)
            state.remove(job)
        }
    }

    /// Writes down where a job is, once.
    private mutating func note(_ job: Int) {
        guard homes[job] == nil else { return }
        homes[job] = Home(workers: workers(of: job))
    }

    private mutating func reprice(_ change: PlacementChange) {
        switch change {
        case .available(let node, _):
            for job in jobsOfNode[node] { state.reprice(Int(job), on: node) }
        case .link, .latency, .background:
            for job in Set(concerned(by: change)).sorted() { state.reprice(job) }
        default: break
        }
    }

    /// Puts the jobs that were taken out back to where they were, those first whose deferral costs most.
    /// - Returns: those that cannot stay there, in the same order.
    private mutating func goHome(except gone: Set<Int>) -> [Int] {
        var displaced: [Int] = []
        for job in byDeferral(homes.keys) {
            guard var home = homes[job] else { continue }
            let workers = home.workers
            let known = self.home(of: job, workers)
            let cost =
                isRoom(for: job, known) && !workers.contains { gone.contains($0.node) }
                ? place(job, known) : .infinity
            if cost < .infinity {
                home = known
            } else {
                displaced.append(job)
            }
            homes[job] = home
        }
        return displaced
    }

    private func byDeferral(_ jobs: some Sequence<Int>) -> [Int] {
        jobs.sorted { (state.table.jobs[$0].deferral, $1) > (state.table.jobs[$1].deferral, $0) }
    }

    private func isRoom(for job: Int, _ home: Home) -> Bool {
        let need = state.table.jobs[job].need
        return zip(home.candidates, home.domains).allSatisfy { candidate, domain in
            let found = state.table.candidates[Int(candidate)]
            return found.least < .infinity && state.room.holds(need, on: Int(found.node), domain: domain)
        }
    }

    /// Places a job where there is room for it.
    /// - Returns: what that adds to the objective, the deferral apart.
    private mutating func place(_ job: Int, _ home: Home) -> Double {
        let before = state.objective
        state.place(job, home.candidates[...], domains: home.domains[...])
        return state.objective - before + state.table.jobs[job].deferral
    }

    // MARK: Answers

    /// Puts a job where it costs least, or leaves it where it was before the change if the gain is not worth the move.
    private mutating func put(_ job: Int) {
        let deferral = state.table.jobs[job].deferral
        let found = search.place(job, in: state, below: deferral)
        guard let home = homes[job], !home.candidates.isEmpty, isRoom(for: job, home) else {
            if found != nil { state.place(job, search.choice[...]) }
            return
        }
        let cost = place(job, home)
        guard (found ?? deferral) + price(of: job) < cost else { return }
        state.remove(job)
        if found != nil { state.place(job, search.choice[...]) }
    }

    /// The jobs to begin with: those driven out, then those that a change costs or offers most.
    private func seeds(_ displaced: [Int], _ touched: Set<Int>, _ costs: [Int: Double]) -> [Int] {
        let others = touched.subtracting(displaced)
            .map { job in (job: job, rise: state.cost(of: job) - (costs[job] ?? 0), cost: state.cost(of: job)) }
            .sorted { ($0.rise, $0.cost, $1.job) > ($1.rise, $1.cost, $0.job) }
        return displaced + others.prefix(limits.steps).map(\.job)
    }

    private mutating func improve(_ seeds: [Int], _ displaced: Int) {
        guard !seeds.isEmpty else { return }
        var random = SplitMix64(seed: UInt64(seeds.count), labels: "replanning")
        let most = max(0, Int(limits.share * Double(state.table.jobs.count)) - displaced)
        var away = homes.keys.count { isAway($0) }
        for step in 0..<limits.steps {
            // Each seed alone first, where it would go without a neighbour making room.
            let seed = seeds[step % seeds.count]
            let count = step < seeds.count ? 1 : min(state.table.jobs.count, 2 + random.below(4))
            removal.choose(around: seed, most: count, in: state, &random)
            let before = state.objective + price(of: removal.jobs)
            let awayBefore = removal.jobs.count { isAway($0) }
            for job in removal.jobs where homes[job] == nil { settleIn(job) }
            removal.takeOut(of: &state)
            removal.shuffle(&random)
            for job in removal.jobs { put(job) }
            let now = away - awayBefore + removal.jobs.count { isAway($0) }
            if now > most || state.objective + price(of: removal.jobs) >= before - 1e-9 * abs(before) {
                removal.putBack(into: &state)
            } else {
                away = now
            }
        }
    }

    /// Notes that a job which the change left in peace is where it was.
    private mutating func settleIn(_ job: Int) {
        var home = Home(workers: workers(of: job))
        defer { homes[job] = home }
        guard state.isPlaced[job] else { return }
        let places = state.table.jobs[job].places
        home.candidates = Array(state.workerCandidate[places])
        home.domains = Array(state.workerDomain[places])
    }

    /// Whether a job that could have stayed is elsewhere.
    private func isAway(_ job: Int) -> Bool {
        guard let home = homes[job], !home.candidates.isEmpty else { return false }
        guard state.isPlaced[job] else { return true }
        let places = state.table.jobs[job].places
        return state.workerCandidate[places] != home.candidates[...] || state.workerDomain[places] != home.domains[...]
    }

    /// What the moves of jobs that could have stayed must gain.
    private func price(of jobs: [Int]) -> Double {
        jobs.reduce(0) { $0 + (isAway($1) ? price(of: $1) : 0) }
    }

    /// By how much the objective must fall for a job to leave.
    private func price(of job: Int) -> Double {
        limits.hysteresis * (state.table.jobs[job].offset + worstBefore[job])
    }
}

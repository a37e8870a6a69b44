/// Finds where one job costs least in a given state, the delay that it causes to the jobs already placed included.
///
/// The job's own cost is set by its slowest worker, so the search is over a limit on a worker's cost: under a limit, the
/// cheapest delay with enough workers and samples is a knapsack over the job's edges (`EdgeKnapsack`). A higher limit never
/// delays others more; so between two limits nothing is better than the cost of the lower with the delay of the higher, and
/// whole intervals drop out. For a job alone the result is the optimum. With others it is, too, as long as no job is
/// slowed on two edges at once, and the fronts of the knapsack fit.
///
/// Holds scratch memory, so that a search allocates nothing after the first few. For one thread at a time.
struct JobSearch: Sendable {
    /// The candidates of the best placement that was found, those of one slot together.
    private(set) var choice: [Int32] = []

    private var items: [Item] = []
    private var knapsack = EdgeKnapsack()
    private var limits: [Double] = []
    private var costs: [Double] = []
    private var delays: [Double] = []
    private var groups: [EdgeKnapsack.Group] = []
    private var intervals: [(low: Int, high: Int, delay: Double)] = []
    private var order: [(cost: Double, samples: Double)] = []
    private var largest: [Double] = []
    private var mostSamples = 0.0
    private var floor = 0.0
    private var best = Double.infinity

    /// A candidate with room.
    private struct Item {
        var candidate: Int32
        var slot: Int32
        var isSpanning: Bool
        var samples: Double
        /// The cost with one flow of the job on the link.
        var cost: Double
    }

    /// The least that placing `index` adds to the objective, less than `limit`; `nil` when it cannot be placed for less.
    /// - Parameters:
    ///   - known: a place that is a good answer if there is room, those of one slot together; the search then has less to do.
    ///   - skips: whether to pass over a candidate, for variety.
    mutating func place(
        _ index: Int, in state: borrowing some PlanInProgress, below limit: Double, or known: ArraySlice<Int32> = [],
        skipping skips: () -> Bool = { false }
    ) -> Double? {
        let table = state.table
        let job = table.jobs[index]
        best = limit
        choice.removeAll(keepingCapacity: true)
        if !known.isEmpty { consider(known, job, in: state) }
        if job.workers == 1, job.coverage == 0 {
            placeOne(job, in: state, skips)
            return choice.isEmpty ? nil : best
        }
        items.removeAll(keepingCapacity: true)
        var next = job.candidates.lowerBound
        var wanted = max(3 * job.workers, 48)
        while true {
            while items.count < wanted, next < job.candidates.upperBound {
                let candidate = table.candidates[next]
                if job.offset + candidate.least >= best { break }
                next += 1
                guard let domain = state.domain(for: job, on: Int(candidate.node)), !skips() else { continue }
                let link = table.slots[Int(candidate.slot)]
                let cost = candidate.cost(
                    isSpanning: domain < 0, flows: state.flows[Int(link.edge)] + (link.isCore ? 0 : 1), link)
                items.append(
                    Item(
                        candidate: Int32(next - 1), slot: candidate.slot, isSpanning: domain < 0,
                        samples: candidate.samples, cost: cost))
            }
            if items.count >= job.workers { search(job, in: state) }
            // What was not looked at costs at least `least` of the next.
            if next == job.candidates.upperBound || job.offset + table.candidates[next].least >= best { break }
            wanted *= 3
        }
        return choice.isEmpty ? nil : best
    }

    /// Takes a place that is known as the best so far, if there is room for it.
    private mutating func consider(
        _ known: ArraySlice<Int32>, _ job: CandidateTable.Job, in state: borrowing some PlanInProgress
    ) {
        let table = state.table
        var (slowest, delay) = (0.0, 0.0)
        var start = known.startIndex
        while start < known.endIndex {
            let slot = table.candidates[Int(known[start])].slot
            var end = start + 1
            while end < known.endIndex, table.candidates[Int(known[end])].slot == slot { end += 1 }
            let link = table.slots[Int(slot)]
            let edge = Int(link.edge)
            let added = link.isCore ? 0 : job.isFlat ? Double(end - start) : 1
            for index in known[start..<end] {
                let candidate = table.candidates[Int(index)]
                guard let domain = state.domain(for: job, on: Int(candidate.node)) else { return }
                slowest = max(
                    slowest, candidate.cost(isSpanning: domain < 0, flows: state.flows[edge] + added, link))
            }
            delay += state.delay(edge: edge, flows: added)
            start = end
        }
        guard job.offset + slowest + delay < best else { return }
        best = job.offset + slowest + delay
        choice.append(contentsOf: known)
    }

    /// One worker and no coverage to reach: the cheapest candidate.
    private mutating func placeOne(
        _ job: CandidateTable.Job, in state: borrowing some PlanInProgress, _ skips: () -> Bool
    ) {
        let table = state.table
        costs.removeAll(keepingCapacity: true)
        for _ in job.slots { costs.append(-1) }
        for index in job.candidates {
            let candidate = table.candidates[index]
            if job.offset + candidate.least >= best { return }
            guard let domain = state.domain(for: job, on: Int(candidate.node)), !skips() else { continue }
            let link = table.slots[Int(candidate.slot)]
            let edge = Int(link.edge)
            let flows = state.flows[edge] + (link.isCore ? 0 : 1)
            let own = job.offset + candidate.cost(isSpanning: domain < 0, flows: flows, link)
            guard own < best else { continue }
            let slot = Int(candidate.slot) - job.slots.lowerBound
            if costs[slot] < 0 { costs[slot] = state.delay(edge: edge, flows: 1) }
            if own + costs[slot] < best {
                best = own + costs[slot]
                choice.removeAll(keepingCapacity: true)
                choice.append(Int32(index))
            }
        }
    }

    // MARK: Limits

    /// Searches the placements on `items`, and keeps one that is better than `best`.
    private mutating func search(_ job: CandidateTable.Job, in state: borrowing some PlanInProgress) {
        prepare(job, in: state)
        floor = leastLimit(job)
        guard job.offset + floor < best else { return }
        // The lowest limit first: what it finds makes the highest ones useless.
        let first = evaluate(floor, job)
        if first == 0 { return }
        collectLimits(below: best - job.offset)
        guard let high = limits.indices.last, let widest = evaluate(limits[high], job) else { return }
        if let first, first <= widest { return }
        intervals.removeAll(keepingCapacity: true)
        intervals.append((0, high, widest))
        while let (low, top, delay) = intervals.popLast() {
            guard low < top, job.offset + limits[low] + delay < best else { continue }
            var high = top
            // Nothing in the interval that is too dear on its own can be better.
            while high > low + 1, job.offset + limits[high - 1] + delay >= best { high = (low + high) / 2 }
            if high < top { intervals.append((high, top, delay)) }
            let middle = (low + high) / 2
            guard let found = evaluate(limits[middle], job) else {
                intervals.append((middle + 1, high, delay))
                continue
            }
            if found > delay { intervals.append((middle + 1, high, delay)) }
            intervals.append((low, middle, found))
        }
    }

    /// Groups the items by slot, and computes their costs for every number of flows.
    private mutating func prepare(_ job: CandidateTable.Job, in state: borrowing some PlanInProgress) {
        let table = state.table
        items.sort { ($0.slot, $1.samples, $0.cost, $0.candidate) < ($1.slot, $0.samples, $1.cost, $1.candidate) }
        groups.removeAll(keepingCapacity: true)
        costs.removeAll(keepingCapacity: true)
        delays.removeAll(keepingCapacity: true)
        var start = 0
        while start < items.count {
            var end = start + 1
            while end < items.count, items[end].slot == items[start].slot { end += 1 }
            let link = table.slots[Int(items[start].slot)]
            let edge = Int(link.edge)
            let most = min(job.workers, end - start)
            let isShared = job.isFlat && !link.isCore
            let levels = isShared ? most : 1
            groups.append(
                EdgeKnapsack.Group(
                    items: start..<end, costs: costs.count, levels: levels, most: most, delays: delays.count))
            for level in 1...levels {
                let flows = state.flows[edge] + (link.isCore ? 0 : Double(level))
                for item in items[start..<end] {
                    let cost =
                        level == 1
                        ? item.cost
                        : table.candidates[Int(item.candidate)].cost(isSpanning: item.isSpanning, flows: flows, link)
                    costs.append(cost)
                }
            }
            for level in 1...levels { delays.append(state.delay(edge: edge, flows: Double(level))) }
            start = end
        }
    }

    /// The costs between the floor and `ceiling`, ascending, each once: the limits that make a difference.
    private mutating func collectLimits(below ceiling: Double) {
        limits.removeAll(keepingCapacity: true)
        for cost in costs where cost > floor && cost < ceiling { limits.append(cost) }
        limits.sort()
        var kept = 0
        for limit in limits where kept == 0 || limit > limits[kept - 1] {
            limits[kept] = limit
            kept += 1
        }
        limits.removeSubrange(kept...)
    }

    /// A limit below which there are too few workers, or too few samples even if no two shared a link.
    private mutating func leastLimit(_ job: CandidateTable.Job) -> Double {
        order.removeAll(keepingCapacity: true)
        mostSamples = 0
        for item in items {
            order.append((item.cost, item.samples))
            mostSamples = max(mostSamples, item.samples)
        }
        order.sort { $0.cost < $1.cost }
        if job.coverage <= 0 { return order[job.workers - 1].cost }
        // The largest samples so far, ascending, as many as there are workers.
        largest.removeAll(keepingCapacity: true)
        var sum = 0.0
        for (cost, samples) in order {
            if largest.count == job.workers {
                if samples <= largest[0] { continue }
                sum -= largest.removeFirst()
            }
            largest.insert(samples, at: largest.firstIndex { $0 >= samples } ?? largest.count)
            sum += samples
            if largest.count == job.workers, sum >= job.coverage { return cost }
        }
        return .infinity
    }

    /// The least delay with every worker's cost at most `limit`; `nil` when that leaves too few workers or samples.
    private mutating func evaluate(_ limit: Double, _ job: CandidateTable.Job) -> Double? {
        knapsack.begin()
        for group in groups {
            for count in 1...group.most {
                let row = group.costs + (min(count, group.levels) - 1) * group.items.count
                var taken = 0
                var samples = 0.0
                for number in 0..<group.items.count where costs[row + number] <= limit {
                    samples += items[group.items.lowerBound + number].samples
                    taken += 1
                    if taken == count { break }
                }
                guard taken == count else { break }
                knapsack.append(
                    count: count, samples: samples, delay: delays[group.delays + min(count, group.levels) - 1])
            }
            knapsack.endGroup()
        }
        let demand = EdgeKnapsack.Demand(
            workers: job.workers, coverage: job.coverage, mostSamples: mostSamples,
            delayLimit: best - job.offset - floor)
        guard let delay = knapsack.solve(demand) else { return nil }
        // The slowest worker that was chosen may be faster than the limit.
        var slowest = 0.0
        eachChosen(limit) { _, cost in slowest = max(slowest, cost) }
        if job.offset + slowest + delay < best {
            best = job.offset + slowest + delay
            keep(limit)
        }
        return delay
    }

    /// Writes down the workers of the knapsack's solution under `limit`.
    private mutating func keep(_ limit: Double) {
        var chosen: [Int32] = []
        swap(&chosen, &choice)  // Its memory is used again.
        chosen.removeAll(keepingCapacity: true)
        eachChosen(limit) { item, _ in chosen.append(items[item].candidate) }
        swap(&chosen, &choice)
    }

    /// Calls `body` with each item that the knapsack's solution under `limit` takes, and what it costs there.
    @inline(__always)
    private func eachChosen(_ limit: Double, _ body: (_ item: Int, _ cost: Double) -> Void) {
        for index in groups.indices where knapsack.counts[index] > 0 {
            let group = groups[index]
            let count = knapsack.counts[index]
            let row = group.costs + (min(count, group.levels) - 1) * group.items.count
            var taken = 0
            for number in 0..<group.items.count where taken < count && costs[row + number] <= limit {
                body(group.items.lowerBound + number, costs[row + number])
                taken += 1
            }
        }
    }
}

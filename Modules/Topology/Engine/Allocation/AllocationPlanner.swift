import Contracts

/// Finds the nearest parts of a machine for one request.
struct AllocationPlanner: Sendable {
    /// Above so many sets of nodes the threads go to the nodes with the most free ones.
    private static let setLimit = 20_000

    let map: MachineMap
    let free: FreeResources
    let request: AllocationRequest
    private let pickers: [Int: ThreadPicker]
    private let costs: [Int: [(shared: Int, split: Int)]]

    init(_ map: MachineMap, free: FreeResources, request: AllocationRequest) {
        self.map = map
        self.free = free
        self.request = request
        var pickers: [Int: ThreadPicker] = [:]
        if request.isExclusive {
            for node in map.nodes {
                pickers[node] = ThreadPicker(map.cores[node] ?? [], free: free.threads, most: free.spare[node] ?? 0)
            }
        }
        self.pickers = pickers
        costs = pickers.mapValues { $0.costs() }
    }

    /// The plan with the least cost; `nil` when nothing fits.
    func plan() -> AllocationPlan? {
        guard free.memoryTotal >= request.memory, free.gpus.count >= request.gpus, free.nics.count >= request.nics
        else { return nil }
        if request.isExclusive {
            guard free.spareTotal >= request.threads else { return nil }
            return switch request.policy {
            case .singleNUMANode: singleNode()
            case .bestEffort: nearest()
            case .none: anywhere()
            }
        }
        guard free.milliCPUsTotal >= request.threads * 1000 else { return nil }
        return switch request.policy {
        case .singleNUMANode: sharedNode(isStrict: true)
        case .bestEffort: sharedNode(isStrict: false) ?? sharedAnywhere()
        case .none: sharedAnywhere()
        }
    }

    // MARK: - Threads of its own

    private func singleNode() -> AllocationPlan? {
        let plans = map.nodes.compactMap { node -> AllocationPlan? in
            guard capacity(node) >= request.threads, memory(node) >= request.memory else { return nil }
            return plan(threadNodes: [node], extraNodes: [], isStrict: true)
        }
        return plans.min { $0.cost < $1.cost }
    }

    /// On as few NUMA nodes as hold threads and memory, and of all such sets of nodes on the nearest.
    private func nearest() -> AllocationPlan? {
        for size in 1...map.nodes.count {
            guard Self.sets(size, of: map.nodes.count) << size <= Self.setLimit else { return roomiest() }
            var best: AllocationPlan?
            for nodes in Combinations(map.nodes, taking: size) where holds(nodes) {
                for plan in plans(on: nodes) where best.map({ plan.cost < $0.cost }) ?? true { best = plan }
            }
            if let best { return best }
        }
        return nil
    }

    /// Plans with threads on some of these nodes, and memory on all others of them.
    private func plans(on nodes: [Int]) -> [AllocationPlan] {
        var plans: [AllocationPlan] = []
        for size in 1...nodes.count where size <= request.threads {
            for chosen in Combinations(nodes, taking: size) {
                let extra = nodes.filter { !chosen.contains($0) }
                guard sum(chosen, capacity) >= request.threads, chosen.allSatisfy({ capacity($0) > 0 }),
                    extra.isEmpty || chosen.reduce(0, { $0 + memory($1) }) < request.memory
                else { continue }
                if let plan = plan(threadNodes: chosen, extraNodes: extra, isStrict: false) { plans.append(plan) }
            }
        }
        return plans
    }

    private func roomiest() -> AllocationPlan? {
        let order = map.nodes.sorted { (capacity($1), $0) < (capacity($0), $1) }
        var nodes: [Int] = []
        for node in order where sum(nodes, capacity) < request.threads && capacity(node) > 0 { nodes.append(node) }
        var extra: [Int] = []
        for node in map.nodes.sorted(by: { (reach($0, nodes), $0) < (reach($1, nodes), $1) })
        where !nodes.contains(node) && (nodes + extra).reduce(0, { $0 + memory($1) }) < request.memory {
            extra.append(node)
        }
        guard holds(nodes + extra) else { return nil }
        return plan(threadNodes: nodes.sorted(), extraNodes: extra.sorted(), isStrict: false)
    }

    private func anywhere() -> AllocationPlan? {
        var available: Set<Int> = []
        for node in map.nodes {
            let here = free.threads.filter { map.threads[$0]?.numaNode == node }
            available.formUnion(capacity(node) < here.count ? Set(map.order.take(capacity(node), from: here)) : here)
        }
        guard available.count >= request.threads, holds(map.nodes) else { return nil }
        var plan = AllocationPlan()
        plan.threads = map.order.take(request.threads, from: available)
        let homes = Set(plan.threads.compactMap { map.threads[$0]?.numaNode }).sorted()
        plan.memory = shares(inOrder: homes + map.nodes.filter { !homes.contains($0) })
        plan.gpus = Array(free.gpus.prefix(request.gpus))
        plan.nics = Array(free.nics.prefix(request.nics))
        return plan
    }

    /// The best plan with at least a thread on each of `threadNodes`, and memory there and on `extraNodes`.
    private func plan(threadNodes: [Int], extraNodes: [Int], isStrict: Bool) -> AllocationPlan? {
        guard let gpus = devices(free.gpus, request.gpus, near: threadNodes, isStrict: isStrict),
            let nics = devices(free.nics, request.nics, near: threadNodes, isStrict: isStrict),
            let split = division(over: threadNodes)
        else { return nil }
        var plan = AllocationPlan()
        plan.cost = split.cost
        plan.threads = zip(threadNodes, split.counts).flatMap { pickers[$0]?.pick($1) ?? [] }.sorted()
        plan.gpus = gpus
        plan.nics = nics
        plan.memory = shares(over: threadNodes, split.counts, then: extraNodes)
        plan.cost.nodes = threadNodes.count + extraNodes.count
        plan.cost.distance =
            (gpus + nics).reduce(0) { $0 + map.distance(of: $1, from: threadNodes) }
            + extraNodes.reduce(0) { $0 + reach($1, threadNodes) }
            + Combinations(threadNodes, taking: 2).reduce(0) { $0 + map.distance($1[0], $1[1]) }
        let left = threadNodes.reduce(0) { count, node in
            count + (map.cores[node] ?? []).reduce(0) { $0 + $1.threads.count { free.threads.contains($0) } }
        }
        plan.cost.leftover = left - request.threads
        return plan
    }

    /// How many threads of each node, so that as few cores as possible are shared and then split.
    private func division(over nodes: [Int]) -> (counts: [Int], cost: LocalityCost)? {
        let wanted = request.threads
        // The best way to have so many threads on the nodes up to here; a shared core outweighs all split ones.
        let weight = 1 << 20
        var best: [Int?] = [0]
        var steps: [[Int]] = []
        for node in nodes {
            guard let costs = costs[node] else { return nil }
            var next = [Int?](repeating: nil, count: wanted + 1)
            var step = [Int](repeating: 0, count: wanted + 1)
            for (before, cost) in best.enumerated() {
                guard let cost, wanted > before, costs.count > 1 else { continue }
                for count in 1...min(costs.count - 1, wanted - before) {
                    let sum = cost + costs[count].shared * weight + costs[count].split
                    guard next[before + count].map({ sum < $0 }) ?? true else { continue }
                    next[before + count] = sum
                    step[before + count] = count
                }
            }
            best = next
            steps.append(step)
        }
        guard wanted < best.count, let sum = best[wanted] else { return nil }
        var counts: [Int] = []
        var rest = wanted
        for step in steps.reversed() {
            counts.append(step[rest])
            rest -= step[rest]
        }
        return (counts.reversed(), LocalityCost(sharedCores: sum / weight, splitCores: sum % weight))
    }

    // MARK: - Threads of all

    private func sharedNode(isStrict: Bool) -> AllocationPlan? {
        let plans = map.nodes.compactMap { node -> AllocationPlan? in
            let milliCPUs = free.milliCPUs[node] ?? 0
            guard milliCPUs >= request.threads * 1000, memory(node) >= request.memory,
                let gpus = devices(free.gpus, request.gpus, near: [node], isStrict: isStrict),
                let nics = devices(free.nics, request.nics, near: [node], isStrict: isStrict)
            else { return nil }
            var plan = AllocationPlan(sharedNode: node, gpus: gpus, nics: nics)
            if request.memory > 0 { plan.memory = [node: request.memory] }
            plan.cost.nodes = 1
            plan.cost.distance = (gpus + nics).reduce(0) { $0 + map.distance(of: $1, from: [node]) }
            plan.cost.leftover = milliCPUs - request.threads * 1000
            return plan
        }
        return plans.min { $0.cost < $1.cost }
    }

    private func sharedAnywhere() -> AllocationPlan? {
        guard map.nodes.reduce(0, { $0 + memory($1) }) >= request.memory else { return nil }
        return AllocationPlan(
            memory: shares(inOrder: map.nodes.sorted { (memory($1), $0) < (memory($0), $1) }),
            gpus: Array(free.gpus.prefix(request.gpus)), nics: Array(free.nics.prefix(request.nics)))
    }

    // MARK: - Parts

    private func capacity(_ node: Int) -> Int { pickers[node]?.capacity ?? 0 }
    private func memory(_ node: Int) -> Int64 { free.memory[node] ?? 0 }
    private func sum(_ nodes: [Int], _ value: (Int) -> Int) -> Int { nodes.reduce(0) { $0 + value($1) } }

    private func holds(_ nodes: [Int]) -> Bool {
        sum(nodes, capacity) >= request.threads && nodes.reduce(0, { $0 + memory($1) }) >= request.memory
    }

    /// From the nearest of some nodes to a node's memory.
    private func reach(_ node: Int, _ nodes: [Int]) -> Int { nodes.map { map.distance($0, node) }.min() ?? 10 }

    /// The nearest `count` devices; `nil` when there are too few.
    private func devices(_ devices: [Int], _ count: Int, near nodes: [Int], isStrict: Bool) -> [Int]? {
        let usable = isStrict ? devices.filter { device in nodes.contains { map.isAt($0, device: device) } } : devices
        guard usable.count >= count else { return nil }
        return usable.map { (map.distance(of: $0, from: nodes), $0) }.sorted { $0 < $1 }.prefix(count).map(\.1).sorted()
    }

    /// Memory beside the threads, in proportion to them as far as there is room, and what is left over wherever there is some.
    private func shares(over nodes: [Int], _ counts: [Int], then extra: [Int]) -> [Int: Int64] {
        var shares: [Int: Int64] = [:]
        for (node, count) in zip(nodes, counts) {
            let part = Int64(Double(request.memory) * Double(count) / Double(request.threads))
            shares[node] = min(part, memory(node))
        }
        var rest = request.memory - shares.values.reduce(0, +)
        for node in nodes + extra where rest > 0 {
            let more = min(rest, memory(node) - (shares[node] ?? 0))
            shares[node, default: 0] += more
            rest -= more
        }
        return shares.filter { $0.value > 0 }
    }

    private func shares(inOrder nodes: [Int]) -> [Int: Int64] {
        var rest = request.memory
        var shares: [Int: Int64] = [:]
        for node in nodes where rest > 0 && memory(node) > 0 {
            shares[node] = min(rest, memory(node))
            rest -= min(rest, memory(node))
        }
        return shares
    }

    /// How many sets of `size` there are among `count`, or a number above all limits.
    private static func sets(_ size: Int, of count: Int) -> Int {
        var sets = 1
        for step in 0..<min(size, count - size) {
            sets = sets * (count - step) / (step + 1)
            if sets > setLimit { return setLimit + 1 }
        }
        return sets
    }
}

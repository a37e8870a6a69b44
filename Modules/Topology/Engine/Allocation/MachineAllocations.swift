public import Contracts

/// Who has which part of a machine: takes and gives back, and never promises anything twice.
///
/// As with the kubelet's static CPU manager, exclusive owners get whole hardware threads, and everybody else shares those that are
/// left, the system's among them. What is promised never exceeds what is allocatable.
public struct MachineAllocations: Sendable {
    public let machine: Machine
    public let reservation: Reservation
    let map: MachineMap
    private(set) var grants: [String: Grant] = [:]
    /// The owner of each hardware thread that has one.
    private var owners: [Int: String] = [:]

    struct Grant: Sendable {
        let request: AllocationRequest
        let plan: AllocationPlan
    }

    public init(_ machine: Machine, reservation: Reservation) {
        self.machine = machine
        self.reservation = reservation
        map = MachineMap(machine)
    }

    /// Takes what `request` asks.
    ///
    /// On one machine and one history the answer is always the same. The same request of the same owner again changes nothing.
    /// - Throws: `TopologyError` `invalid` for a request that makes no sense, `exists` when the owner has something else, `no-exclusive`
    ///   when nothing is reserved for the system, `no-room` with what is short, by how much and where.
    @discardableResult
    public mutating func allocate(_ request: AllocationRequest) throws(TopologyError) -> Allocation {
        try check(request)
        if let grant = grants[request.owner] {
            guard grant.request == request else {
                throw TopologyError(
                    "exists",
                    "'\(request.owner)' has another allocation; release it first, or ask in the name of another owner")
            }
            return allocation(of: request.owner, grant)
        }
        let free = free
        guard let plan = AllocationPlanner(map, free: free, request: request).plan() else {
            throw Shortage(map: map, free: free, request: request).error
        }
        let grant = Grant(request: request, plan: plan)
        grants[request.owner] = grant
        for thread in plan.threads { owners[thread] = request.owner }
        return allocation(of: request.owner, grant)
    }

    /// Gives back all that `owner` has.
    /// - Returns: whether it had anything.
    @discardableResult
    public mutating func release(_ owner: String) -> Bool {
        guard let grant = grants.removeValue(forKey: owner) else { return false }
        for thread in grant.plan.threads { owners[thread] = nil }
        return true
    }

    /// Everything that is taken, by owner, as it stands now: those that share have fewer threads when others have their own.
    public var list: AllocationList {
        let free = free
        return AllocationList(
            allocations: grants.sorted { $0.key < $1.key }.map { allocation(of: $0.key, $0.value) },
            sharedThreads: sharedThreads, freeMilliCPUs: free.milliCPUsTotal, freeMemory: free.memoryTotal)
    }

    /// Hardware threads that nobody has to itself, ascending.
    public var sharedThreads: [Int] { machine.threads.map(\.number).filter { owners[$0] == nil }.sorted() }

    // MARK: - Inside

    private func check(_ request: AllocationRequest) throws(TopologyError) {
        guard !request.owner.isEmpty, request.owner.utf8.count <= 256 else {
            throw TopologyError("invalid", "an allocation's owner must be a word of 1 to 256 bytes")
        }
        guard (1...65_536).contains(request.threads), request.memory >= 0, (0...4096).contains(request.gpus),
            (0...4096).contains(request.nics)
        else {
            throw TopologyError(
                "invalid",
                "'\(request.owner)' asks for \(request.threads) hardware threads, \(request.memory) bytes, \(request.gpus) "
                    + "GPUs and \(request.nics) interfaces; ask for at least one thread, and no less than nothing of the rest"
            )
        }
        guard !request.isExclusive || reservation.milliCPUs > 0 else {
            throw TopologyError(
                "no-exclusive",
                "'\(request.owner)' asks for hardware threads of its own, which needs some kept for the system; set "
                    + "reserved.cpu of the edge, to 500m for instance, or share")
        }
    }

    /// What nobody has.
    var free: FreeResources {
        let reserved = Set(reservation.threads)
        let exclusive = owners.count
        let shared = grants.values.filter { !$0.request.isExclusive }
        var milliCPUs: [Int: Int] = [:]
        var rest = reservation.milliCPUs
        for thread in machine.threads where owners[thread.number] == nil {
            milliCPUs[thread.numaNode, default: 0] += 1000
            guard reserved.contains(thread.number) else { continue }
            // The system's share lies on its threads, a whole one each and on the last what is left over.
            milliCPUs[thread.numaNode, default: 0] -= min(rest, 1000)
            rest -= min(rest, 1000)
        }
        for grant in shared {
            if let node = grant.plan.sharedNode { milliCPUs[node, default: 0] -= grant.request.threads * 1000 }
        }
        let promised = shared.reduce(0) { $0 + $1.request.threads * 1000 }
        let total = (machine.threads.count - exclusive) * 1000 - reservation.milliCPUs - promised
        var memory = reservation.nodeMemory
        var memoryTotal = reservation.allocatableMemory
        for grant in grants.values {
            for (node, bytes) in grant.plan.memory { memory[node, default: 0] -= bytes }
            memoryTotal -= grant.request.memory
        }
        let held = Set(grants.values.flatMap { $0.plan.gpus + $0.plan.nics })
        return FreeResources(
            threads: Set(machine.threads.map(\.number).filter { owners[$0] == nil && !reserved.contains($0) }),
            spare: milliCPUs.mapValues { max(0, $0 / 1000) }, spareTotal: max(0, total / 1000), milliCPUs: milliCPUs,
            milliCPUsTotal: total, memory: memory, memoryTotal: memoryTotal,
            gpus: map.devices(.gpu).filter { !held.contains($0) }, nics: nics(without: held))
    }

    /// Interfaces to give away: virtual functions, one owner each, where there are any; otherwise all, which anyone shares.
    private func nics(without held: Set<Int>) -> [Int] {
        let all = map.devices(.network)
        let virtual = all.filter { machine.devices[$0].physicalFunction != nil }
        return virtual.isEmpty ? all : virtual.filter { !held.contains($0) }
    }

    private func allocation(of owner: String, _ grant: Grant) -> Allocation {
        let plan = grant.plan
        let pool = sharedThreads.filter { number in
            plan.sharedNode.map { map.threads[number]?.numaNode == $0 } ?? true
        }
        return Allocation(
            owner: owner, threads: grant.request.isExclusive ? plan.threads : pool,
            isExclusive: grant.request.isExclusive,
            memory: plan.memory.sorted { $0.key < $1.key }.map { .init(numaNode: $0.key, bytes: $0.value) },
            gpus: plan.gpus.map { machine.devices[$0].name }, nics: plan.nics.map { machine.devices[$0].name },
            environment: ProcessEnvironment(machine).variables(threads: grant.request.threads, gpus: plan.gpus),
            process: grant.request.process)
    }
}

import Contracts
import Core
public import MessageBus
public import Telemetry

/// Hands out an edge's machine over the bus of its daemon, one request after the other.
///
/// What the daemon itself takes ends with it, being in memory; what a process takes is given back when that process has ended.
public actor AllocationService {
    private let bus: Bus
    private let processes: any ProcessControl
    private let logger: Logger
    private var state: MachineAllocations
    /// What could not be bound, by owner.
    private var limitations: [String: [String]] = [:]
    /// Where the daemon's own threads are held to; `nil` while they may run anywhere.
    private var confinement: [Int]?
    private var confinementFault: String?

    public init(bus: Bus, allocations: MachineAllocations, logger: Logger) {
        self.init(bus: bus, allocations: allocations, processes: SystemProcesses(), logger: logger)
    }

    init(bus: Bus, allocations: MachineAllocations, processes: any ProcessControl, logger: Logger) {
        self.bus = bus
        self.processes = processes
        self.logger = logger.with(["service": "allocation"])
        state = allocations
    }

    /// Registers the calls this service answers. Call before the bus runs.
    public nonisolated func register() {
        bus.handle(AllocationContract.allocate) { [self] (request: Inbound<AllocationRequest>) -> Allocation in
            try await allocate(request.body)
        }
        bus.handle(AllocationContract.release) { [self] (request: Inbound<AllocationRelease>) -> Empty in
            await release(request.body.owner)
            return Empty()
        }
        bus.handle(AllocationContract.allocations) { [self] (_: Inbound<Empty>) -> AllocationList in await list() }
    }

    /// Gives back what ended processes had, until cancelled.
    public func run() async throws {
        while true {
            try await Task.sleep(for: .seconds(2), tolerance: .seconds(1))
            sweep()
            // Threads that the daemon has started since have the place of the one that started them.
            if confinement != nil { confine() }
        }
    }

    func allocate(_ request: AllocationRequest) throws -> Allocation {
        sweep()
        if let process = request.process, processes.identity(of: process.pid) != process {
            throw TopologyError(
                "invalid",
                "process \(process.pid) of '\(request.owner)' has ended; start it before it is given anything")
        }
        let isKnown = state.grants[request.owner] != nil
        var allocation = try state.allocate(request)
        if !isKnown {
            logger.info(
                "allocated",
                [
                    "owner": request.owner, "threads": allocation.threads.map(String.init).joined(separator: ","),
                    "exclusive": String(request.isExclusive), "gpus": allocation.gpus.joined(separator: ","),
                ])
            rebind(including: request.owner)
            confine()
        }
        allocation.limitations = limitations[request.owner]
        return allocation
    }

    func release(_ owner: String) {
        guard state.release(owner) else { return }
        limitations[owner] = nil
        processes.forget(owner)
        logger.info("released", ["owner": owner])
        rebind(including: nil)
        confine()
    }

    func list() -> AllocationList {
        sweep()
        var list = state.list
        for index in list.allocations.indices {
            list.allocations[index].limitations = limitations[list.allocations[index].owner]
        }
        return list
    }

    /// Gives back what processes had that have ended.
    private func sweep() {
        for (owner, grant) in state.grants.sorted(by: { $0.key < $1.key }) {
            guard let process = grant.request.process, processes.identity(of: process.pid) != process else { continue }
            logger.notice("a process ended without giving back what it had", ["owner": owner, "pid": "\(process.pid)"])
            release(owner)
        }
    }

    /// Keeps the daemon's own threads, the libraries' among them, off the hardware threads that an owner has to itself, and lets
    /// them run everywhere again when there is none.
    private func confine() {
        let exclusive = state.list.allocations.contains(where: \.isExclusive)
        guard exclusive || confinement != nil else { return }
        let shared = state.sharedThreads
        // Nothing is shared on a machine that is given away whole, which keeps a thread for the system.
        guard !shared.isEmpty else { return }
        let owners = Set(state.grants.values.filter(\.request.isExclusive).compactMap(\.request.kernelThread))
        let fault = processes.confineDaemon(to: shared, besides: owners)
        if let fault, fault != confinementFault {
            logger.warning(
                "the daemon's own threads may disturb jobs that have hardware threads of their own", ["reason": fault])
        }
        confinementFault = fault
        confinement = exclusive ? shared : nil
    }

    /// Holds processes to their parts: a new owner's, and all that share, whose part changed with that of others.
    private func rebind(including owner: String?) {
        for allocation in state.list.allocations where !allocation.isExclusive || allocation.owner == owner {
            guard let process = allocation.process else { continue }
            let missing = processes.bind(process, to: allocation)
            if limitations.updateValue(missing, forKey: allocation.owner) != missing, !missing.isEmpty {
                logger.notice(
                    "a process is not bound as it should be",
                    ["owner": allocation.owner, "reason": missing.joined(separator: "; ")])
            }
        }
    }
}

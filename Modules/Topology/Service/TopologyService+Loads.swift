import Contracts
import Core

/// Every machine's load, for whoever watches.
extension TopologyService {
    /// - Throws: `TopologyError` `not-found` for a machine that is not known, `invalid` for an impossible limit.
    func loads(_ query: LoadsQuery) throws -> LoadsReply {
        guard (1...LoadsQuery.maximumLimit).contains(query.limit) else {
            throw TopologyError("invalid", "a page has 1 to \(LoadsQuery.maximumLimit) machines, not \(query.limit)")
        }
        var machines = table.all(now: now).map { site in
            MachineLoad(
                name: site.name, phase: site.phase, cordon: site.cordon, threads: site.report.hardware.threads,
                memory: site.report.hardware.memory, load: site.report.load, reporting: site.reporting)
        }
        if let core = coreState {
            let own = MachineLoad(
                name: try Self.coreName, phase: nil, threads: core.hardware.threads, memory: core.hardware.memory,
                load: core.load, reporting: ReportingState(measured: core.measured))
            machines.insert(own, at: machines.firstIndex { own.name < $0.name } ?? machines.count)
        }
        if let name = query.name {
            machines = machines.filter { $0.name == name }
            if machines.isEmpty { throw TopologyError.unknownEdge(name) }
        }
        if let after = query.after { machines = machines.filter { after < $0.name } }
        return LoadsReply(
            time: wallClock.now(), machines: Array(machines.prefix(query.limit)), hasMore: machines.count > query.limit)
    }
}

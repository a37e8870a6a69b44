public import Contracts
import Core

/// What of one machine is kept for the system, and what that leaves, as the kubelet computes it.
///
/// Allocatable is capacity less `kubeReserved`, `systemReserved` and the hard eviction threshold
/// (https://kubernetes.io/docs/tasks/administer-cluster/reserve-compute-resources/). Jobs that want hardware threads of their own
/// get whole ones, so as many whole threads as cover the reserved share are kept from them.
public struct Reservation: Sendable, Hashable {
    /// Thousandths of a hardware thread that are kept for the system.
    public let milliCPUs: Int
    /// Bytes that are kept for the system.
    public let memory: Int64
    /// The hardware threads that no job has to itself, ascending.
    public let threads: [Int]
    /// Bytes that jobs may have.
    let allocatableMemory: Int64
    /// Bytes that jobs may have of each NUMA node.
    let nodeMemory: [Int: Int64]

    /// - Throws: `TopologyError` `invalid` for more than the machine has.
    public init(_ settings: ReservedSettings, of machine: Machine) throws(TopologyError) {
        let (cpu, isTooMuchCPU) = settings.cpu.thousandths.addingReportingOverflow(settings.system.cpu.thousandths)
        guard !isTooMuchCPU, cpu <= machine.threads.count * 1000 else {
            throw TopologyError(
                "invalid",
                "reserved.cpu and reserved.system.cpu are \(settings.cpu) and \(settings.system.cpu), more than the "
                    + "\(machine.threads.count) hardware threads of this machine; reserve less")
        }
        var capacity: Int64 = 0
        for node in machine.numaNodes { capacity = Self.sum(capacity, node.memory) }
        capacity = min(capacity, machine.memoryLimit ?? .max)
        let parts = [settings.memory, settings.system.memory, settings.eviction.memory].map { Int64($0.bytes) }
        let memory = parts.reduce(0, Self.sum)
        guard memory <= capacity else {
            throw TopologyError(
                "invalid",
                "reserved.memory, reserved.system.memory and reserved.eviction.memory are \(ByteCount(Int(memory))) together, more "
                    + "than the \(ByteCount(Int(capacity))) of this machine; reserve less")
        }
        milliCPUs = cpu
        self.memory = memory
        allocatableMemory = capacity - memory
        let count = (cpu + 999) / 1000
        threads = TopologyOrder(machine).take(count, from: Set(machine.threads.map(\.number)))
        nodeMemory = Self.shares(of: machine, less: memory, near: Set(threads), most: capacity - memory)
    }

    /// What jobs may have of the machine.
    public func allocatable(of machine: Machine) -> Allocatable {
        let reserved = Set(threads)
        let gpus = machine.devices.filter { $0.kind == .gpu }
        let populated = Set(machine.threads.map(\.numaNode))
        let domains = machine.numaNodes.map { node in
            Allocatable.Domain(
                numaNode: node.number,
                threads: machine.threads.count { $0.numaNode == node.number && !reserved.contains($0.number) },
                memory: nodeMemory[node.number] ?? 0,
                // On a machine with one NUMA node every GPU is as near as can be.
                gpus: gpus.count { ($0.numaNode ?? (populated.count == 1 ? populated.first : nil)) == node.number })
        }
        return Allocatable(
            milliCPUs: machine.threads.count * 1000 - milliCPUs, memory: allocatableMemory, gpus: gpus.count,
            domains: domains, allowsExclusive: milliCPUs > 0)
    }

    /// The memory of each node, less what is reserved: that comes from where the reserved threads are, then from the nodes in order.
    private static func shares(
        of machine: Machine, less reserved: Int64, near threads: Set<Int>, most: Int64
    ) -> [Int: Int64] {
        let homes = Set(machine.threads.filter { threads.contains($0.number) }.map(\.numaNode))
        // A group's limit counts what is used anywhere; what it forbids of the machine is not taken off any node.
        let order = machine.numaNodes.sorted {
            (homes.contains($0.number) ? 0 : 1, $0.number) < (homes.contains($1.number) ? 0 : 1, $1.number)
        }
        var rest = reserved
        var shares: [Int: Int64] = [:]
        for node in order {
            let taken = min(rest, node.memory)
            rest -= taken
            shares[node.number] = min(node.memory - taken, most)
        }
        return shares
    }

    private static func sum(_ first: Int64, _ second: Int64) -> Int64 {
        let (sum, overflow) = first.addingReportingOverflow(second)
        return overflow ? .max : sum
    }
}

import Contracts

/// What of a machine can still be taken.
struct FreeResources: Sendable {
    /// Hardware threads that an owner may have to itself.
    var threads: Set<Int>
    /// How many of those each NUMA node can spare beside what it promised to those that share.
    var spare: [Int: Int]
    /// How many threads the machine can spare beside what it promised to those that share.
    var spareTotal: Int
    /// Thousandths of a thread that are not promised, of each node and of the machine: for those that share.
    var milliCPUs: [Int: Int]
    var milliCPUsTotal: Int
    /// Bytes of each NUMA node.
    var memory: [Int: Int64]
    /// Bytes of the machine, which a control group may hold below the sum of its nodes.
    var memoryTotal: Int64
    /// Places in `Machine.devices`.
    var gpus: [Int]
    /// Places in `Machine.devices`.
    var nics: [Int]
}

/// What an allocation is made of.
struct AllocationPlan: Sendable, Hashable {
    /// Ascending; empty for one that shares.
    var threads: [Int] = []
    /// The node that one that shares is bound to; `nil` for the whole machine.
    var sharedNode: Int?
    /// Bytes by NUMA node.
    var memory: [Int: Int64] = [:]
    /// Places in `Machine.devices`.
    var gpus: [Int] = []
    /// Places in `Machine.devices`.
    var nics: [Int] = []
    var cost = LocalityCost()
}

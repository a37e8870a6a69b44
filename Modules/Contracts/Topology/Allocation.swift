/// Who has which part of an edge's machine. Owned by the `Topology` module.
public enum AllocationContract {
    /// Takes a part of the machine. The same request of the same owner again is answered with what it has.
    public static let allocate = Call<AllocationRequest, Allocation>("topology.allocate", audience: .local)
    /// Gives back all that an owner has; nothing happens when it has nothing.
    public static let release = Call<AllocationRelease, Empty>("topology.release", audience: .local)
    /// Everything that is taken, and what is left.
    public static let allocations = Call<Empty, AllocationList>("topology.allocations", audience: .local)
}

public struct AllocationRequest: Codable, Sendable, Hashable {
    /// How hard to try to keep threads, memory and devices together; the words are the kubelet's topology manager's.
    public enum Policy: String, Codable, Sendable, Hashable, CaseIterable {
        /// All at one NUMA node, or nothing.
        case singleNUMANode = "single-numa-node"
        /// As near to each other as it goes.
        case bestEffort = "best-effort"
        /// Wherever there is room.
        case none
    }

    /// Whose it is: a job's identifier, for instance. One owner has one allocation.
    public var owner: String
    /// Whole hardware threads.
    public var threads: Int
    /// Bytes.
    public var memory: Int64
    public var gpus: Int
    public var nics: Int
    public var policy: Policy
    /// Whether the threads are the owner's alone; otherwise it runs beside others, with that many threads' worth of time.
    public var isExclusive: Bool
    /// The process that uses it, whose end releases it; `nil` for the daemon itself.
    public var process: ProcessIdentity?
    /// The kernel's number of the daemon's own thread that uses it; the others of the daemon are kept off what is exclusive.
    public var kernelThread: Int32?

    public init(
        owner: String, threads: Int, memory: Int64 = 0, gpus: Int = 0, nics: Int = 0, policy: Policy = .bestEffort,
        isExclusive: Bool = true, process: ProcessIdentity? = nil, kernelThread: Int32? = nil
    ) {
        self.kernelThread = kernelThread
        self.owner = owner
        self.threads = threads
        self.memory = memory
        self.gpus = gpus
        self.nics = nics
        self.policy = policy
        self.isExclusive = isExclusive
        self.process = process
    }
}

/// A process, told from a later one that has the same number.
public struct ProcessIdentity: Codable, Sendable, Hashable {
    public var pid: Int32
    /// When it started, in clock ticks since the machine did (`starttime` of proc(5)).
    public var started: UInt64

    public init(pid: Int32, started: UInt64) {
        self.pid = pid
        self.started = started
    }
}

public struct AllocationRelease: Codable, Sendable, Hashable {
    public var owner: String

    public init(owner: String) { self.owner = owner }
}

/// A part of a machine that an owner has.
public struct Allocation: Codable, Sendable, Hashable {
    public var owner: String
    /// The hardware threads to run on, ascending: the owner's alone, or those that all share that have none.
    public var threads: [Int]
    public var isExclusive: Bool
    /// Where the memory is counted, by NUMA node.
    public var memory: [MemoryShare]
    /// Names of devices.
    public var gpus: [String]
    /// Names of devices; interfaces that are no virtual function are shared.
    public var nics: [String]
    /// What a process is to find in its environment.
    public var environment: [String: String]
    public var process: ProcessIdentity?
    /// What the system did not let be bound, and why; `nil` when nothing was tried.
    public var limitations: [String]?

    public struct MemoryShare: Codable, Sendable, Hashable {
        public var numaNode: Int
        public var bytes: Int64

        public init(numaNode: Int, bytes: Int64) {
            self.numaNode = numaNode
            self.bytes = bytes
        }
    }

    public init(
        owner: String, threads: [Int], isExclusive: Bool, memory: [MemoryShare] = [], gpus: [String] = [],
        nics: [String] = [], environment: [String: String] = [:], process: ProcessIdentity? = nil,
        limitations: [String]? = nil
    ) {
        self.owner = owner
        self.threads = threads
        self.isExclusive = isExclusive
        self.memory = memory
        self.gpus = gpus
        self.nics = nics
        self.environment = environment
        self.process = process
        self.limitations = limitations
    }
}

public struct AllocationList: Codable, Sendable, Hashable {
    /// By owner.
    public var allocations: [Allocation]
    /// Hardware threads that nobody has to itself, the system's among them.
    public var sharedThreads: [Int]
    /// Thousandths of a hardware thread that are not promised to anyone.
    public var freeMilliCPUs: Int
    /// Bytes that are not promised to anyone.
    public var freeMemory: Int64

    public init(allocations: [Allocation], sharedThreads: [Int], freeMilliCPUs: Int, freeMemory: Int64) {
        self.allocations = allocations
        self.sharedThreads = sharedThreads
        self.freeMilliCPUs = freeMilliCPUs
        self.freeMemory = freeMemory
    }
}

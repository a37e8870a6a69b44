/// The inside of a machine, flat: which hardware thread is in which core, package and NUMA node, and what hangs where.
///
/// Numbers are the operating system's, those that affinity masks and cpusets take.
public struct Machine: Codable, Sendable, Hashable {
    /// Hardware threads that this process may use, by number.
    public var threads: [HardwareThread]
    public var numaNodes: [NUMANode]
    public var caches: [Cache]
    public var devices: [Device]
    /// Bytes that a control group lets this process have, where that is less than the nodes have together.
    public var memoryLimit: Int64?

    public init(
        threads: [HardwareThread], numaNodes: [NUMANode], caches: [Cache] = [], devices: [Device] = [],
        memoryLimit: Int64? = nil
    ) {
        self.threads = threads
        self.numaNodes = numaNodes
        self.caches = caches
        self.devices = devices
        self.memoryLimit = memoryLimit
    }
}

public struct HardwareThread: Codable, Sendable, Hashable {
    public var number: Int
    /// Unique in the machine: threads with the same one share a core. It is the lowest of their numbers.
    public var core: Int
    public var package: Int
    public var numaNode: Int
    /// 0 for the weakest kind of core and up, on a machine that has several kinds; `nil` where all are alike.
    public var rank: Int?

    public init(number: Int, core: Int, package: Int, numaNode: Int, rank: Int? = nil) {
        self.number = number
        self.core = core
        self.package = package
        self.numaNode = numaNode
        self.rank = rank
    }
}

public struct NUMANode: Codable, Sendable, Hashable {
    public var number: Int
    /// Bytes.
    public var memory: Int64
    /// Relative latency to each node in the order of `Machine.numaNodes`, 10 for itself; `nil` when unknown.
    public var distances: [Int]?
    /// What sort of memory it is when not the ordinary one, such as `HBM`.
    public var kind: String?
    /// For a node without threads of its own: the one with threads that it lies nearest to.
    public var nearest: Int?

    public init(number: Int, memory: Int64, distances: [Int]? = nil, kind: String? = nil, nearest: Int? = nil) {
        self.number = number
        self.memory = memory
        self.distances = distances
        self.kind = kind
        self.nearest = nearest
    }
}

public struct Cache: Codable, Sendable, Hashable {
    public var level: Int
    public var bytes: Int64
    /// The hardware threads that share it.
    public var threads: [Int]

    public init(level: Int, bytes: Int64, threads: [Int]) {
        self.level = level
        self.bytes = bytes
        self.threads = threads
    }
}

public struct Device: Codable, Sendable, Hashable {
    public enum Kind: String, Codable, Sendable, Hashable, CaseIterable {
        case gpu, network, storage, other
    }

    public var kind: Kind
    /// The operating system's name, such as `eth0`, `nvme0n1` or `cuda0`; the PCI address when it has none.
    public var name: String
    public var model: String?
    /// Such as `0000:3b:00.0`; `nil` for one that is not on a PCI bus.
    public var address: String?
    /// PCI's number of the maker, such as `10de` for NVIDIA.
    public var vendor: String?
    /// The NUMA node whose threads reach it fastest; `nil` when it is as near to all.
    public var numaNode: Int?
    /// Bytes of a GPU's own memory, or of storage.
    public var memory: Int64?
    /// SR-IOV: how many virtual functions the card can have and has. `nil` for a card without.
    public var virtualFunctions: VirtualFunctions?
    /// SR-IOV: the address of the card of which this is a virtual function.
    public var physicalFunction: String?

    public struct VirtualFunctions: Codable, Sendable, Hashable {
        public var most: Int
        public var active: Int

        public init(most: Int, active: Int) {
            self.most = most
            self.active = active
        }
    }

    public init(
        kind: Kind, name: String, model: String? = nil, address: String? = nil, vendor: String? = nil,
        numaNode: Int? = nil, memory: Int64? = nil, virtualFunctions: VirtualFunctions? = nil,
        physicalFunction: String? = nil
    ) {
        self.kind = kind
        self.name = name
        self.model = model
        self.address = address
        self.vendor = vendor
        self.numaNode = numaNode
        self.memory = memory
        self.virtualFunctions = virtualFunctions
        self.physicalFunction = physicalFunction
    }
}

/// What jobs may have of a machine once the system has its share, in Kubernetes' terms.
public struct Allocatable: Codable, Sendable, Hashable {
    /// Thousandths of a hardware thread: 80 threads less 500m are 79500.
    public var milliCPUs: Int
    /// Bytes.
    public var memory: Int64
    public var gpus: Int
    /// What each NUMA node has for jobs that want hardware threads of their own; the reserved ones are taken off.
    public var domains: [Domain]
    /// Whether jobs may have hardware threads of their own: not while nothing is reserved for the system.
    public var allowsExclusive: Bool?

    public struct Domain: Codable, Sendable, Hashable {
        public var numaNode: Int
        /// Whole hardware threads.
        public var threads: Int
        /// Bytes.
        public var memory: Int64
        public var gpus: Int

        public init(numaNode: Int, threads: Int, memory: Int64, gpus: Int) {
            self.numaNode = numaNode
            self.threads = threads
            self.memory = memory
            self.gpus = gpus
        }
    }

    public init(milliCPUs: Int, memory: Int64, gpus: Int, domains: [Domain], allowsExclusive: Bool? = nil) {
        self.milliCPUs = milliCPUs
        self.memory = memory
        self.gpus = gpus
        self.domains = domains
        self.allowsExclusive = allowsExclusive
    }
}

public import Core

/// What of a machine is kept from jobs, as a section of a daemon's configuration; the parts are the kubelet's.
public struct ReservedSettings: Codable, Sendable, Hashable {
    /// For the platform's own daemons (`kubeReserved`): hardware threads, such as `500m`.
    public var cpu: Quantity
    /// For the platform's own daemons (`kubeReserved`): bytes, such as `512MiB`.
    public var memory: ByteCount
    /// For the operating system's daemons (`systemReserved`).
    public var system: Share
    /// What must stay free before anything is evicted (`evictionHard`).
    public var eviction: Threshold

    public struct Share: Codable, Sendable, Hashable {
        public var cpu: Quantity
        public var memory: ByteCount

        public init(cpu: Quantity = .zero, memory: ByteCount = ByteCount(0)) {
            self.cpu = cpu
            self.memory = memory
        }
    }

    public struct Threshold: Codable, Sendable, Hashable {
        public var memory: ByteCount

        public init(memory: ByteCount = ByteCount(0)) { self.memory = memory }
    }

    /// Nothing, unless said otherwise.
    public init(
        cpu: Quantity = .zero, memory: ByteCount = ByteCount(0), system: Share = Share(),
        eviction: Threshold = Threshold()
    ) {
        self.cpu = cpu
        self.memory = memory
        self.system = system
        self.eviction = eviction
    }

    /// One line for each setting, for the usage text; the keys begin with `prefix`.
    public static func help(under prefix: String) -> [String: String] {
        [
            "\(prefix).cpu":
                "hardware threads kept for the platform, such as 500m; none means that no job gets its own",
            "\(prefix).memory": "memory kept for the platform, such as 512MiB",
            "\(prefix).system.cpu": "hardware threads kept for the operating system",
            "\(prefix).system.memory": "memory kept for the operating system",
            "\(prefix).eviction.memory": "memory that stays free whatever jobs ask",
        ]
    }
}

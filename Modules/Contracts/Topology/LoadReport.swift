/// A machine's live load.
///
/// What a kernel does not tell is `nil`: pressure without PSI, the disk of a directory that lies on none, GPUs without NVML.
public struct LoadReport: Codable, Sendable, Hashable {
    /// Share of all hardware threads busy since the report before, 0 to 1.
    public var cpu: Double
    /// Bytes of memory a new process could have.
    public var availableMemory: Int64
    /// Bytes free where the state directory lies.
    public var freeDisk: Int64
    /// Resident bytes of the daemon itself.
    public var resident: Int64
    /// Processor time of the daemon itself since the report before, in seconds a second: 1 is one hardware thread.
    public var daemonCPU: Double?
    public var pressure: Pressure?
    public var disk: DiskLoad?
    /// By name; the physical interfaces, or all but loopback where there is none.
    public var network: [InterfaceLoad]?
    /// In the driver's order.
    public var gpus: [GPULoad]?

    public init(
        cpu: Double, availableMemory: Int64, freeDisk: Int64, resident: Int64, daemonCPU: Double? = nil,
        pressure: Pressure? = nil, disk: DiskLoad? = nil, network: [InterfaceLoad]? = nil, gpus: [GPULoad]? = nil
    ) {
        self.cpu = cpu
        self.availableMemory = availableMemory
        self.freeDisk = freeDisk
        self.resident = resident
        self.daemonCPU = daemonCPU
        self.pressure = pressure
        self.disk = disk
        self.network = network
        self.gpus = gpus
    }
}

/// How much time was lost for want of a resource over the last ten seconds: Linux' pressure stall information.
public struct Pressure: Codable, Sendable, Hashable {
    public var cpu: Stall?
    public var memory: Stall?
    public var io: Stall?

    /// Shares of time, 0 to 1.
    public struct Stall: Codable, Sendable, Hashable {
        /// At least one task waited.
        public var some: Double
        /// All tasks waited at once.
        public var full: Double

        public init(some: Double, full: Double) {
            self.some = some
            self.full = full
        }
    }

    public init(cpu: Stall? = nil, memory: Stall? = nil, io: Stall? = nil) {
        self.cpu = cpu
        self.memory = memory
        self.io = io
    }
}

/// The block device on which the state directory lies, since the report before.
public struct DiskLoad: Codable, Sendable, Hashable {
    public var readBytesPerSecond: Double
    public var writtenBytesPerSecond: Double
    /// Share of the time in which it had something to do, 0 to 1.
    public var busy: Double

    public init(readBytesPerSecond: Double, writtenBytesPerSecond: Double, busy: Double) {
        self.readBytesPerSecond = readBytesPerSecond
        self.writtenBytesPerSecond = writtenBytesPerSecond
        self.busy = busy
    }
}

/// One network interface, since the report before.
public struct InterfaceLoad: Codable, Sendable, Hashable {
    /// Such as `eth0`.
    public var name: String
    public var receivedBytesPerSecond: Double
    public var sentBytesPerSecond: Double

    public init(name: String, receivedBytesPerSecond: Double, sentBytesPerSecond: Double) {
        self.name = name
        self.receivedBytesPerSecond = receivedBytesPerSecond
        self.sentBytesPerSecond = sentBytesPerSecond
    }
}

public struct GPULoad: Codable, Sendable, Hashable {
    /// Share of the time in which it computed, 0 to 1.
    public var busy: Double
    /// Bytes of its own memory in use.
    public var usedMemory: Int64
    /// Bytes of its own memory.
    public var memory: Int64

    public init(busy: Double, usedMemory: Int64, memory: Int64) {
        self.busy = busy
        self.usedMemory = usedMemory
        self.memory = memory
    }
}

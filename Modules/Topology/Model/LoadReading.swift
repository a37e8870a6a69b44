import Contracts

/// What the kernel counts of a machine, at one moment. Counters only grow, except when a device comes back; what the kernel
/// does not tell is `nil`.
struct LoadReading: Sendable, Hashable {
    /// Time since an arbitrary start, from a clock that does not jump.
    var at: Duration
    var processors: ProcessorTimes?
    var availableMemory: Int64?
    var freeDisk: Int64?
    /// Of this process: resident bytes, and seconds of processor time.
    var resident: Int64?
    var processSeconds: Double?
    var pressure: Pressure?
    var disk: DiskCounters?
    var interfaces: [InterfaceCounters]?
    var gpus: [GPULoad]?

    struct InterfaceCounters: Sendable, Hashable {
        var name: String
        var received: Int64
        var sent: Int64
    }
}

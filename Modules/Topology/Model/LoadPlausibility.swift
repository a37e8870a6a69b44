import Contracts

/// What a load can be. An edge is another machine, perhaps a broken or a hostile one: what it says is checked before anything
/// relies on it.
enum LoadPlausibility {
    /// More than any machine has: bytes a second, and bytes.
    private static let mostRate = 1e13
    private static let mostBytes: Int64 = 1 << 60
    static let mostInterfaces = 64
    static let mostGPUs = 64

    /// What in `load` cannot be, by name; `nil` for a sound one.
    /// - Parameter hardware: what the same edge said that it has.
    static func fault(_ load: LoadReport, on hardware: Hardware) -> String? {
        if let fault = share("cpu", load.cpu) { return fault }
        if let fault = bytes("availableMemory", load.availableMemory, most: hardware.memory) { return fault }
        if let fault = bytes("freeDisk", load.freeDisk, most: mostBytes) { return fault }
        // Shared pages count for every process, so that a daemon may seem larger than a small limit of its memory.
        if let fault = bytes("resident", load.resident, most: mostBytes) { return fault }
        if let value = load.daemonCPU, !(0...Double(max(1, hardware.threads)) * 2 + 1).contains(value) {
            return "daemonCPU is \(value) on \(hardware.threads) hardware threads"
        }
        for (name, stall) in [
            ("cpu", load.pressure?.cpu), ("memory", load.pressure?.memory), ("io", load.pressure?.io),
        ] {
            guard let stall else { continue }
            if let fault = share("pressure.\(name).some", stall.some) { return fault }
            if let fault = share("pressure.\(name).full", stall.full) { return fault }
        }
        if let disk = load.disk {
            if let fault = rate("disk.readBytesPerSecond", disk.readBytesPerSecond) { return fault }
            if let fault = rate("disk.writtenBytesPerSecond", disk.writtenBytesPerSecond) { return fault }
            if let fault = share("disk.busy", disk.busy) { return fault }
        }
        return network(load.network ?? []) ?? gpus(load.gpus ?? [])
    }

    private static func network(_ interfaces: [InterfaceLoad]) -> String? {
        if interfaces.count > mostInterfaces { return "network has \(interfaces.count) interfaces" }
        for interface in interfaces {
            // The kernel's own limit is 15 bytes.
            if interface.name.isEmpty || interface.name.utf8.count > 63 {
                return "network has an interface whose name has \(interface.name.utf8.count) bytes"
            }
            if let fault = rate("network.receivedBytesPerSecond", interface.receivedBytesPerSecond)
                ?? rate("network.sentBytesPerSecond", interface.sentBytesPerSecond)
            {
                return fault
            }
        }
        return nil
    }

    private static func gpus(_ gpus: [GPULoad]) -> String? {
        if gpus.count > mostGPUs { return "there are \(gpus.count) gpus" }
        for gpu in gpus {
            if let fault = share("gpus.busy", gpu.busy) ?? bytes("gpus.memory", gpu.memory, most: mostBytes)
                ?? bytes("gpus.usedMemory", gpu.usedMemory, most: gpu.memory)
            {
                return fault
            }
        }
        return nil
    }

    private static func share(_ name: String, _ value: Double) -> String? {
        (0...1).contains(value) ? nil : "\(name) is \(value), which is no share of 1"
    }

    private static func rate(_ name: String, _ value: Double) -> String? {
        (0...mostRate).contains(value) ? nil : "\(name) is \(value), which is no rate"
    }

    private static func bytes(_ name: String, _ value: Int64, most: Int64) -> String? {
        (0...max(0, most)).contains(value) ? nil : "\(name) is \(value) bytes of \(most)"
    }
}

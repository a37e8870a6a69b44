import Contracts

/// Which figures of a load are worth sending.
enum LoadDifference {
    /// Shares of time that differ by less are the same.
    static let share = 0.01
    /// Amounts and rates that differ by less than this part of the larger one are the same,
    static let part = 0.02
    /// as are amounts that differ by less than this many bytes,
    static let bytes = 1_048_576.0
    /// and rates that differ by less than this many bytes a second.
    static let bytesPerSecond = 1024.0

    /// What to send to whoever has `old`, and what it then has; `nil` when only a complete report will do, because something is no
    /// longer there.
    static func between(_ old: LoadReport, _ new: LoadReport) -> (changes: LoadChanges, known: LoadReport)? {
        let isGone =
            (old.daemonCPU != nil && new.daemonCPU == nil) || (old.pressure != nil && new.pressure == nil)
            || (old.disk != nil && new.disk == nil) || (old.network != nil && new.network == nil)
            || (old.gpus != nil && new.gpus == nil)
        if isGone { return nil }
        var changes = LoadChanges()
        var known = old
        if differs(old.cpu, new.cpu) {
            changes.cpu = new.cpu
            known.cpu = new.cpu
        }
        if differs(old.availableMemory, new.availableMemory) {
            changes.availableMemory = new.availableMemory
            known.availableMemory = new.availableMemory
        }
        if differs(old.freeDisk, new.freeDisk) {
            changes.freeDisk = new.freeDisk
            known.freeDisk = new.freeDisk
        }
        if differs(old.resident, new.resident) {
            changes.resident = new.resident
            known.resident = new.resident
        }
        if differs(old.daemonCPU, new.daemonCPU, differs) {
            changes.daemonCPU = new.daemonCPU
            known.daemonCPU = new.daemonCPU
        }
        if differs(old.pressure, new.pressure, differs) {
            changes.pressure = new.pressure
            known.pressure = new.pressure
        }
        if differs(old.disk, new.disk, differs) {
            changes.disk = new.disk
            known.disk = new.disk
        }
        if differs(old.network, new.network, differs) {
            changes.network = new.network
            known.network = new.network
        }
        if differs(old.gpus, new.gpus, differs) {
            changes.gpus = new.gpus
            known.gpus = new.gpus
        }
        return (changes, known)
    }

    private static func differs<Value>(_ old: Value?, _ new: Value?, _ differ: (Value, Value) -> Bool) -> Bool {
        guard let new else { return old != nil }
        return old.map { differ($0, new) } ?? true
    }

    private static func differs(_ old: Double, _ new: Double) -> Bool { !(abs(new - old) < share) }

    private static func differs(_ old: Int64, _ new: Int64) -> Bool {
        let (old, new) = (Double(old), Double(new))
        return abs(new - old) >= max(bytes, part * max(abs(old), abs(new)))
    }

    private static func rateDiffers(_ old: Double, _ new: Double) -> Bool {
        !(abs(new - old) < max(bytesPerSecond, part * max(abs(old), abs(new))))
    }

    private static func differs(_ old: Pressure, _ new: Pressure) -> Bool {
        differs(old.cpu, new.cpu, differs) || differs(old.memory, new.memory, differs)
            || differs(old.io, new.io, differs)
    }

    private static func differs(_ old: Pressure.Stall, _ new: Pressure.Stall) -> Bool {
        differs(old.some, new.some) || differs(old.full, new.full)
    }

    private static func differs(_ old: DiskLoad, _ new: DiskLoad) -> Bool {
        rateDiffers(old.readBytesPerSecond, new.readBytesPerSecond)
            || rateDiffers(old.writtenBytesPerSecond, new.writtenBytesPerSecond) || differs(old.busy, new.busy)
    }

    private static func differs(_ old: [InterfaceLoad], _ new: [InterfaceLoad]) -> Bool {
        old.count != new.count
            || zip(old, new).contains { old, new in
                old.name != new.name || rateDiffers(old.receivedBytesPerSecond, new.receivedBytesPerSecond)
                    || rateDiffers(old.sentBytesPerSecond, new.sentBytesPerSecond)
            }
    }

    private static func differs(_ old: [GPULoad], _ new: [GPULoad]) -> Bool {
        old.count != new.count
            || zip(old, new).contains { old, new in
                old.memory != new.memory || differs(old.busy, new.busy) || differs(old.usedMemory, new.usedMemory)
            }
    }
}

import Contracts
import Core
import Glibc

/// Reads the kernel's counters, through descriptors that stay open: about twenty small reads.
///
/// For one thread at a time.
final class LoadProbe {
    /// The directory whose file system and device are watched.
    private let directory: String
    private let start = ContinuousClock.now
    private let pageSize = Int64(sysconf(Int32(_SC_PAGESIZE)))
    private let processors = KernelFile("/proc/stat")
    private let memory = KernelFile("/proc/meminfo", capacity: 256)
    private let process = KernelFile("/proc/self/statm", capacity: 128)
    private let pressure: (cpu: KernelFile?, memory: KernelFile?, io: KernelFile?)
    private let disk: KernelFile?
    private let group: GroupMemory?
    private var network = NetworkProbe()
    private let gpus = NVML.shared()

    /// What a limited control group has left.
    private struct GroupMemory {
        let limit: Int64
        let current: KernelFile
        let statistics: KernelFile
        let isVersion2: Bool
    }

    init(directory: String) {
        self.directory = directory
        let own = ControlGroup.own()
        let pressures =
            own.flatMap { $0.isLimited ? $0.pressure : nil }.map { ("\($0)/", ".pressure") } ?? ("/proc/pressure/", "")
        func file(_ resource: String) -> KernelFile? {
            KernelFile(pressures.0 + resource + pressures.1, capacity: 256) ?? KernelFile("/proc/pressure/\(resource)")
        }
        pressure = (file("cpu"), file("memory"), file("io"))
        disk = DiskDevice.statisticsPath(of: directory).flatMap { KernelFile($0) }
        group = own.flatMap { own in
            guard let limit = own.memoryLimit,
                let current = KernelFile(own.memory + (own.isVersion2 ? "/memory.current" : "/memory.usage_in_bytes")),
                let statistics = KernelFile(own.memory + "/memory.stat", capacity: 4096)
            else { return nil }
            return GroupMemory(limit: limit, current: current, statistics: statistics, isVersion2: own.isVersion2)
        }
    }

    func read() -> LoadReading {
        var reading = LoadReading(at: start.duration(to: .now))
        reading.processors = (processors?.read()).flatMap { ProcessorTimes($0) }
        reading.availableMemory = availableMemory()
        reading.freeDisk = freeDisk()
        if var scanner = process?.read(), scanner.number() != nil {
            reading.resident = scanner.number().map { $0 * pageSize }
        }
        var time = timespec()
        if clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 {
            reading.processSeconds = Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
        }
        let stalls = Pressure(cpu: stall(pressure.cpu), memory: stall(pressure.memory), io: stall(pressure.io))
        if stalls != Pressure() { reading.pressure = stalls }
        reading.disk = (disk?.read()).flatMap { DiskCounters($0) }
        reading.interfaces = network.read()
        reading.gpus = gpus?.loads()
        return reading
    }

    private func stall(_ file: KernelFile?) -> Pressure.Stall? { (file?.read()).flatMap { Pressure.Stall($0) } }

    private func freeDisk() -> Int64? {
        var disk = statvfs()
        guard statvfs(directory, &disk) == 0 else { return nil }
        return Int64(
            clamping: UInt64(disk.f_bavail).multipliedReportingOverflow(by: UInt64(disk.f_frsize)).partialValue)
    }

    /// What the machine has, or what is left of the control group's limit when that is less. Files in the page cache that nobody
    /// used lately are as good as free.
    private func availableMemory() -> Int64? {
        guard var scanner = memory?.read(), let machine = scanner.number(after: "MemAvailable:") else { return nil }
        guard let group else { return machine * 1024 }
        var current = group.current.read()
        var statistics = group.statistics.read()
        guard let used = current.number() else { return machine * 1024 }
        let idle =
            (group.isVersion2
                ? statistics.number(after: "inactive_file ") : statistics.number(after: "total_inactive_file ")) ?? 0
        return min(machine * 1024, max(0, group.limit - used + min(idle, used)))
    }
}

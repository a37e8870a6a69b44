import Contracts
import Core
import Glibc

/// Reads what this machine is and how busy it is, from the Linux kernel's own files.
struct MachineProbe: Sendable {
    /// The directory whose file system is reported as free disk.
    let directory: String

    func hardware() -> Hardware {
        var name = utsname()
        uname(&name)
        let hostname = withUnsafeBytes(of: &name.nodename) { Self.text($0) }
        let architecture = withUnsafeBytes(of: &name.machine) { Self.text($0) }
        let information = ProcFile.text("/proc/cpuinfo") ?? ""
        let processor =
            information.split(separator: "\n").first { $0.hasPrefix("model name") }?
            .split(separator: ":", maxSplits: 1).last.map { $0.drop { $0 == " " } }
        return Hardware(
            hostname: hostname, architecture: architecture, processor: processor.map(String.init) ?? architecture,
            threads: threads(), memory: memory())
    }

    /// Hardware threads this process may run on.
    private func threads() -> Int {
        let list = ProcFile.text("/proc/self/status").flatMap { ProcFile.value("Cpus_allowed_list", in: $0) }
        let allowed = list.map { Self.count(ofList: $0) } ?? 0
        return allowed > 0 ? allowed : max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    }

    /// How many numbers a kernel list such as `0-3,8` names.
    static func count(ofList list: String) -> Int {
        list.split(separator: ",").reduce(0) { count, range in
            let ends = range.split(separator: "-").compactMap { Int($0) }
            return count + (ends.count == 2 ? max(0, ends[1] - ends[0] + 1) : ends.count)
        }
    }

    /// The smaller of the machine's memory and the control group's limit, in bytes.
    private func memory() -> Int64 {
        let total = ProcFile.text("/proc/meminfo").flatMap { ProcFile.number("MemTotal", in: $0) } ?? 0
        let limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
            .compactMap { ProcFile.text($0).flatMap { Int64($0.prefix { $0.isNumber }) } }
        return ([total * 1024] + limits).min() ?? total * 1024
    }

    /// Busy and total clock ticks of all processors since start-up.
    struct Ticks: Sendable {
        var busy: Int64
        var total: Int64
    }

    func ticks() -> Ticks {
        guard let line = ProcFile.text("/proc/stat")?.split(separator: "\n").first else {
            return Ticks(busy: 0, total: 0)
        }
        let fields = line.split(separator: " ").dropFirst().compactMap { Int64($0) }
        // user nice system idle iowait irq softirq steal; guest time is inside user already.
        let total = fields.prefix(8).reduce(0, +)
        let idle = fields.dropFirst(3).prefix(2).reduce(0, +)
        return Ticks(busy: total - idle, total: total)
    }

    /// The load since `earlier`, which is updated.
    func load(since earlier: inout Ticks) -> LoadReport {
        let now = ticks()
        let total = now.total - earlier.total
        let cpu = total > 0 ? Double(now.busy - earlier.busy) / Double(total) : 0
        earlier = now
        let available = ProcFile.text("/proc/meminfo").flatMap { ProcFile.number("MemAvailable", in: $0) } ?? 0
        var disk = statvfs()
        let free = statvfs(directory, &disk) == 0 ? Int64(disk.f_bavail) * Int64(disk.f_frsize) : 0
        let resident = ProcFile.text("/proc/self/status").flatMap { ProcFile.number("VmRSS", in: $0) } ?? 0
        return LoadReport(
            cpu: min(max(cpu, 0), 1), availableMemory: available * 1024, freeDisk: free, resident: resident * 1024)
    }

    private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}

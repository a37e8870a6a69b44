import Contracts
import Core
import Glibc

/// Reads what this machine is, from the Linux kernel's own files.
struct MachineProbe: Sendable {
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
        return min(total * 1024, ControlGroup.leastMemoryLimit() ?? .max)
    }

    private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}

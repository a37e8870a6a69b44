/// The control group of this process: version 2, or version 1's groups for memory.
struct ControlGroup: Sendable {
    /// The directory with the files of memory.
    let memory: String
    /// The directory with the files of pressure; version 2 alone has them.
    let pressure: String?
    let isVersion2: Bool

    /// `nil` where no control groups are mounted at their usual place.
    static func own() -> ControlGroup? {
        let lines = (ProcFile.text("/proc/self/cgroup") ?? "").split(separator: "\n")
        func path(_ isWanted: (Substring) -> Bool) -> String? {
            for line in lines {
                let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
                if fields.count == 3, isWanted(fields[1]) { return fields[2] == "/" ? "" : String(fields[2]) }
            }
            return nil
        }
        // In a container the path may be the host's, and the mount may begin at the group itself.
        if let own = path({ $0.split(separator: ",").contains("memory") }) {
            let root = "/sys/fs/cgroup/memory"
            for directory in [root + own, root] where ProcFile.text(directory + "/memory.limit_in_bytes") != nil {
                return ControlGroup(memory: directory, pressure: nil, isVersion2: false)
            }
        }
        if let own = path({ $0.isEmpty }) {
            let root = "/sys/fs/cgroup"
            for directory in [root + own, root] where ProcFile.text(directory + "/memory.max") != nil {
                return ControlGroup(memory: directory, pressure: directory, isVersion2: true)
            }
        }
        return nil
    }

    /// Bytes; `nil` without a limit. Version 1 writes a number beyond any machine's memory for none.
    var memoryLimit: Int64? {
        let text = ProcFile.text(memory + (isVersion2 ? "/memory.max" : "/memory.limit_in_bytes")) ?? ""
        return Int64(text.prefix { $0.isNumber }).flatMap { $0 < 1 << 60 ? $0 : nil }
    }

    /// Whether anything keeps this group from the whole machine, so that its pressure is not the machine's.
    var isLimited: Bool {
        if memoryLimit != nil { return true }
        let quota = pressure.flatMap { ProcFile.text($0 + "/cpu.max") } ?? "max"
        return !quota.hasPrefix("max")
    }

    /// The least bytes of memory that the process's group and those above it allow; `nil` without a limit.
    /// - Parameters:
    ///   - mount: where the groups are mounted.
    ///   - membership: the text of `/proc/self/cgroup`.
    static func leastMemoryLimit(
        mount: String = "/sys/fs/cgroup", membership: String? = ProcFile.text("/proc/self/cgroup")
    ) -> Int64? {
        var least: Int64?
        for line in (membership ?? "").split(separator: "\n") {
            // 0::PATH in version 2, N:CONTROLLERS:PATH in version 1.
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            let isSecond = parts[0] == "0" && parts[1].isEmpty
            guard isSecond || parts[1].split(separator: ",").contains("memory") else { continue }
            let root = isSecond ? mount : "\(mount)/memory"
            let file = isSecond ? "memory.max" : "memory.limit_in_bytes"
            for path in ancestors(String(parts[2])) {
                guard let text = ProcFile.text("\(root)\(path)/\(file)"),
                    let limit = Int64(text.prefix { $0.isNumber })
                else { continue }
                least = min(least ?? limit, limit)
            }
        }
        return least
    }

    /// `/a/b`, `/a` and the root, for `/a/b`.
    static func ancestors(_ path: String) -> [String] {
        let parts = path.split(separator: "/").filter { $0 != ".." }
        return (0...parts.count).reversed().map { count in parts.prefix(count).map { "/" + $0 }.joined() }
    }
}

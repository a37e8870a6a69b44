import Glibc

/// A control group of version 2 below the daemon's own, that holds a process and its children to some threads and NUMA nodes.
struct CpusetGroup: Sendable {
    /// Where control groups are mounted.
    var mount = "/sys/fs/cgroup"
    /// The text of `/proc/self/cgroup`.
    var membership: String? = ProcFile.text("/proc/self/cgroup")

    /// Why a step was not possible, in words for a person.
    struct Obstacle: Error, Sendable, Hashable {
        let reason: String
    }

    /// Moves a process into a group of its own.
    /// - Throws: what is in the way; most machines do not let a daemon do this unless its groups were delegated to it.
    func hold(_ pid: Int32, named name: String, threads: String, nodes: String) throws(Obstacle) {
        let parent = try parent()
        let path = "\(parent)/\(Self.directory(name))"
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else { throw Self.obstacle("make the group \(path)") }
        try write(threads, to: "\(path)/cpuset.cpus")
        if !nodes.isEmpty { try write(nodes, to: "\(path)/cpuset.mems") }
        try write("\(pid)", to: "\(path)/cgroup.procs")
    }

    /// Removes the group once its processes have ended; one that is still used stays.
    func remove(named name: String) {
        guard let parent = try? parent() else { return }  // Where there can be no group, there is none to remove.
        rmdir("\(parent)/\(Self.directory(name))")
    }

    /// The daemon's group, with control over CPUs for those below it.
    private func parent() throws(Obstacle) -> String {
        guard let controllers = ProcFile.text("\(mount)/cgroup.controllers") else {
            throw Obstacle(reason: "this machine has no control groups of version 2 at \(mount)")
        }
        guard controllers.split(whereSeparator: \.isWhitespace).contains("cpuset") else {
            throw Obstacle(reason: "the control groups of this machine do not hold cpusets")
        }
        let line = (membership ?? "").split(separator: "\n").first { $0.hasPrefix("0::") }
        guard let line else { throw Obstacle(reason: "this process is in no control group of version 2") }
        let own = String(line.dropFirst(3))
        let path = own == "/" ? mount : mount + own
        let control = "\(path)/cgroup.subtree_control"
        let enabled = ProcFile.text(control) ?? ""
        if !enabled.split(whereSeparator: \.isWhitespace).contains("cpuset") { try write("+cpuset", to: control) }
        return path
    }

    /// An owner's word as the name of a directory.
    private static func directory(_ name: String) -> String {
        "gedge-"
            + String(
                decoding: name.utf8.prefix(200).map { byte in
                    let isPlain = (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || byte == 0x2D
                    return isPlain ? byte : UInt8(ascii: "_")
                }, as: UTF8.self)
    }

    private func write(_ text: String, to path: String) throws(Obstacle) {
        let file = open(path, O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { throw Self.obstacle("open \(path)") }
        defer { close(file) }
        let bytes = Array(text.utf8)
        guard Glibc.write(file, bytes, bytes.count) == bytes.count else {
            throw Self.obstacle("write '\(text)' to \(path)")
        }
    }

    private static func obstacle(_ action: String) -> Obstacle {
        Obstacle(reason: "cannot \(action): \(String(cString: strerror(errno)))")
    }
}

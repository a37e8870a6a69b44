import Contracts
import Core
import Glibc

/// The processes of this machine.
struct SystemProcesses: ProcessControl {
    var cpuset = CpusetGroup()
    /// The daemon.
    var daemon = getpid()

    func identity(of pid: Int32) -> ProcessIdentity? {
        guard pid > 0, let text = ProcFile.text("/proc/\(pid)/stat") else { return nil }
        return Self.started(text).map { ProcessIdentity(pid: pid, started: $0) }
    }

    /// The field `starttime` of proc(5), the 22nd. The second is the program's name in parentheses, which may hold anything. A process
    /// that has ended and was not waited for has ended.
    static func started(_ text: String) -> UInt64? {
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[end...].dropFirst().split(separator: " ")
        guard fields.count > 19, fields[0] != "Z", fields[0] != "X" else { return nil }
        return UInt64(fields[19])
    }

    func bind(_ process: ProcessIdentity, to allocation: Allocation) -> [String] {
        var limitations: [String] = []
        do throws(CpusetGroup.Obstacle) {
            let nodes = allocation.memory.map { "\($0.numaNode)" }.joined(separator: ",")
            try cpuset.hold(
                process.pid, named: allocation.owner,
                threads: allocation.threads.map(String.init).joined(separator: ","),
                nodes: nodes)
        } catch {
            limitations.append("no cpuset: \(error.reason)")
            // From outside, only a cpuset decides where a process gets its memory.
            if !allocation.memory.isEmpty { limitations.append("memory is not bound: that takes a cpuset") }
        }
        do { try bindThreads(of: process, to: allocation.threads) } catch {
            limitations.append("no affinity: \(error.message)")
        }
        return limitations
    }

    func forget(_ owner: String) { cpuset.remove(named: owner) }

    func confineDaemon(to threads: [Int], besides others: Set<Int32>) -> String? {
        guard let process = identity(of: daemon) else { return "process \(daemon) has ended" }
        do {
            try bindThreads(of: process, to: threads, besides: others)
            return nil
        } catch { return error.message }
    }

    /// Binds the threads that a process has; those it starts later inherit from the one that starts them.
    private func bindThreads(
        of process: ProcessIdentity, to processors: [Int], besides others: Set<Int32> = []
    ) throws(AffinityError) {
        var bound = others
        // Threads that were started while others were bound are found by looking again.
        while identity(of: process.pid) == process {
            let new = Self.threads(of: process.pid).subtracting(bound)
            guard !new.isEmpty else { return }
            for thread in new {
                do throws(AffinityError) { try ThreadAffinity.set(processors, ofThread: thread) } catch {
                    // A thread that has ended since needs no binding.
                    guard error.number == ESRCH else { throw error }
                }
                bound.insert(thread)
            }
        }
    }

    private static func threads(of pid: Int32) -> Set<Int32> {
        guard let directory = opendir("/proc/\(pid)/task") else { return [] }
        defer { closedir(directory) }
        var threads: Set<Int32> = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let thread = Int32(name) { threads.insert(thread) }
        }
        return threads
    }
}

import Contracts
import Core

/// Why a request does not fit: what is short, by how much and where.
struct Shortage: Sendable {
    let map: MachineMap
    let free: FreeResources
    let request: AllocationRequest

    var error: TopologyError {
        let missing = missingAnywhere
        let reason =
            missing.isEmpty
            ? "no NUMA node has all of it: " + map.nodes.map { "node \($0) \(missingAt($0))" }.joined(separator: "; ")
            : "this machine \(missing)"
        let remedy =
            missing.isEmpty && request.policy == .singleNUMANode
            ? "ask for less, or with the policy best-effort" : "ask for less, or wait until others release theirs"
        return TopologyError("no-room", "there is no room for '\(request.owner)': \(reason); \(remedy)")
    }

    /// What the whole machine lacks; empty when it only lacks it in one place.
    private var missingAnywhere: String {
        let threads =
            request.isExclusive
            ? min(free.spareTotal, map.nodes.reduce(0) { $0 + exclusive($1) }) : max(0, free.milliCPUsTotal / 1000)
        let memory = min(free.memoryTotal, map.nodes.reduce(0) { $0 + (free.memory[$1] ?? 0) })
        return text(threads: threads, memory: memory, gpus: free.gpus.count, nics: free.nics.count)
    }

    private func missingAt(_ node: Int) -> String {
        let text = text(
            threads: request.isExclusive ? exclusive(node) : max(0, (free.milliCPUs[node] ?? 0) / 1000),
            memory: free.memory[node] ?? 0, gpus: free.gpus.count { map.isAt(node, device: $0) },
            nics: free.nics.count { map.isAt(node, device: $0) })
        return text.isEmpty ? "has all of it" : text
    }

    private func exclusive(_ node: Int) -> Int {
        min(free.spare[node] ?? 0, free.threads.count { map.threads[$0]?.numaNode == node })
    }

    private func text(threads: Int, memory: Int64, gpus: Int, nics: Int) -> String {
        let kind = request.isExclusive ? "hardware threads of its own" : "hardware threads' worth of time"
        var parts: [String] = []
        if threads < request.threads {
            parts.append("\(request.threads - threads) of \(request.threads) \(kind) (\(threads) free)")
        }
        if memory < request.memory {
            let short = ByteCount(Int(request.memory - max(0, memory)))
            parts.append(
                "\(short) of \(ByteCount(Int(request.memory))) of memory (\(ByteCount(Int(max(0, memory)))) free)")
        }
        if gpus < request.gpus { parts.append("\(request.gpus - gpus) of \(request.gpus) GPUs (\(gpus) free)") }
        if nics < request.nics { parts.append("\(request.nics - nics) of \(request.nics) interfaces (\(nics) free)") }
        return parts.isEmpty ? "" : "lacks " + parts.joined(separator: ", ")
    }
}

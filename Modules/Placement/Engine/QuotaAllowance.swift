import Contracts
import Core

/// What the quota of a job's group leaves it: of the whole, and of what other jobs of the group do not hold.
struct QuotaAllowance: Sendable {
    private let quota: GroupQuota
    private let held: ResourceAmount
    private let jobs: Int
    private let request: PlacementRequest

    /// - Returns: `nil` for a group without a quota.
    init?(_ request: PlacementRequest, _ context: PlacementContext) {
        guard let quota = context.quotas[request.group] else { return nil }
        self.quota = quota
        self.request = request
        (held, jobs) = context.book.held(by: request.group, besides: request.jobUID)
    }

    /// On how many edges the job could run if its group held nothing else.
    var mostEdges: Int { edges(besides: ResourceAmount(), jobs: 0) }
    /// On how many edges it can run now.
    var freeEdges: Int { edges(besides: held, jobs: jobs) }

    private func edges(besides held: ResourceAmount, jobs: Int) -> Int {
        if let most = quota.jobs, jobs >= most { return 0 }
        let demand = request.demand
        func share(_ most: Int?, _ held: Int, _ demand: Int) -> Int {
            guard let most, demand > 0 else { return .max }
            return max(0, most - held) / demand
        }
        return min(
            share(quota.cpus?.milliCPUs, held.milliCPUs, demand.milliCPUs),
            share(quota.memory?.bytes, Int(held.memory), Int(demand.memory)),
            share(quota.gpus, held.gpus, demand.gpus))
    }

    /// Of what the group would hold too much with the job on so many edges, in words; empty when there is room.
    func shortages(on edges: Int) -> [String] {
        excesses(on: edges, besides: held, jobs: jobs) { held, most, what, asked in
            "\(held) of \(most) \(what) held, and the job asks \(asked)"
        }
    }

    /// Why the job never runs, in words, with what would help; `nil` when it can.
    var refusal: String? {
        let edges = request.minimumEdges
        guard mostEdges < edges else { return nil }
        let words = excesses(on: edges, besides: ResourceAmount(), jobs: 0) { _, most, what, asked in
            "\(asked) of \(most) \(what)"
        }
        let number = edges == 1 ? "one edge" : "\(edges) edges"
        return
            "the job can never run: on \(number), its minimum, it asks \(words.joined(separator: " and ")) that group "
            + "'\(request.group)' may hold in all; ask for less in spec.placement.resources"
            + (edges > 1 ? ", lower spec.clients.minimum," : "")
            + " or have placement.quotas.\(request.group) raised in the core's configuration"
    }

    private func excesses(
        on edges: Int, besides held: ResourceAmount, jobs: Int,
        _ words: (_ held: String, _ most: String, _ what: String, _ asked: String) -> String
    ) -> [String] {
        let asked = request.demand * edges
        var lines: [String] = []
        func check(_ what: String, _ most: Int?, _ held: Int, _ asked: Int, _ text: (Int) -> String) {
            guard let most, asked > 0, asked > most - held else { return }
            lines.append(words(text(held), text(most), what, text(asked)))
        }
        check("CPUs", quota.cpus?.milliCPUs, held.milliCPUs, asked.milliCPUs) { "\(CPUQuantity(milliCPUs: $0))" }
        check("memory", quota.memory?.bytes, Int(held.memory), Int(asked.memory)) { "\(ByteCount($0))" }
        check("GPUs", quota.gpus, held.gpus, asked.gpus) { "\($0)" }
        check("jobs", quota.jobs, jobs, 1) { "\($0)" }
        return lines
    }
}

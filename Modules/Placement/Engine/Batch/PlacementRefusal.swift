/// Why a job cannot be placed, or how much is left for it: what each kind of node lacks, and the least that is missing.
package struct PlacementRefusal: Sendable, Hashable {
    /// The nodes of one hardware class at one edge.
    package struct Group: Sendable, Hashable {
        package var edge: Int
        package var hardware: Int
        /// Nodes that the job may use by type and data, or that it might if they had other hardware.
        package var nodes = 0
        /// Those with room for a worker.
        package var fitting = 0
        /// Those that take nobody: gone, cordoned, or with data or model behind a link that carries nothing.
        package var closed = 0
        package var unreachable = 0
        /// Whether the job has no figure for this class.
        package var isUnsuitable = false
        /// What the node that lacks least lacks, of those that lack something; `nil` when none lacks anything.
        package var shortage: Resources?
    }

    /// By edge, then class.
    package var groups: [Group]
    package var workersNeeded: Int
    package var workersFitting: Int
    /// Samples that the job must cover, and the most that as many workers as it needs can.
    package var samplesNeeded: Double
    package var samplesFitting: Double

    /// Whether room, hardware and data allow the job; what it costs is another matter.
    package var fits: Bool { workersFitting >= workersNeeded && samplesFitting >= samplesNeeded }

    /// One sentence: what is short, by how much, and where least of it is missing.
    package func summary(hardware: [String]) -> String {
        if fits { return "fits: \(workersFitting) nodes have room for its \(workersNeeded) workers" }
        if workersFitting >= workersNeeded {
            return "needs \(Self.text(samplesNeeded)) samples; the \(workersNeeded) best nodes with room hold "
                + "\(Self.text(samplesFitting)), \(Self.text(samplesNeeded - samplesFitting)) too few"
        }
        var parts = ["needs \(workersNeeded) nodes and \(workersFitting) have room"]
        let unsuitable = groups.reduce(0) { $0 + ($1.isUnsuitable ? $1.nodes : 0) }
        if unsuitable > 0 { parts.append("\(unsuitable) are of hardware that it cannot run on") }
        let closed = groups.reduce(0) { $0 + $1.closed }
        if closed > 0 { parts.append("\(closed) take no workers") }
        let unreachable = groups.reduce(0) { $0 + $1.unreachable }
        if unreachable > 0 { parts.append("\(unreachable) are behind a link that carries nothing") }
        if let least = groups.filter({ $0.shortage != nil }).min(by: { Self.size($0) < Self.size($1) }),
            let shortage = least.shortage
        {
            let name = least.hardware < hardware.count ? hardware[least.hardware] : "class \(least.hardware)"
            parts.append("least is missing on a \(name) node of edge \(least.edge): \(Self.text(shortage))")
        }
        return parts.joined(separator: "; ")
    }

    private static func size(_ group: Group) -> Double {
        group.shortage?.sum ?? .infinity
    }

    private static func text(_ shortage: Resources) -> String {
        var parts: [String] = []
        if shortage.cpus > 0 { parts.append("\(text(shortage.cpus)) CPUs") }
        if shortage.memory > 0 { parts.append("\(text(shortage.memory)) GB") }
        if shortage.gpus > 0 { parts.append("\(text(shortage.gpus)) GPUs") }
        return parts.isEmpty ? "one NUMA domain that holds it all" : parts.joined(separator: ", ")
    }

    private static func text(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
    }
}

extension PlacementRefusal {
    /// Looks at every node that a job might use.
    init(_ job: BatchJob, _ problem: BatchProblem, _ room: NodeRoom, nodesOfEdge: (Int) -> [Int]) {
        let need = WorkerNeed(job)
        let terms = JobTerms(job, problem)
        var groups: [[Int]: Group] = [:]
        var samples: [Double] = []
        let nodes =
            job.kind == .federated
            ? job.shards.map { ($0.node, $0.samples) } : job.scope.flatMap { nodesOfEdge($0).map { ($0, 0) } }
        for (node, held) in nodes {
            let (edge, hardware) = (problem.nodeEdge[node], problem.nodeHardware[node])
            var group = groups[[edge, hardware]] ?? Group(edge: edge, hardware: hardware)
            defer { groups[[edge, hardware]] = group }
            group.nodes += 1
            guard job.secondsPerSample[hardware] != nil else {
                group.isUnsuitable = true
                continue
            }
            if !terms.isReachable(edge) {
                group.unreachable += 1
            } else if room.isClosed(node) {
                group.closed += 1
            } else if room.domain(for: need, on: node) != nil {
                group.fitting += 1
                samples.append(held)
            } else {
                let shortage = room.shortage(of: need, on: node)
                if group.shortage.map({ shortage.sum < $0.sum }) ?? true { group.shortage = shortage }
            }
        }
        self.groups = groups.values.sorted { ($0.edge, $0.hardware) < ($1.edge, $1.hardware) }
        workersNeeded = job.workers
        workersFitting = samples.count
        samplesNeeded = job.kind == .federated ? job.coverage : 0
        samplesFitting = samples.sorted(by: >).prefix(job.workers).reduce(0, +)
    }
}

extension PlacementIndex {
    /// What each kind of node lacks for a job.
    package func refusal(of job: BatchJob) -> PlacementRefusal {
        PlacementRefusal(job, problem, room) { edge in nodes(at: edge) }
    }
}

extension PlacementReplanner {
    /// What each kind of node lacks for a job of the batch, with all that others have taken; its own workers count as taken.
    package func refusal(ofJob job: Int) -> PlacementRefusal {
        PlacementRefusal(problem.jobs[job], problem, state.room) { nodesOfEdge[$0] }
    }
}

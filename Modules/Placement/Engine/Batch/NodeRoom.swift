/// What a worker takes, and whether it may take it from more than one NUMA domain.
struct WorkerNeed: Sendable {
    var request: Resources
    var needsOneDomain: Bool
    /// Whether a worker that spans domains is the faster one.
    var prefersSpanning: Bool

    init(_ job: BatchJob) {
        request = job.request
        needsOneDomain = job.needsOneDomain
        prefersSpanning = !job.needsOneDomain && job.spanPenalty < 1
    }
}

/// Why a node takes nobody.
struct Closure: OptionSet, Sendable {
    let rawValue: UInt8
    static let gone = Closure(rawValue: 1)
    static let node = Closure(rawValue: 2)
    /// All of its edge is closed.
    static let edge = Closure(rawValue: 4)
}

/// What every node and NUMA domain has left, and which nodes take nobody any more.
struct NodeRoom: Sendable {
    static let spanning: Int32 = -1

    private let domainStart: [Int]
    private var domainFree: [Resources]
    private var nodeFree: [Resources]
    private var closures: [Closure]

    init(_ problem: BatchProblem) {
        domainStart = problem.domainStart
        domainFree = problem.domainFree
        nodeFree = (0..<problem.nodeCount).map { node in
            problem.domains(of: node).reduce(into: Resources()) { $0 += problem.domainFree[$1] }
        }
        closures = [Closure](repeating: [], count: problem.nodeCount)
    }

    /// The domain for one more worker on `node`: the tightest that holds it, else `spanning` if it may; `nil` when there is no
    /// room.
    @inline(__always)
    func domain(for need: WorkerNeed, on node: Int) -> Int32? {
        guard nodeFree[node].holds(need.request), closures[node].isEmpty else { return nil }
        if need.prefersSpanning { return Self.spanning }
        var best: Int32?
        var slack = (Double.infinity, Double.infinity, Double.infinity)
        let start = domainStart[node]
        for domain in start..<domainStart[node + 1] {
            let free = domainFree[domain]
            guard free.holds(need.request) else { continue }
            let left = (free.gpus, free.cpus, free.memory)
            if best == nil || left < slack {
                best = Int32(domain - start)
                slack = left
            }
        }
        return best ?? (need.needsOneDomain ? nil : Self.spanning)
    }

    /// Whether a worker can be in exactly this place; a node that is closed keeps whom it has.
    func holds(_ need: WorkerNeed, on node: Int, domain: Int32) -> Bool {
        nodeFree[node].holds(need.request)
            && (domain < 0 || domainFree[domainStart[node] + Int(domain)].holds(need.request))
    }

    mutating func take(_ request: Resources, on node: Int, domain: Int32) {
        nodeFree[node] -= request
        if domain >= 0 { domainFree[domainStart[node] + Int(domain)] -= request }
    }

    mutating func giveBack(_ request: Resources, on node: Int, domain: Int32) {
        nodeFree[node] += request
        if domain >= 0 { domainFree[domainStart[node] + Int(domain)] += request }
    }

    /// Adds to what a domain has, which may leave it with less than nothing until workers go.
    mutating func add(_ amount: Resources, toDomain domain: Int, of node: Int) {
        domainFree[domainStart[node] + domain] += amount
        nodeFree[node] += amount
    }

    /// Lets nobody onto a node any more.
    mutating func close(_ node: Int, _ reason: Closure) { closures[node].formUnion(reason) }

    /// Lets workers onto a node again, unless there is another reason not to.
    mutating func open(_ node: Int, _ reasons: Closure) { closures[node].subtract(reasons) }

    func isClosed(_ node: Int) -> Bool { !closures[node].isEmpty }
    func free(on node: Int) -> Resources { nodeFree[node] }

    /// What a worker lacks on a node at the least: over its domains, or over the node if the worker may span them. Nothing where
    /// only the domains are too small each for itself.
    func shortage(of need: WorkerNeed, on node: Int) -> Resources {
        guard need.needsOneDomain else { return need.request.missing(in: nodeFree[node]) }
        let domains = (domainStart[node]..<domainStart[node + 1]).map { need.request.missing(in: domainFree[$0]) }
        return domains.min { $0.sum < $1.sum } ?? need.request
    }

    /// The most of each resource that any one domain of a node has left.
    func largestDomain(of node: Int) -> Resources {
        domainFree[domainStart[node]..<domainStart[node + 1]].reduce(into: Resources()) { $0.raise(to: $1) }
    }
}

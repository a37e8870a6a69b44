import Contracts
import Core

/// Judges every edge by itself: may it take part, has it room, and what would a round there take?
struct EdgeAssessor {
    /// What a link carries that nobody has measured yet, in bytes per second: 100 Mbit/s.
    private static let assumedBandwidth = 12.5e6
    private static let assumedRoundTrip = 0.02
    /// Of a round on an edge, what is neither training nor moving: asking, publishing, counting.
    private static let fixedOverhead = 0.05

    let request: PlacementRequest
    let context: PlacementContext
    private let links: [PeerID: (down: LinkState?, up: LinkState?)]
    /// The edges of the jobs that this one keeps away from.
    private let avoided: [Name: Name]
    private let current: Set<Name>
    private let modelWeight: Double

    /// - Parameter modelWeight: what moving the model counts for, of the job's training type.
    init(_ request: PlacementRequest, _ context: PlacementContext, modelWeight: Double) {
        self.modelWeight = modelWeight
        self.request = request
        self.context = context
        var links: [PeerID: (down: LinkState?, up: LinkState?)] = [:]
        for link in context.topology.links {
            if link.from == .core { links[link.to, default: (nil, nil)].down = link }
            if link.to == .core { links[link.from, default: (nil, nil)].up = link }
        }
        self.links = links
        var avoided: [Name: Name] = [:]
        if let others = request.spec.apartFrom.map({ Set($0) }), !others.isEmpty {
            for other in context.book.all where others.contains(other.job) && other.jobUID != request.jobUID {
                for edge in other.edges { avoided[edge] = other.job }
            }
        }
        self.avoided = avoided
        current = Set(context.book[request.jobUID]?.edges ?? [])
    }

    func assess(_ site: Site) -> EdgeAssessment {
        if let reason = rejection(of: site) { return .rejected(reason) }
        if site.phase == .reconnecting { return .pending { "was here before the core restarted and may reconnect" } }
        let link = links[PeerID(site.name)]
        for rate in [link?.down?.bytesPerSecond, link?.up?.bytesPerSecond] {
            if let rate, !(rate > 0) { return .rejected { "its link to the core carries nothing" } }
        }
        let candidate = candidate(site, link)
        if let shortage = shortage(at: site) { return .full(shortage, candidate) }
        return .candidate(candidate)
    }

    // MARK: Rules

    /// Why `site` cannot take part, whatever is free; `nil` if it can, or could once it is back.
    private func rejection(of site: Site) -> Words? {
        switch site.phase {
        case .ready, .reconnecting: break
        case .lost: return { "lost: last seen \(site.lastSeen)" }
        case .left: return { "left: last seen \(site.lastSeen)" }
        case .revoked: return { "revoked by an operator" }
        }
        if let allowed = request.allowedEdges, !allowed.contains(site.name) {
            return { "not among the edges that the job allows" }
        }
        if let cordon = site.cordon, cordon.isDraining || !current.contains(site.name) {
            return { cordon.isDraining ? "drained by an operator" : "cordoned by an operator" }
        }
        return labelRejection(of: site) ?? dataRejection(of: site) ?? sizeRejection(of: site)
    }

    private func labelRejection(of site: Site) -> Words? {
        let labels = site.report.labels
        if let (label, value) = request.spec.select?.sorted(by: { $0.key < $1.key }).first(where: { labels[$0] != $1 })
        {
            return {
                let has = labels[label].map { "'\($0)'" } ?? "not set"
                return "its label '\(label)' is \(has), and the job selects '\(value)'"
            }
        }
        for taint in site.report.taints ?? [] where taint.effect == .noSchedule && !isTolerated(taint) {
            return { "tainted '\(taint.key)\(taint.value.map { "=\($0)" } ?? "")', which the job does not tolerate" }
        }
        if let other = avoided[site.name] {
            return { "job '\(other)' runs there, and the job keeps apart from it" }
        }
        return nil
    }

    private func isTolerated(_ taint: Taint) -> Bool {
        request.spec.tolerations?.contains { $0.tolerates(taint) } ?? false
    }

    private func dataRejection(of site: Site) -> Words? {
        guard let name = request.dataset else { return nil }
        let (features, classes) = (request.features, request.classes)
        guard let data = site.report.datasets.first(where: { $0.name == name }) else {
            return { "holds no data set '\(name)'" }
        }
        if data.samples <= 0 { return { "its data set '\(name)' is empty" } }
        if features == 0 { return nil }
        if data.features != features {
            return {
                "its data set '\(name)' has \(data.features) features, the job's model takes \(features)"
            }
        }
        if data.classes > classes {
            return { "its data set '\(name)' has \(data.classes) classes, the job's model knows \(classes)" }
        }
        return nil
    }

    /// What even an empty edge would be too small for.
    private func sizeRejection(of site: Site) -> Words? {
        let (capacity, demand, threads) = (site.capacity, request.demand, request.demand.milliCPUs / 1000)
        if !capacity.holds(demand) {
            return {
                "too small: with nothing else on it, it lacks "
                    + capacity.shortages(for: demand).joined(separator: " and ")
            }
        }
        let most = site.exclusiveThreads
        if request.isExclusive, most < threads {
            return {
                most == 0
                    ? "reserves no CPU for the system (reserved.cpu), so that no job can have hardware threads of its own"
                    : "too small: it has \(most) hardware threads to give away, and the job needs \(threads)"
            }
        }
        return nil
    }

    /// What others would have to give back; `nil` when there is room.
    private func shortage(at site: Site) -> Words? {
        let (book, uid, demand) = (context.book, request.jobUID, request.demand)
        let free = book.free(of: site, besides: uid)
        let threads = request.isExclusive ? demand.milliCPUs / 1000 : 0
        let own = threads > 0 ? book.freeExclusiveThreads(of: site, besides: uid) : 0
        if !free.holds(demand) || own < threads {
            return {
                var words = free.shortages(for: demand)
                if own < threads { words.append("\(threads - own) of \(threads) hardware threads of its own") }
                let holders = book.holders(of: site.name, besides: uid).map(\.job.text)
                return "lacks \(words.joined(separator: " and "))"
                    + (holders.isEmpty ? "" : ", held by \(Self.list(holders))")
            }
        }
        // What runs there already has taken its memory.
        let memory = site.report.load.availableMemory
        if !current.contains(site.name), memory < demand.memory {
            return {
                "has \(ByteCount(Int(memory))) of memory free and the job needs \(ByteCount(Int(demand.memory)))"
            }
        }
        return nil
    }

    static func list(_ names: [String]) -> String {
        names.prefix(3).joined(separator: ", ") + (names.count > 3 ? " and \(names.count - 3) more" : "")
    }

    // MARK: Time

    private func candidate(_ site: Site, _ link: (down: LinkState?, up: LinkState?)?) -> Candidate {
        let held = request.dataset.flatMap { name in site.report.datasets.first { $0.name == name }?.samples }
        let samples = held ?? request.samples ?? 0
        let threads = Double(site.report.hardware.threads)
        // The share that this job's own round takes is not somebody else's load.
        let own = current.contains(site.name) ? 1 / max(1, threads) : 0
        let idle = threads * (1 - min(1, max(0, site.report.load.cpu - own)))
        let others = Double(context.book.jobs(on: site.name, besides: request.jobUID))
        let down = link?.down?.bytesPerSecond ?? Self.assumedBandwidth
        let up = link?.up?.bytesPerSecond ?? Self.assumedBandwidth
        let roundTrip = link?.down?.roundTripSeconds ?? link?.up?.roundTripSeconds ?? Self.assumedRoundTrip
        // The model goes and an update of its size comes back; whoever else trains there shares the link.
        let moving = Double(request.modelBytes) * (1 / down + 1 / up)
        let learned = context.forecaster.overhead(request.workload, at: site.name)
        let assumed = moving + 2 * roundTrip + Self.fixedOverhead
        let transfer = (learned?.seconds ?? assumed) + others * moving
        let isMeasured = link?.down?.bytesPerSecond != nil
        return Candidate(
            site: site,
            training: context.forecaster.training(request.workload, at: site, samples: samples, idleThreads: idle),
            modelWeight: modelWeight, transfer: transfer, transferDeviation: learned?.deviation ?? assumed / 2,
            samples: samples, idleThreads: idle,
            bytesPerSecond: min(down, up),
            reluctance: reluctance(site), isAvoided: isAvoided(site),
            facts: facts(site, samples: samples, idle: idle, rate: isMeasured ? min(down, up) : nil))
    }

    private func reluctance(_ site: Site) -> Double {
        (request.spec.prefer ?? [:]).allSatisfy { site.report.labels[$0.key] == $0.value } ? 1 : 1.1
    }

    private func isAvoided(_ site: Site) -> Bool {
        site.report.taints?.contains { $0.effect == .preferNoSchedule && !isTolerated($0) } ?? false
    }

    private func facts(_ site: Site, samples: Int, idle: Double, rate: Double?) -> Words {
        let dataset = request.dataset
        return {
            let tenths = (idle * 10).rounded() / 10
            return
                (dataset.map { "holds \(samples) samples of '\($0)'" } ?? "acts \(samples) steps a round")
                + "; \(tenths) of \(site.report.hardware.threads) threads idle, "
                + "\(ByteCount(Int(site.report.load.availableMemory))) of memory free, link "
                + (rate.map { "of \(ByteCount(Int(min($0, 1e15))))/s" } ?? "not measured")
        }
    }
}

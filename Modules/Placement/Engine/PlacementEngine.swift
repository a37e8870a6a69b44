import Contracts
import Core

/// Chooses the edges that train: sites and request in, plan with a reason for every edge out. Pure and deterministic.
enum PlacementEngine {
    /// Sorts every site into chosen, pending or rejected. Eligible edges are ranked by idle hardware threads times free
    /// memory in proportion to the need (the seeds' "idle resource" term), then by name.
    static func plan(_ request: PlacementRequest, sites: [Site]) -> PlacementPlan {
        let (type, reason) = TrainingTypeClassifier.classify(request, sites: sites)
        var decisions: [PlacementDecision] = []
        var eligible: [(site: Site, score: Double)] = []
        for site in sites.sorted(by: { $0.name < $1.name }) {
            if let rejection = rejection(of: site, for: request) {
                decisions.append(
                    PlacementDecision(edge: site.name, outcome: .rejected, score: nil, reason: rejection))
            } else if site.phase == .reconnecting {
                decisions.append(
                    PlacementDecision(
                        edge: site.name, outcome: .pending, score: nil,
                        reason: "was here before the core restarted and may reconnect"))
            } else {
                eligible.append((site, score(of: site, for: request)))
            }
        }
        eligible.sort { ($0.score, $1.site.name) > ($1.score, $0.site.name) }
        let limit = request.maximumEdges ?? eligible.count
        for (rank, candidate) in eligible.enumerated() {
            let isChosen = rank < limit
            let facts = describe(candidate.site, for: request)
            decisions.append(
                PlacementDecision(
                    edge: candidate.site.name, outcome: isChosen ? .chosen : .rejected, score: candidate.score,
                    reason: isChosen
                        ? facts : "rank \(rank + 1) of \(eligible.count), and the job asks at most \(limit); \(facts)"))
        }
        decisions.sort { $0.edge < $1.edge }
        return PlacementPlan(trainingType: type, typeReason: reason, decisions: decisions)
    }

    /// Why `site` cannot take part, or `nil` if it can (or could, once it is back).
    private static func rejection(of site: Site, for request: PlacementRequest) -> String? {
        switch site.phase {
        case .ready, .reconnecting: break
        case .lost: return "lost: last seen \(site.lastSeen)"
        case .left: return "left: last seen \(site.lastSeen)"
        case .revoked: return "revoked by an operator"
        }
        if let allowed = request.allowedEdges, !allowed.contains(site.name) {
            return "not among the edges that the job allows"
        }
        guard let data = site.report.datasets.first(where: { $0.name == request.dataset }) else {
            return "holds no data set '\(request.dataset)'"
        }
        if data.samples == 0 { return "its data set '\(request.dataset)' is empty" }
        if data.features != request.features {
            return "its data set '\(request.dataset)' has \(data.features) features, the job's model takes "
                + "\(request.features)"
        }
        if data.classes > request.classes {
            return "its data set '\(request.dataset)' has \(data.classes) classes, the job's model knows "
                + "\(request.classes)"
        }
        let free = site.report.load.availableMemory
        if free < request.memory {
            return "has \(free / 1_000_000) MB of memory free and the job needs \(request.memory / 1_000_000) MB"
        }
        return nil
    }

    private static func idleThreads(_ site: Site) -> Double {
        Double(site.report.hardware.threads) * (1 - site.report.load.cpu)
    }

    private static func score(of site: Site, for request: PlacementRequest) -> Double {
        let headroom = Double(site.report.load.availableMemory) / Double(max(1, request.memory))
        return idleThreads(site) * min(headroom, 10)
    }

    private static func describe(_ site: Site, for request: PlacementRequest) -> String {
        let samples = site.report.datasets.first { $0.name == request.dataset }?.samples ?? 0
        let tenths = (idleThreads(site) * 10).rounded() / 10
        return "holds \(samples) samples of '\(request.dataset)'; \(tenths) of \(site.report.hardware.threads) "
            + "threads idle, \(site.report.load.availableMemory / 1_000_000) MB of memory free"
    }
}

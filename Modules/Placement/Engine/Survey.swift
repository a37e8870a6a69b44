import Contracts
import Core

/// Every edge's assessment, sorted by name.
struct Survey {
    struct Full {
        var candidate: Candidate
        var reason: Words
        var name: Name { candidate.name }
    }

    private(set) var candidates: [Candidate] = []
    private(set) var full: [Full] = []
    private var others: [(edge: Name, outcome: PlacementOutcome, reason: Words)] = []

    init(_ request: PlacementRequest, _ context: PlacementContext, modelWeight: Double) {
        let assessor = EdgeAssessor(request, context, modelWeight: modelWeight)
        for site in context.topology.sites.sorted(by: { $0.name < $1.name }) {
            switch assessor.assess(site) {
            case .candidate(let candidate): candidates.append(candidate)
            case .full(let reason, let candidate): full.append(Full(candidate: candidate, reason: reason))
            case .rejected(let reason): others.append((site.name, .rejected, reason))
            case .pending(let reason): others.append((site.name, .pending, reason))
            }
        }
    }

    var hasPending: Bool { others.contains { $0.outcome == .pending } }

    /// What becomes of every edge, by name.
    func decisions(_ choice: Choice) -> [PlacementDecision] {
        let ranks = candidates.indices.sorted {
            (-choice.scores[$0], candidates[$0].name) < (-choice.scores[$1], candidates[$1].name)
        }
        var decisions = others.map {
            PlacementDecision(edge: $0.edge, outcome: $0.outcome, score: nil, reason: $0.reason())
        }
        for (rank, index) in ranks.enumerated() {
            let candidate = candidates[index]
            let isChosen = choice.chosen.contains(index)
            let spare = "rank \(rank + 1) of \(candidates.count), and \(choice.chosen.count) are enough"
            decisions.append(
                PlacementDecision(
                    edge: candidate.name, outcome: isChosen ? .chosen : .spare, score: choice.scores[index],
                    reason: isChosen ? candidate.facts() : "\(spare); \(candidate.facts())", terms: candidate.terms))
        }
        for edge in full {
            decisions.append(
                PlacementDecision(
                    edge: edge.name, outcome: .full, score: nil, reason: edge.reason(), terms: edge.candidate.terms))
        }
        return decisions.sorted { $0.edge < $1.edge }
    }
}

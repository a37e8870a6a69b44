import Contracts
import Core

/// The seeds' policy for federated learning, "2-level optimization" (seed 000, 핵심 기술 1).
///
/// First level: the idle resource of a computing node times the communication between nodes; the better half of the edges, and
/// at least as many as are needed, stay in. Second level: of those, the ones that finish first by input size times profile.
struct TwoLevelChoice: EdgeChoice {
    func choose(_ count: Int, of candidates: [Candidate], for request: PlacementRequest) throws -> Choice {
        let scores = candidates.map { $0.idleThreads * $0.bytesPerSecond / $0.reluctance }
        let order = candidates.indices.sorted {
            (-scores[$0], candidates[$0].name) < (-scores[$1], candidates[$1].name)
        }
        let shortlist = order.prefix(max(count, (candidates.count + 1) / 2))
        let ranked = shortlist.sorted {
            (candidates[$0].training.seconds, candidates[$0].name)
                < (candidates[$1].training.seconds, candidates[$1].name)
        }
        return Choice(chosen: Set(ranked.prefix(count)), scores: scores)
    }
}

import Contracts

/// Which of the candidates take part. A policy is this function: pure, and the same whatever the candidates' order.
protocol EdgeChoice: Sendable {
    /// - Parameter count: how many to choose, at most as many as there are.
    /// - Returns: the chosen ones, and the measure by which each candidate was judged, higher is better.
    func choose(_ count: Int, of candidates: [Candidate], for request: PlacementRequest) throws -> Choice
}

struct Choice: Sendable {
    /// Indices into the candidates.
    var chosen: Set<Int>
    /// One for each candidate.
    var scores: [Double]
}

extension PlacementPolicy {
    var choice: any EdgeChoice {
        switch self {
        case .fastest: FastestChoice()
        case .twoLevel: TwoLevelChoice()
        }
    }
}

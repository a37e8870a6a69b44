import Contracts
import Core
import Datasets

extension TrainingJobSpec {
    /// How many of so many eligible clients a round needs.
    func wantedClients(of count: Int) -> Int {
        guard let fraction = clients?.fraction else { return min(count, clients?.maximum ?? count) }
        return min(count, max(minimumClients, Int((fraction * Double(count) - 1e-9).rounded(.up))))
    }

    /// The clients that a round asks of those that are eligible: drawn from the job's seed, each as likely as another.
    /// - Returns: by name.
    func drawn(from eligible: [Name], round: Int) -> [Name] {
        let edges = eligible.sorted()
        let count = asked(for: wantedClients(of: edges.count), of: edges.count)
        guard clients?.fraction != nil, count < edges.count else { return edges }
        return Self.sample(count, of: edges, seed: seed ?? 0, round: round)
    }

    /// - Parameter edges: in the order of their names.
    static func sample<Client>(_ count: Int, of edges: [Client], seed: UInt64, round: Int) -> [Client] {
        guard count < edges.count else { return edges }
        var generator = SplitMix64(seed: seed, labels: "clients", "\(round)")
        return Permutation.random(of: edges.count, using: &generator).prefix(count).sorted().map { edges[$0] }
    }

    /// The most edges that placement is to choose: more than are needed where some are expected not to come in time.
    var maximumEdges: Int? {
        guard let maximum = clients?.maximum, clients?.fraction == nil else { return clients?.maximum }
        return asked(for: maximum, of: .max)
    }

    private func asked(for wanted: Int, of count: Int) -> Int {
        guard let factor = clients?.overselect else { return wanted }
        return Int(min(Double(count), (Double(wanted) * factor - 1e-9).rounded(.up)))
    }

    /// How many updates close a round that asked so many edges.
    func enoughUpdates(of asked: Int) -> Int {
        guard let factor = clients?.overselect else { return asked }
        // So many times as many, rounded up, are asked: the part of them, rounded down, is what was needed.
        return max(minimumClients, Int((Double(asked) / factor + 1e-9).rounded(.down)))
    }
}

extension ClientSpec {
    /// What is wrong with how clients are chosen, as field and rule.
    var selectionFaults: [(field: String, message: String)] {
        var faults: [(String, String)] = []
        if let fraction, !(fraction > 0 && fraction <= 1) {
            faults.append(("fraction", "must be above 0 and at most 1, not \(fraction)"))
        }
        if let overselect {
            if !(overselect > 1 && overselect <= 10) {
                faults.append(("overselect", "must be above 1 and at most 10, not \(overselect)"))
            }
            if fraction == nil, maximum == nil {
                faults.append(("overselect", "needs fraction or maximum beside it: without them every edge is asked"))
            }
        }
        return faults
    }
}

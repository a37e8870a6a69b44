import Core

@testable import Placement

/// Things that happen to a snapshot.
enum RandomChanges {
    static func some(_ count: Int, in problem: BatchProblem, _ random: inout SplitMix64) -> [PlacementChange] {
        (0..<count).map { _ in one(in: problem, &random) }
    }

    private static func one(in problem: BatchProblem, _ random: inout SplitMix64) -> PlacementChange {
        let node = Int.random(in: 0..<problem.nodeCount, using: &random)
        let edge = Int.random(in: 1..<problem.edgeCount, using: &random)
        switch Int.random(in: 0..<10, using: &random) {
        case 0: return .nodeGone(node)
        case 1: return .nodeClosed(node)
        case 2: return .nodeOpened(node)
        case 3, 4: return .available(node: node, Double.random(in: 0.05...1, using: &random))
        case 5:
            let cpus = Double.random(in: 0...12, using: &random).rounded()
            return .free(node: node, domain: 0, Resources(cpus: cpus, memory: 2 * cpus, gpus: cpus > 6 ? 1 : 0))
        case 6: return .link(edge: edge, up: 0, down: Double.random(in: 0...9, using: &random))
        case 7:
            let rate = Double.random(in: 5...2000, using: &random)
            return .link(edge: edge, up: rate, down: 2 * rate)
        case 8: return .background(edge: edge, Double.random(in: 0...6, using: &random).rounded())
        default: return .edgeClosed(edge, Bool.random(using: &random))
        }
    }
}

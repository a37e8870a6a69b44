import Contracts
import TestKit
import Testing

@testable import DataSync

@Suite struct RelayBoardTests {
    private static let manifest = Bytes.digest([1])

    @Test func eachGetsItFromTheOneBefore() {
        var board = RelayBoard()
        let now = ContinuousClock.now
        let upstreams = (0..<8).map { number in
            board.assign(Self.manifest, to: Swarm.name(number), at: now) { _ in true }
        }
        #expect(upstreams == [nil] + (0..<7).map { Swarm.name($0) })
    }

    /// Whoever comes, goes, fails and asks again: nobody is sent in a circle, to itself, to one that cannot be reached, that
    /// it avoids, or that has enough to do.
    @Test func noCircleForms() {
        var random = SeededGenerator(seed: 141)
        for trial in 0..<200 {
            var board = RelayBoard(limits: .init(children: 2))
            var now = ContinuousClock.now
            var upstream: [PeerID: PeerID] = [:]
            for step in 0..<200 {
                let peer = Swarm.name(Int.random(in: 0..<12, using: &random))
                now += .milliseconds(10)
                switch Int.random(in: 0..<8, using: &random) {
                case 0:
                    // Whoever got it from there gets it from there no more.
                    board.remove(peer)
                    upstream[peer] = nil
                    upstream = upstream.filter { $0.value != peer }
                case 1:
                    board.detach(Self.manifest, peer)
                    upstream[peer] = nil
                default:
                    let away = Swarm.name(Int.random(in: 0..<12, using: &random))
                    let avoided = Swarm.name(Int.random(in: 0..<12, using: &random))
                    let chosen = board.assign(Self.manifest, to: peer, avoid: [avoided], at: now) { $0 != away }
                    upstream[peer] = chosen
                    #expect(chosen != away && chosen != avoided, "trial \(trial) step \(step)")
                }
                for start in upstream.keys {
                    var seen: Set<PeerID> = [start]
                    var next = upstream[start]
                    while let current = next {
                        guard seen.insert(current).inserted else {
                            Issue.record("trial \(trial) step \(step): a circle")
                            return
                        }
                        next = upstream[current]
                    }
                }
            }
        }
    }

    @Test func whoWasNotHeardOfIsForgotten() {
        var board = RelayBoard()
        let now = ContinuousClock.now
        _ = board.assign(Self.manifest, to: Swarm.name(0), at: now) { _ in true }
        let later = now + .seconds(3600)
        #expect(board.assign(Self.manifest, to: Swarm.name(1), at: later) { _ in true } == nil)
        #expect(board.holders(of: Self.manifest) == [Swarm.name(1)])
    }
}

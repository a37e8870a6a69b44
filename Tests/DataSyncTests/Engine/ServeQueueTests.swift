import Contracts
import TestKit
import Testing

@testable import DataSync

@Suite struct ServeQueueTests {
    private static let peers = (0..<4).map { PeerID("edge-\($0)") }

    /// Whatever is pushed, removed and taken: everything comes out once, a more urgent class always first, and within a peer
    /// and a class by deadline and then by arrival.
    @Test func everythingComesOutOnceAndInOrder() {
        var random = SeededGenerator(seed: 101)
        let start = ContinuousClock.now
        for trial in 0..<300 {
            var queue = ServeQueue<Int>(quantum: Int.random(in: 1...2000, using: &random))
            struct Waiting {
                let peer: PeerID
                let priority: TransferPriority
                let deadline: Int?
                let number: Int
            }
            var waiting: [Int: Waiting] = [:]
            var number = 0
            for _ in 0..<200 {
                switch Int.random(in: 0..<5, using: &random) {
                case 0, 1, 2:
                    let deadline = Bool.random(using: &random) ? Int.random(in: 0..<5, using: &random) : nil
                    let new = Waiting(
                        peer: Self.peers.randomElement(using: &random)!,
                        priority: TransferPriority.allCases.randomElement(using: &random)!, deadline: deadline,
                        number: number)
                    queue.push(
                        number, peer: new.peer, priority: new.priority,
                        deadline: deadline.map { start + .seconds($0) }, cost: Int.random(in: 0...5000, using: &random))
                    waiting[number] = new
                    number += 1
                case 3:
                    let ticket = Int.random(in: 0...number, using: &random)
                    #expect(queue.remove(ticket) == (waiting.removeValue(forKey: ticket) != nil), "trial \(trial)")
                default:
                    guard let entry = queue.next() else {
                        #expect(waiting.isEmpty, "trial \(trial)")
                        continue
                    }
                    let taken = waiting.removeValue(forKey: entry.ticket)
                    #expect(taken != nil, "trial \(trial)")
                    guard let taken else { return }
                    #expect(!waiting.values.contains { $0.priority < taken.priority }, "trial \(trial)")
                    let before = waiting.values.filter { other in
                        other.peer == taken.peer && other.priority == taken.priority
                            && (other.deadline ?? .max, other.number) < (taken.deadline ?? .max, taken.number)
                    }
                    #expect(before.isEmpty, "trial \(trial)")
                }
                #expect(queue.count == waiting.count)
            }
        }
    }

    /// Peers that always want something get the same, up to a quantum and an entry, whatever they claim.
    @Test func peersShareEvenly() {
        var random = SeededGenerator(seed: 102)
        let start = ContinuousClock.now
        for trial in 0..<60 {
            let quantum = Int.random(in: 1...2000, using: &random)
            let largest = Int.random(in: 1...5000, using: &random)
            var queue = ServeQueue<Int>(quantum: quantum)
            var ticket = 0
            func push(_ peer: PeerID) {
                // The first peer always claims to be in a hurry, the second asks for little at a time.
                let cost = peer == Self.peers[1] ? 1 : Int.random(in: 1...largest, using: &random)
                queue.push(
                    ticket, peer: peer, priority: .bulk, deadline: peer == Self.peers[0] ? start : nil, cost: cost)
                ticket += 1
            }
            for peer in Self.peers { for _ in 0..<3 { push(peer) } }
            var served: [PeerID: Int] = [:]
            for _ in 0..<800 {
                guard let entry = queue.next() else { break }
                served[entry.peer, default: 0] += entry.cost
                push(entry.peer)
                let amounts = Self.peers.map { served[$0] ?? 0 }
                #expect(
                    (amounts.max() ?? 0) - (amounts.min() ?? 0) <= quantum + largest + largest, "trial \(trial)")
            }
            let total = served.values.reduce(0, +)
            #expect(total <= 4 * (quantum + 2 * largest) || served.count == Self.peers.count, "trial \(trial)")
        }
    }

    @Test func theEarliestDeadlineOfAClassComesFirst() {
        let start = ContinuousClock.now
        var queue = ServeQueue<Int>(quantum: 100)
        for (ticket, seconds) in [5, 1, 3, 2].enumerated() {
            queue.push(
                ticket, peer: Self.peers[ticket], priority: .normal, deadline: start + .seconds(seconds), cost: 100)
        }
        queue.push(4, peer: Self.peers[0], priority: .bulk, deadline: start, cost: 1)
        queue.push(5, peer: Self.peers[0], priority: .urgent, cost: 100)
        #expect((0..<6).compactMap { _ in queue.next()?.ticket } == [5, 1, 3, 2, 0, 4])
        #expect(queue.isEmpty)
    }

    /// A peer that may not be served is passed over, and does not save up for later.
    @Test func whoIsNotAdmittedIsPassedOver() {
        var queue = ServeQueue<Int>(quantum: 10)
        for ticket in 0..<20 { queue.push(ticket, peer: Self.peers[ticket % 2], priority: .normal, cost: 10) }
        for _ in 0..<5 { #expect(queue.next { $0.peer != Self.peers[0] }?.peer == Self.peers[1]) }
        let rest = (0..<10).compactMap { _ in queue.next()?.peer }
        #expect(rest.prefix(4).count { $0 == Self.peers[0] } == 2)
        #expect(queue.next { _ in false } == nil)
    }
}

import TestKit
import Testing

@testable import DataSync

@Suite struct SourceAssignmentTests {
    /// Sources of any rate, some of which stall, lack pieces or die: every piece arrives once as long as somebody has it,
    /// nobody is asked twice for the same, and never more than two are asked at once.
    @Test func everyPieceArrivesOnce() {
        var random = SeededGenerator(seed: 121)
        for trial in 0..<300 {
            let costs = (0..<Int.random(in: 0...60, using: &random)).map { _ in Int.random(in: 1...2000, using: &random)
            }
            var now = ContinuousClock.now
            var plan = SourceAssignment(costs: costs)
            let count = Int.random(in: 1...5, using: &random)
            var asked: [[Int]] = Array(repeating: [], count: count)
            var arrived: Set<Int> = []
            for _ in 0..<count {
                _ = plan.addSource(
                    tier: Int.random(in: 0...1, using: &random),
                    bytesPerSecond: Bool.random(using: &random) ? 1000 : nil, at: now)
            }
            // Source 0 has everything and lives; the others do as they like.
            var steps = 0
            while !plan.isDone {
                steps += 1
                #expect(steps < 20_000, "trial \(trial): \(plan.arrivedCount) of \(costs.count)")
                guard steps < 20_000 else { return }
                now += .milliseconds(Int.random(in: 0...400, using: &random))
                let source = Int.random(in: 0..<count, using: &random)
                if plan.sources[source].isLost {
                    #expect(plan.take(1000, from: source, at: now).isEmpty)
                    continue
                }
                switch Int.random(in: 0..<8, using: &random) {
                case 0, 1, 2:
                    let taken = plan.take(Int.random(in: 1...5000, using: &random), from: source, at: now)
                    for piece in taken {
                        #expect(!asked[source].contains(piece), "trial \(trial): asked twice")
                        #expect(!arrived.contains(piece))
                        #expect(asked.count { $0.contains(piece) } <= 1, "trial \(trial): a third asker")
                    }
                    asked[source] += taken
                case 3, 4, 5:
                    guard !asked[source].isEmpty else { continue }
                    let piece = asked[source].removeFirst()
                    let (isFirst, others) = plan.arrived(piece, from: source, at: now)
                    #expect(isFirst == arrived.insert(piece).inserted)
                    for other in others { #expect(asked[other].contains(piece)) }
                case 6 where source != 0:
                    guard let piece = asked[source].popLast() else { continue }
                    if !arrived.contains(piece) { plan.declined(piece, by: source, at: now) }
                case 7 where source != 0 && Int.random(in: 0..<10, using: &random) == 0:
                    plan.lost(source)
                    asked[source] = []
                default: break
                }
                for index in 0..<count where index != source {
                    // What arrived elsewhere is no longer asked for.
                    asked[index].removeAll { arrived.contains($0) }
                }
                asked[source].removeAll { arrived.contains($0) }
            }
            #expect(arrived.count == costs.count)
            #expect((0..<count).allSatisfy { !plan.isOutstanding($0) })
            #expect(plan.orphans.isEmpty)
        }
    }

    @Test func aBetterTierIsAskedFirst() {
        let now = ContinuousClock.now
        var plan = SourceAssignment(costs: [10, 10, 10])
        let core = plan.addSource(tier: 1, bytesPerSecond: 1e6, at: now)!
        let edge = plan.addSource(tier: 0, bytesPerSecond: 1e6, at: now)!
        #expect(plan.take(100, from: core, at: now) == [])
        #expect(plan.take(20, from: edge, at: now) == [0, 1])
        plan.declined(0, by: edge, at: now)
        #expect(plan.take(100, from: core, at: now) == [0])
        plan.lost(edge)
        #expect(plan.take(100, from: core, at: now) == [1, 2])
    }

    /// A stalled source's pieces are asked of another once they are overdue, a slow one's that brings something are not.
    @Test func whatIsOverdueIsAskedOfAnother() {
        let start = ContinuousClock.now
        var plan = SourceAssignment(costs: [1000, 1000])
        let slow = plan.addSource(tier: 0, bytesPerSecond: 1000, at: start)!
        let spare = plan.addSource(tier: 1, bytesPerSecond: 1e6, at: start)!
        #expect(plan.take(5000, from: slow, at: start) == [0, 1])
        #expect(plan.take(5000, from: spare, at: start + .seconds(2)) == [])
        plan.progressed(slow, at: start + .milliseconds(3400))
        #expect(plan.take(5000, from: spare, at: start + .milliseconds(3500)) == [])
        #expect(plan.nextDue == start + .milliseconds(3900))
        #expect(plan.take(5000, from: spare, at: start + .milliseconds(3900)) == [0])
        #expect(plan.take(5000, from: spare, at: start + .seconds(6)) == [1])
        let answer = plan.arrived(0, from: spare, at: start + .seconds(6))
        #expect(answer.isFirst && answer.others == [slow])
        #expect(plan.arrived(0, from: slow, at: start + .seconds(7)).isFirst == false)
    }

    @Test func whatNobodyHasIsKnown() {
        let now = ContinuousClock.now
        var plan = SourceAssignment(costs: [1, 1])
        #expect(plan.orphans == [0, 1])
        let first = plan.addSource(tier: 0, at: now)!
        #expect(plan.orphans == [])
        _ = plan.take(10, from: first, at: now)
        plan.declined(1, by: first, at: now)
        #expect(plan.orphans == [1])
        plan.lost(first)
        #expect(plan.orphans == [0, 1])
    }
}

import Core
import Testing

@testable import FedLearn

@Suite struct RoundMachineTests {
    private let edges: [Name]

    init() throws { edges = try ["a", "b", "c"].map { try Name($0) } }

    @Test func theRoundClosesWhenAllHaveDeliveredInNameOrder() {
        var machine = RoundMachine(participants: edges, minimum: 1)
        #expect(machine.contributed(edges[2]) == .wait)
        #expect(machine.contributed(edges[0]) == .wait)
        #expect(machine.contributed(edges[1]) == .aggregate(edges))
    }

    @Test func aDeclineCountsAsHeard() {
        var machine = RoundMachine(participants: edges, minimum: 1)
        _ = machine.contributed(edges[0])
        _ = machine.contributed(edges[1])
        #expect(machine.declined(edges[2], reason: "no data") == .aggregate([edges[0], edges[1]]))
        #expect(machine.absences == [edges[2]: "no data"])
    }

    @Test func theDeadlineClosesWithWhatCame() {
        var machine = RoundMachine(participants: edges, minimum: 2)
        _ = machine.contributed(edges[0])
        _ = machine.contributed(edges[1])
        #expect(machine.deadlinePassed(.seconds(3)) == .aggregate([edges[0], edges[1]]))
        #expect(machine.absences[edges[2]]?.contains("deadline of 3.0 s") == true)
    }

    @Test func tooFewUpdatesRepeatTheRound() {
        var machine = RoundMachine(participants: edges, minimum: 2)
        _ = machine.contributed(edges[0])
        guard case .repeatRound(let reason, isRefused: false) = machine.deadlinePassed(.seconds(1)) else {
            Issue.record("one update of at least two closed the round")
            return
        }
        #expect(reason.contains("1 of at least 2"))
    }

    @Test func enoughUpdatesCloseTheRoundWithoutTheOthers() {
        var machine = RoundMachine(participants: edges, minimum: 1, enough: 2)
        #expect(machine.contributed(edges[2]) == .wait)
        #expect(machine.contributed(edges[0]) == .aggregate([edges[0], edges[2]]))
        #expect(machine.absences == [edges[1]: "2 others, which are enough, came before it"])
        var refused = RoundMachine(participants: edges, minimum: 1, enough: 2)
        _ = refused.declined(edges[0], reason: "no data")
        #expect(refused.contributed(edges[1]) == .wait)
        #expect(refused.contributed(edges[2]) == .aggregate([edges[1], edges[2]]))
    }

    @Test func updatesCommittedBeforeARestartCount() {
        var machine = RoundMachine(participants: edges, minimum: 1, contributors: [edges[0], edges[1]])
        #expect(machine.settled() == .wait)
        #expect(machine.contributed(edges[2]) == .aggregate(edges))
        var complete = RoundMachine(participants: edges, minimum: 1, contributors: Set(edges))
        #expect(complete.settled() == .aggregate(edges))
    }

    @Test func strangersChangeNothing() throws {
        var machine = RoundMachine(participants: edges, minimum: 1)
        let stranger = try Name("z")
        #expect(machine.contributed(stranger) == .wait)
        #expect(machine.declined(stranger, reason: "?") == .wait)
        #expect(machine.contributors.isEmpty && machine.absences.isEmpty)
    }

    /// Whatever the order of events: a delivered update is never lost, and the result names each contributor once.
    @Test(arguments: [UInt64(11), 12, 13]) func anyInterleavingKeepsEveryDeliveredUpdate(seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        for _ in 0..<5_000 {
            let count = Int.random(in: 1...8, using: &generator)
            let edges = try (0..<count).map { try Name("edge-\($0)") }
            var machine = RoundMachine(participants: edges, minimum: Int.random(in: 1...count, using: &generator))
            var delivered: Set<Name> = []
            var step = RoundMachine.Step.wait
            for _ in 0..<30 where step == .wait {
                let edge = edges[Int.random(in: 0..<count, using: &generator)]
                if Bool.random(using: &generator) {
                    delivered.insert(edge)
                    step = machine.contributed(edge)
                } else {
                    step = machine.declined(edge, reason: "busy")
                }
            }
            if step == .wait { step = machine.deadlinePassed(.seconds(1)) }
            switch step {
            case .wait: Issue.record("the deadline did not close the round")
            case .aggregate(let contributors):
                #expect(contributors == delivered.sorted())
                #expect(contributors.count >= machine.minimum)
            case .repeatRound: #expect(delivered.count < machine.minimum || delivered.isEmpty)
            }
        }
    }
}

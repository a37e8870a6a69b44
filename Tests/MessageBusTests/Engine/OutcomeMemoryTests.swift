import Contracts
import TestKit
import Testing

@testable import MessageBus

@Suite struct OutcomeMemoryTests {
    private typealias Memory = OutcomeMemory<Int, String>

    private let start = ContinuousClock.now

    private func id(_ number: UInt64, peer: String = "edge-a", subject: String = "test.do") throws -> Memory.ID {
        Memory.ID(
            peer: PeerID(peer), subject: subject, key: try #require(IdempotencyKey(high: 0, low: number)))
    }

    private func expectExecuted(_ admission: Memory.Admission, sourceLocation: SourceLocation = #_sourceLocation) {
        guard case .execute = admission else {
            Issue.record("not executed but \(admission)", sourceLocation: sourceLocation)
            return
        }
    }

    private func expectKnown(
        _ admission: Memory.Admission, _ expected: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        guard case .known(expected) = admission else {
            Issue.record("not known but \(admission)", sourceLocation: sourceLocation)
            return
        }
    }

    @Test func oneEffectForAllThatAskForIt() throws {
        var memory = Memory(maximumCount: 10, maximumBytes: 1000, lifetime: .seconds(10))
        let effect = try id(1)
        expectExecuted(memory.admit(effect, waiter: 1, at: start))
        if case .joined = memory.admit(effect, waiter: 2, at: start) {} else { Issue.record("not joined") }
        let told = memory.finish(effect, outcome: "done", cost: 10, at: start)
        #expect(told == [1, 2])
        expectKnown(memory.admit(effect, waiter: 3, at: start), "done")
        #expect(memory.count == 1 && memory.bytes == 10)
    }

    @Test func theSameKeyOfAnotherPeerOrSubjectIsAnotherEffect() throws {
        var memory = Memory(maximumCount: 10, maximumBytes: 1000, lifetime: .seconds(10))
        expectExecuted(memory.admit(try id(1), waiter: 1, at: start))
        expectExecuted(memory.admit(try id(1, peer: "edge-b"), waiter: 1, at: start))
        expectExecuted(memory.admit(try id(1, subject: "test.undo"), waiter: 1, at: start))
    }

    @Test func aFailureThatMayPassIsNotRemembered() throws {
        var memory = Memory(maximumCount: 10, maximumBytes: 1000, lifetime: .seconds(10))
        let effect = try id(1)
        expectExecuted(memory.admit(effect, waiter: 1, at: start))
        let told = memory.finish(effect, outcome: nil, cost: 0, at: start)
        #expect(told == [1])
        expectExecuted(memory.admit(effect, waiter: 2, at: start))
    }

    @Test func outcomesAgeAndRunAnew() throws {
        var memory = Memory(maximumCount: 10, maximumBytes: 1000, lifetime: .seconds(10))
        let effect = try id(1)
        _ = memory.admit(effect, waiter: 1, at: start)
        _ = memory.finish(effect, outcome: "done", cost: 10, at: start)
        expectKnown(memory.admit(effect, waiter: 2, at: start.advanced(by: .seconds(9))), "done")
        expectExecuted(memory.admit(effect, waiter: 2, at: start.advanced(by: .seconds(10))))
        #expect(memory.count == 0 && memory.bytes == 0)
    }

    @Test func whoeverNoLongerWaitsIsNotTold() throws {
        var memory = Memory(maximumCount: 10, maximumBytes: 1000, lifetime: .seconds(10))
        let effect = try id(1)
        _ = memory.admit(effect, waiter: 1, at: start)
        _ = memory.admit(effect, waiter: 2, at: start)
        let first = memory.withdraw(effect) { $0 == 1 }
        let second = memory.withdraw(effect) { $0 == 2 }
        #expect(!first && second)
        let told = memory.finish(effect, outcome: "done", cost: 1, at: start)
        #expect(told.isEmpty)
    }

    /// Against a model without bounds: what is remembered is always the true outcome, and the bounds always hold.
    @Test func theBoundsHoldWhateverHappens() async throws {
        var generator = SeededGenerator()
        var memory = Memory(maximumCount: 20, maximumBytes: 500, lifetime: .seconds(30))
        var truth: [UInt64: String] = [:]
        var running: Set<UInt64> = []
        var now = start
        for step in 0..<10_000 {
            if step % 500 == 0 { await Task.yield() }
            now = now.advanced(by: .milliseconds(Int.random(in: 0...400, using: &generator)))
            let number = UInt64.random(in: 1...60, using: &generator)
            if running.contains(number), Bool.random(using: &generator) {
                let outcome = "outcome \(step)"
                let cost = Int.random(in: 0...120, using: &generator)
                _ = memory.finish(try id(number), outcome: outcome, cost: cost, at: now)
                truth[number] = outcome
                running.remove(number)
            } else {
                switch memory.admit(try id(number), waiter: step, at: now) {
                case .execute:
                    #expect(!running.contains(number))
                    running.insert(number)
                case .joined: #expect(running.contains(number))
                case .known(let outcome): #expect(outcome == truth[number])
                }
            }
            #expect(memory.count <= 20)
            #expect(memory.bytes <= 500)
        }
    }
}

import TestKit
import Testing

@testable import MessageBus

@Suite struct DeadlineQueueTests {
    @Test func whatIsDueComesInOrderAndNothingEarly() {
        var generator = SeededGenerator()
        var queue = DeadlineQueue<Int>()
        let start = ContinuousClock.now
        var waiting: [(due: Int, token: Int)] = []
        var now = 0
        for token in 0..<5000 {
            let due = now + Int.random(in: 0...1000, using: &generator)
            queue.insert(token, due: start.advanced(by: .milliseconds(due)))
            waiting.append((due, token))
            now += Int.random(in: 0...3, using: &generator)
            var last = Int.min
            while let token = queue.popDue(start.advanced(by: .milliseconds(now))) {
                guard let index = waiting.firstIndex(where: { $0.token == token }) else {
                    Issue.record("\(token) came twice")
                    return
                }
                #expect(waiting[index].due <= now && waiting[index].due >= last)
                last = waiting[index].due
                waiting.remove(at: index)
            }
            #expect(waiting.allSatisfy { $0.due > now })
        }
        #expect(queue.count == waiting.count)
    }

    @Test func cancelledDeadlinesDoNotPileUp() {
        var queue = DeadlineQueue<Int>()
        let start = ContinuousClock.now
        for token in 0..<100_000 {
            queue.insert(token, due: start.advanced(by: .seconds(1000)))
            queue.noteCancelled { _ in false }
            #expect(queue.count <= 1024)
        }
    }
}

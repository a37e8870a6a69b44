import Synchronization
import TestKit
import Testing

@testable import MessageBus

@Suite struct CreditGateTests {
    /// What happened, in order.
    private final class Record: Sendable {
        private let state = Mutex<[Int]>([])

        var values: [Int] { state.withLock { $0 } }

        func append(_ value: Int) { state.withLock { $0.append(value) } }
    }

    @Test func itemsPassWhileThereIsCreditAndInOrder() async throws {
        let gate = CreditGate(window: 100)
        try await gate.take(60)
        let passed = Record()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await gate.take(60)
                passed.append(1)
                try await gate.take(60)
                passed.append(2)
            }
            #expect(passed.values == [])
            gate.grant(60)
            try await eventually("the first passed") { passed.values == [1] }
            gate.grant(60)
            try await group.waitForAll()
        }
        #expect(passed.values == [1, 2])
    }

    @Test func aReaderCannotGrantMoreThanTheWindow() async throws {
        let gate = CreditGate(window: 100)
        gate.grant(1_000_000)
        try await gate.take(90)
        let waiting = Task { try await gate.take(90) }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
    }

    @Test func aClosedGateLetsNothingThrough() async throws {
        let gate = CreditGate(window: 10)
        try await gate.take(10)
        let waiting = Task { try await gate.take(10) }
        gate.close(BusError(.cancelled, "the reader is gone"))
        let error = await #expect(throws: BusError.self) { try await waiting.value }
        #expect(error?.is(.cancelled) == true)
        await #expect(throws: BusError.self) { try await gate.take(1) }
    }

    @Test func readerAndWriterAgreeOnEveryWindowAndCost() {
        for window in 1...200 {
            // A reader that has consumed all it got may hold back less than the threshold.
            let heldBack = Credit.threshold(window) - 1
            for cost in [1, window / 2, window, window + 1, 10 * window] where cost > 0 {
                #expect(
                    Credit.allows(cost: cost, credit: window - heldBack, window: window),
                    "an item of \(cost) would wait for ever in a window of \(window)")
            }
        }
    }
}

import Contracts
import Core
import MessageBus
import Synchronization
import TestKit
import Testing

/// A destination of a call: within the process or over one of the ways.
enum Route: CaseIterable, Sendable, CustomTestStringConvertible {
    case local
    case inproc
    case ipc
    case tcp

    var testDescription: String { "\(self)" }

    /// Lets `body` call handlers that `prepare` registers.
    func with(
        prepare: (Bus) -> Void, configure: (inout BusConfiguration) -> Void = { _ in },
        _ body: @escaping @Sendable (Bus, Destination) async throws -> Void
    ) async throws {
        switch self {
        case .local:
            let bus = Bus(configuration: quick(.core, configure))
            prepare(bus)
            try await running(bus) { try await body(bus, .local) }
        case .inproc, .ipc, .tcp:
            let way: Way = self == .inproc ? .inproc : self == .ipc ? .ipc : .tcp
            try await withBuses(way, configure: configure, prepare: { core, _ in prepare(core) }) { pair in
                try await body(pair.edge, .peer(.core))
            }
        }
    }
}

@Suite struct CallTests {
    @Test(arguments: Route.allCases) func aCallIsAnsweredWithItsHandlersValue(_ route: Route) async throws {
        try await route.with(prepare: { bus in
            bus.handle(TestContract.double) { request in Number(value: request.body.value * 2) }
        }) { bus, destination in
            for value in [0, 1, -7, 1 << 40] {
                let reply = try await bus.call(TestContract.double, Number(value: value), to: destination)
                #expect(reply.body == Number(value: value * 2))
            }
        }
    }

    @Test(arguments: Way.allCases) func bothSidesCallEachOther(_ way: Way) async throws {
        try await withBuses(way) { core, edge in
            core.handle(TestContract.double) { request in
                #expect(request.peer == PeerID("edge-a"))
                return Number(value: request.body.value * 2)
            }
            edge.handle(TestContract.double) { request in
                #expect(request.peer == .core)
                return Number(value: request.body.value * 3)
            }
        } _: { pair in
            let up = try await pair.edge.call(TestContract.double, Number(value: 5), to: .peer(.core))
            let down = try await pair.core.call(TestContract.double, Number(value: 5), to: .peer(pair.edgeName))
            #expect(up.body.value == 10)
            #expect(down.body.value == 15)
        }
    }

    @Test(arguments: Route.allCases) func manyCallsAtOnceGetTheirOwnAnswers(_ route: Route) async throws {
        try await route.with(prepare: { bus in
            bus.handle(TestContract.double) { request in Number(value: request.body.value * 2) }
        }) { bus, destination in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for value in 0..<200 {
                    group.addTask {
                        let reply = try await bus.call(TestContract.double, Number(value: value), to: destination)
                        #expect(reply.body.value == value * 2)
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test(arguments: Route.allCases) func aHandlersErrorKeepsItsWords(_ route: Route) async throws {
        try await route.with(prepare: { bus in
            bus.handle(TestContract.fail) { request -> Number in
                throw Refusal(message: "no \(request.body.value)", isRetriable: request.body.value == 1)
            }
        }) { bus, destination in
            for value in 0...1 {
                let error = try await #require(throws: BusError.self) {
                    try await bus.call(TestContract.fail, Number(value: value), to: destination)
                }
                #expect(error.code == "refused-by-test")
                #expect(error.message == "no \(value)")
                #expect(error.isRetriable == (value == 1))
                #expect(error.peer == (destination == .local ? .local : .core))
            }
        }
    }

    @Test(arguments: Route.allCases) func aSubjectThatNobodyHandlesIsUnknown(_ route: Route) async throws {
        try await route.with(prepare: { _ in }) { bus, destination in
            let error = try await #require(throws: BusError.self) {
                try await bus.call(TestContract.double, Number(value: 1), to: destination)
            }
            #expect(error.is(.unknownSubject))
            #expect(error.message.contains("test.double"))
        }
    }

    @Test(arguments: Route.allCases) func aLateAnswerMissesItsDeadlineAndTheHandlerIsCancelled(
        _ route: Route
    ) async throws {
        let cancelled = Gate()
        let hasStarted = Mutex(false)
        try await route.with(prepare: { bus in
            bus.handle(TestContract.wait) { request in
                #expect(request.deadline != nil)
                hasStarted.withLock { $0 = true }
                do { try await Task.sleep(for: .seconds(600)) } catch {
                    cancelled.open()
                    throw error
                }
                return request.body
            }
        }) { bus, destination in
            // On a busy machine the deadline may pass before the handler has begun; then it never does.
            while !hasStarted.withLock({ $0 }) {
                let error = try await #require(throws: BusError.self) {
                    try await bus.call(
                        TestContract.wait, Number(value: 1), to: destination, timeout: .milliseconds(200))
                }
                #expect(error.is(.deadlineExceeded))
                #expect(error.isRetriable)
            }
            try await cancelled.wait()
        }
    }

    @Test(arguments: Route.allCases) func cancellingTheCallerCancelsTheHandler(_ route: Route) async throws {
        let (started, cancelled) = (Gate(), Gate())
        try await route.with(prepare: { bus in
            bus.handle(TestContract.wait) { request in
                started.open()
                do { try await Task.sleep(for: .seconds(600)) } catch {
                    cancelled.open()
                    throw error
                }
                return request.body
            }
        }) { bus, destination in
            let caller = Task { try await bus.call(TestContract.wait, Number(value: 1), to: destination) }
            try await started.wait()
            caller.cancel()
            await #expect(throws: CancellationError.self) { try await caller.value }
            try await cancelled.wait()
        }
    }

    @Test(arguments: Route.allCases) func aRepeatedKeyHasOneEffect(_ route: Route) async throws {
        let runs = Mutex(0)
        try await route.with(prepare: { bus in
            bus.handle(TestContract.count) { request in
                Number(
                    value: runs.withLock { runs in
                        runs += 1
                        return runs
                    })
            }
        }) { bus, destination in
            let key = IdempotencyKey.random()
            for _ in 0..<3 {
                let reply = try await bus.call(TestContract.count, Number(value: 0), to: destination, key: key)
                #expect(reply.body.value == 1)
            }
            let other = try await bus.call(TestContract.count, Number(value: 0), to: destination, key: .random())
            #expect(other.body.value == 2)
            #expect(runs.withLock { $0 } == 2)
        }
    }

    @Test(arguments: Route.allCases) func aKeyRepeatedDuringTheWorkJoinsIt(_ route: Route) async throws {
        let runs = Mutex(0)
        let (started, proceed) = (Gate(), Gate())
        try await route.with(prepare: { bus in
            bus.handle(TestContract.count) { request in
                runs.withLock { $0 += 1 }
                started.open()
                try await proceed.wait()
                return Number(value: 42)
            }
        }) { bus, destination in
            let key = IdempotencyKey.random()
            async let first = bus.call(TestContract.count, Number(value: 0), to: destination, key: key)
            try await started.wait()
            async let second = bus.call(TestContract.count, Number(value: 0), to: destination, key: key)
            // The second must not start a run of its own: give it the chance to, by a call that comes after it.
            _ = try? await bus.call(TestContract.double, Number(value: 1), to: destination)
            proceed.open()
            let values = try await [first.body.value, second.body.value]
            #expect(values == [42, 42])
            #expect(runs.withLock { $0 } == 1)
        }
    }

    @Test(arguments: Route.allCases) func aFailureThatMayPassIsTriedAgain(_ route: Route) async throws {
        let runs = Mutex(0)
        try await route.with(prepare: { bus in
            bus.handle(TestContract.count) { request in
                let run = runs.withLock { runs in
                    runs += 1
                    return runs
                }
                if run < 3 { throw Refusal(message: "not yet", isRetriable: true) }
                return Number(value: run)
            }
        }) { bus, destination in
            let retry = RetryPolicy(base: .milliseconds(1), maximum: .milliseconds(2), attempts: 5)
            let reply = try await bus.call(
                TestContract.count, Number(value: 0), to: destination, timeout: .seconds(60), retry: retry)
            #expect(reply.body.value == 3)
        }
    }

    @Test func aBodyBeyondItsLaneIsRefusedBeforeItIsSent() async throws {
        let text = Call<String, Empty>("test.text")
        try await withBuses(
            .inproc,
            configure: { $0.frames.control = LaneLimits(bodyBytes: 1000, attachments: 1, attachmentBytes: 10) },
            prepare: { core, _ in core.handle(text) { _ in Empty() } }
        ) { pair in
            _ = try await pair.edge.call(text, String(repeating: "x", count: 900), to: .peer(.core))
            let body = await #expect(throws: BusError.self) {
                try await pair.edge.call(text, String(repeating: "x", count: 1100), to: .peer(.core))
            }
            #expect(body?.is(.tooLarge) == true)
            let attachment = await #expect(throws: BusError.self) {
                try await pair.edge.call(
                    text, "", attachments: [Attachment([UInt8](repeating: 0, count: 11))], to: .peer(.core))
            }
            #expect(attachment?.is(.tooLarge) == true)
            let many = await #expect(throws: BusError.self) {
                try await pair.edge.call(text, "", attachments: [Attachment([1]), Attachment([2])], to: .peer(.core))
            }
            #expect(many?.is(.tooLarge) == true)
        }
    }

    @Test(arguments: Way.allCases) func numbersThatJSONLacksArrive(_ way: Way) async throws {
        let call = Call<[Double], [Double]>("test.numbers")
        try await withBuses(way, prepare: { core, _ in core.handle(call) { request in request.body } }) { pair in
            let reply = try await pair.edge.call(call, [.infinity, -.infinity, 0.1, .nan], to: .peer(.core))
            #expect(Array(reply.body.prefix(3)) == [.infinity, -.infinity, 0.1])
            #expect(reply.body[3].isNaN)
        }
    }

    @Test func aBodyOfAnotherShapeIsMalformed() async throws {
        let other = Call<String, Number>(TestContract.double.subject)
        try await withBuses(
            .inproc,
            prepare: { core, _ in
                core.handle(TestContract.double) { request in request.body }
            }
        ) { pair in
            let error = await #expect(throws: BusError.self) {
                try await pair.edge.call(other, "two", to: .peer(.core))
            }
            #expect(error?.is(.malformed) == true)
            #expect(error?.message.contains("test.double") == true)
        }
    }

    @Test func handlersMayRunWhereTheSocketsAre() async throws {
        try await withBuses(
            .tcp,
            prepare: { core, _ in
                core.handle(TestContract.double, execution: .inline) { request in Number(value: request.body.value * 2)
                }
            }
        ) { pair in
            let values = try await withTaskExecutorPreferenceOfBus(pair.edge) {
                var values: [Int] = []
                for value in 0..<100 {
                    values.append(
                        try await pair.edge.call(TestContract.double, Number(value: value), to: .peer(.core)).body.value
                    )
                }
                return values
            }
            #expect(values == (0..<100).map { $0 * 2 })
        }
    }
}

/// Runs `body` on the thread of `bus`.
func withTaskExecutorPreferenceOfBus<Result: Sendable>(
    _ bus: Bus, _ body: @Sendable () async throws -> Result
) async throws -> Result {
    try await withTaskExecutorPreference(bus.executor) { try await body() }
}

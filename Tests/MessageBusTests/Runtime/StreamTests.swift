import Contracts
import Core
import MessageBus
import Synchronization
import TestKit
import Testing

@Suite struct StreamTests {
    @Test(arguments: Route.allCases) func itemsComeInOrderAndEnd(_ route: Route) async throws {
        try await route.with(prepare: { bus in
            bus.handleStream(TestContract.numbers) { request, writer in
                for value in 0..<request.body.value { try await writer.send(Number(value: value)) }
            }
        }) { bus, destination in
            for count in [0, 1, 1000] {
                let stream = try await bus.stream(TestContract.numbers, Number(value: count), to: destination)
                var values: [Int] = []
                for try await item in stream { values.append(item.body.value) }
                #expect(values == Array(0..<count))
            }
        }
    }

    @Test(arguments: Route.allCases) func aWriterIsNeverFurtherAheadThanTheWindowAndOneItem(
        _ route: Route
    ) async throws {
        let sent = Mutex(0)
        let (window, itemBytes) = (64 << 10, 10_000)
        try await route.with(prepare: { bus in
            bus.handleStream(TestContract.numbers) { request, writer in
                let attachment = Attachment([UInt8](repeating: 7, count: itemBytes))
                for value in 0..<request.body.value {
                    try await writer.send(Number(value: value), attachments: [attachment])
                    sent.withLock { $0 += 1 }
                }
            }
        }) { bus, destination in
            let stream = try await bus.stream(
                TestContract.numbers, Number(value: 200), to: destination, window: window)
            var taken = 0
            for try await item in stream {
                taken += 1
                #expect(item.attachments.map(\.count) == [itemBytes])
                // A call that comes after everything sent so far gives the writer every chance to run ahead.
                if destination != .local, taken % 20 == 0 {
                    _ = try? await bus.call(TestContract.double, Number(value: 1), to: destination)
                }
                // One more than the window holds may be on its way, and one more was granted by the item just taken.
                #expect(sent.withLock { $0 } <= taken + window / itemBytes + 2)
            }
            #expect(taken == 200)
        }
    }

    @Test(arguments: Route.allCases) func anItemLargerThanTheWindowPassesAlone(_ route: Route) async throws {
        try await route.with(prepare: { bus in
            bus.handleStream(TestContract.numbers) { request, writer in
                for value in 0..<request.body.value {
                    try await writer.send(
                        Number(value: value), attachments: [Attachment([UInt8](repeating: 1, count: 100_000))])
                }
            }
        }) { bus, destination in
            let stream = try await bus.stream(
                TestContract.numbers, Number(value: 10), to: destination, window: 4096)
            var count = 0
            for try await item in stream {
                #expect(item.attachments.first?.count == 100_000)
                count += 1
            }
            #expect(count == 10)
        }
    }

    @Test(arguments: Route.allCases) func aHandlersErrorEndsTheStreamAfterItsItems(_ route: Route) async throws {
        try await route.with(prepare: { bus in
            bus.handleStream(TestContract.numbers) { request, writer in
                try await writer.send(Number(value: 1))
                throw Refusal(message: "enough")
            }
        }) { bus, destination in
            let stream = try await bus.stream(TestContract.numbers, Number(value: 1), to: destination)
            var values: [Int] = []
            let error = await #expect(throws: BusError.self) {
                for try await item in stream { values.append(item.body.value) }
            }
            #expect(values == [1])
            #expect(error?.code == "refused-by-test")
        }
    }

    @Test(arguments: Route.allCases) func leavingTheStreamCancelsItsHandler(_ route: Route) async throws {
        let cancelled = Gate()
        try await route.with(prepare: { bus in
            bus.handleStream(TestContract.numbers) { request, writer in
                do {
                    for value in 0... { try await writer.send(Number(value: value)) }
                } catch {
                    cancelled.open()
                    throw error
                }
            }
        }) { bus, destination in
            do {
                let stream = try await bus.stream(
                    TestContract.numbers, Number(value: 1), to: destination, window: 4096)
                for try await item in stream where item.body.value == 5 { break }
            }
            try await cancelled.wait()
        }
    }

    @Test(arguments: Route.allCases) func cancellingTheReaderCancelsTheHandler(_ route: Route) async throws {
        let (started, cancelled) = (Gate(), Gate())
        try await route.with(prepare: { bus in
            bus.handleStream(TestContract.numbers) { request, writer in
                started.open()
                do { try await Task.sleep(for: .seconds(600)) } catch {
                    cancelled.open()
                    throw error
                }
            }
        }) { bus, destination in
            let reader = Task {
                let stream = try await bus.stream(TestContract.numbers, Number(value: 1), to: destination)
                for try await _ in stream {}
            }
            try await started.wait()
            reader.cancel()
            await #expect(throws: CancellationError.self) { try await reader.value }
            try await cancelled.wait()
        }
    }

    @Test(arguments: Route.allCases) func aStreamHasADeadlineWhenAsked(_ route: Route) async throws {
        try await route.with(prepare: { bus in
            bus.handleStream(TestContract.numbers) { request, writer in
                try await writer.send(Number(value: 1))
                try await Task.sleep(for: .seconds(600))
            }
        }) { bus, destination in
            let stream = try await bus.stream(
                TestContract.numbers, Number(value: 1), to: destination, timeout: .milliseconds(300))
            let error = await #expect(throws: BusError.self) { for try await _ in stream {} }
            #expect(error?.is(.deadlineExceeded) == true)
        }
    }

    @Test func aStreamToNobodyIsUnreachable() async throws {
        let bus = Bus(configuration: quick(PeerID("edge-a")))
        let error = await #expect(throws: BusError.self) {
            _ = try await bus.stream(TestContract.numbers, Number(value: 1), to: .peer(.core))
        }
        #expect(error?.is(.unreachable) == true)
    }
}

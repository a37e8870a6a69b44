import Core
import Foundation
import Synchronization
import Testing

@Suite struct ThreadExecutorTests {
    private actor Recorder {
        private let executor: ThreadExecutor
        private(set) var entries: [Int] = []
        private(set) var strays = 0

        init(_ executor: ThreadExecutor) { self.executor = executor }

        nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

        func record(_ entry: Int) {
            if !executor.isCurrent { strays += 1 }
            entries.append(entry)
        }
    }

    private final class Sequence: Sendable {
        let numbers = Mutex<[Int]>([])
    }

    @Test func anActorStaysOnItsThread() async {
        let executor = ThreadExecutor(name: "test")
        #expect(!executor.isCurrent)
        let recorder = Recorder(executor)
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask { for step in 0..<100 { await recorder.record(task * 100 + step) } }
            }
        }
        #expect(await recorder.strays == 0)
        #expect(await recorder.entries.sorted() == Array(0..<800))
    }

    @Test func workRunsInTheOrderItCameIn() async throws {
        let executor = ThreadExecutor(name: "test")
        let seen = Sequence()
        // The gate keeps the thread busy until everything is queued.
        let gate = DispatchSemaphore(value: 0)
        async let first: Void = executor.run { gate.wait() }
        let others = (0..<50).map { number in
            Task(executorPreference: executor) { seen.numbers.withLock { $0.append(number) } }
        }
        gate.signal()
        try await first
        for task in others { await task.value }
        #expect(seen.numbers.withLock { $0 } == Array(0..<50))
    }

    @Test func resultsAndErrorsComeBack() async throws {
        struct Trouble: Error {}
        let executor = ThreadExecutor(name: "test")
        #expect(try await executor.run { executor.isCurrent })
        await #expect(throws: Trouble.self) { try await executor.run { throw Trouble() } }
    }

    @Test func aTaskPrefersTheThread() async {
        let executor = ThreadExecutor(name: "test")
        let onThread = await Task(executorPreference: executor) { executor.isCurrent }.value
        #expect(onThread)
    }

    @Test func theThreadCarriesItsNameAndEndsWithTheExecutor() async throws {
        let name = "gx\(UInt16.random(in: 0...UInt16.max))"
        var executor: ThreadExecutor? = ThreadExecutor(name: name)
        // `PID/task/TID`.
        let thread = try await executor?.run {
            try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")
        }
        let comm = "/proc/\(try #require(thread))/comm"
        #expect(try String(contentsOfFile: comm, encoding: .utf8) == name + "\n")
        executor = nil
        // The thread ends by itself; wait for it, however slow the machine is.
        while FileManager.default.fileExists(atPath: comm) { await Task.yield() }
    }
}

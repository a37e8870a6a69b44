import Core
import Synchronization
import TestKit
import Testing

@Suite struct RetryPolicyTests {
    private struct Trouble: ModuleError {
        var code = "trouble"
        var message = "it did not work"
        var cause: (any Error)? { nil }
        var isRetriable = true
    }

    @Test func delaysAreJitteredUpToTheDoublingBound() throws {
        var generator = SeededGenerator()
        let policy = RetryPolicy(base: .milliseconds(100), maximum: .seconds(1), attempts: nil)
        for (attempt, bound) in [100, 200, 400, 800, 1000, 1000].enumerated() {
            var longest = Duration.zero
            for _ in 0..<500 {
                let delay = try #require(policy.delay(beforeRetry: attempt, using: &generator))
                #expect(delay >= .zero && delay <= .milliseconds(bound))
                longest = max(longest, delay)
            }
            // Of 500 uniform draws, all lie below nine tenths of the bound once in 10^22.
            #expect(longest > .milliseconds(bound * 9 / 10))
        }
        #expect(policy.delay(beforeRetry: 1_000_000, using: &generator) != nil)
    }

    @Test func boundsBelowAMillisecondAreKept() throws {
        var generator = SplitMix64(seed: 1)
        let policy = RetryPolicy(base: .microseconds(100), maximum: .microseconds(100), attempts: nil)
        let delay = try #require(policy.delay(beforeRetry: 0, using: &generator))
        #expect(delay > .zero && delay <= .microseconds(100))
    }

    @Test func attemptsAreCountedInAll() {
        var generator = SplitMix64(seed: 1)
        let policy = RetryPolicy(attempts: 3)
        #expect(policy.delay(beforeRetry: 1, using: &generator) != nil)
        #expect(policy.delay(beforeRetry: 2, using: &generator) == nil)
        #expect(RetryPolicy(attempts: 1).delay(beforeRetry: 0, using: &generator) == nil)
    }

    @Test func runsUntilItWorks() async throws {
        let retries = Mutex(0)
        let policy = RetryPolicy(base: .zero, maximum: .zero, attempts: 5)
        var calls = 0
        let value = try await policy.run(onRetry: { _, _ in retries.withLock { $0 += 1 } }) {
            calls += 1
            if calls < 4 { throw Trouble() }
            return calls
        }
        #expect(value == 4)
        #expect(retries.withLock { $0 } == 3)
    }

    @Test func givesUpAfterTheLastAttempt() async {
        var calls = 0
        await #expect(throws: Trouble.self) {
            try await RetryPolicy(base: .zero, maximum: .zero, attempts: 3).run {
                calls += 1
                throw Trouble()
            }
        }
        #expect(calls == 3)
    }

    @Test func errorsThatWillNotGoAwayAreNotRetried() async {
        struct Plain: Error {}
        for error in [Trouble(isRetriable: false), Plain(), CancellationError()] as [any Error] {
            var calls = 0
            await #expect(throws: (any Error).self) {
                try await RetryPolicy(base: .zero, attempts: nil).run {
                    calls += 1
                    throw error
                }
            }
            #expect(calls == 1)
        }
    }

    @Test func waitsOnTheClockAndEndsWhenCancelled() async {
        let clock = ManualClock()
        let calls = Mutex(0)
        let task = Task {
            try await RetryPolicy(base: .seconds(1), maximum: .seconds(1), attempts: nil).run(clock: clock) {
                calls.withLock { $0 += 1 }
                throw Trouble()
            }
        }
        await clock.waitForSleepers()
        #expect(calls.withLock { $0 } == 1)
        clock.advance(by: .seconds(1))
        await clock.waitForSleepers()
        #expect(calls.withLock { $0 } == 2)
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}

/// How often and how patiently something is tried again: exponential back-off with full jitter.
///
/// Each delay is uniform in [0, min(`maximum`, `base` · 2^attempt)], which spreads the retries of many callers
/// (M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015).
public struct RetryPolicy: Sendable, Hashable {
    /// The bound of the first delay.
    public var base: Duration
    /// The bound no delay exceeds.
    public var maximum: Duration
    /// How many times the work is attempted in all, or `nil` for ever.
    public var attempts: Int?

    public init(base: Duration = .milliseconds(100), maximum: Duration = .seconds(10), attempts: Int? = 5) {
        self.base = base
        self.maximum = maximum
        self.attempts = attempts
    }

    /// The delay before attempt number `attempt` (0 is the first retry), or `nil` when there is none left.
    public func delay(
        beforeRetry attempt: Int, using generator: inout some RandomNumberGenerator
    ) -> Duration? {
        if let attempts, attempt + 1 >= attempts { return nil }
        var bound = base
        for _ in 0..<min(attempt, 62) where bound < maximum { bound *= 2 }
        return max(.zero, min(bound, maximum)) * Double.random(in: 0...1, using: &generator)
    }

    /// Runs `work` until it succeeds, throws an error that is not retriable, or the attempts are used up.
    /// - Throws: the last error of `work`, or `CancellationError` when cancelled while waiting.
    public func run<Result: Sendable>(
        clock: any Clock<Duration> = ContinuousClock(),
        onRetry: @Sendable (any Error, Duration) -> Void = { _, _ in },
        isolation: isolated (any Actor)? = #isolation,
        _ work: () async throws -> Result
    ) async throws -> Result {
        var generator = SystemRandomNumberGenerator()
        var attempt = 0
        while true {
            do { return try await work() } catch {
                guard (error as? any ModuleError)?.isRetriable == true,
                    let delay = delay(beforeRetry: attempt, using: &generator)
                else { throw error }
                onRetry(error, delay)
                try await clock.sleep(for: delay)
                attempt += 1
            }
        }
    }
}

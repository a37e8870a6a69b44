import Synchronization
import Testing

@testable import DataSync

@Suite struct TurnstileTests {
    private final class Inside: Sendable {
        private let state = Mutex((now: 0, most: 0))

        var now: Int { state.withLock { $0.now } }
        var most: Int { state.withLock { $0.most } }

        func enter() { state.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) } }
        func leave() { state.withLock { $0.now -= 1 } }
    }

    @Test(arguments: [1, 3]) func neverMoreThanItsPlaces(_ places: Int) async throws {
        let turnstile = Turnstile(places: places)
        let inside = Inside()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    try await turnstile.within {
                        inside.enter()
                        await Task.yield()
                        inside.leave()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(inside.now == 0)
        #expect((1...places).contains(inside.most))
    }

    @Test func whoeverIsCancelledLeavesTheQueue() async throws {
        let turnstile = Turnstile(places: 1)
        try await turnstile.within {
            await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<20 {
                    group.addTask { try await turnstile.within { () -> Void in Issue.record("nobody may enter") } }
                }
                group.cancelAll()
                while let result = await group.nextResult() {
                    guard case .failure(let error) = result, error is CancellationError else {
                        Issue.record("entered or failed: \(result)")
                        continue
                    }
                }
            }
        }
        #expect(try await turnstile.within { 7 } == 7)
    }
}

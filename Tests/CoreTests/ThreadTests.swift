import Core
import Foundation
import Testing

@Suite struct ThreadTests {
    @Test func namesTheCallingThread() async throws {
        let executor = ThreadExecutor(name: "before")
        let name = try await executor.run {
            ThreadName.set("a name that is far too long")
            return try String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)
        }
        #expect(name == "a name that is \n")
    }

    @Test func aFlagIsSeenOnAnotherThread() async throws {
        let flag = CancellationFlag()
        #expect(!flag.isSet)
        let executor = ThreadExecutor(name: "worker")
        async let seen: Bool = executor.run {
            while !flag.isSet { sched_yield() }
            return true
        }
        flag.set()
        #expect(try await seen)
    }
}

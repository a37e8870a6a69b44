import Core
import Glibc
import Testing

@Suite struct ThreadAffinityTests {
    @Test func anExecutorsThreadIsBoundAndNoOther() async throws {
        let allowed = try ThreadAffinity.get()
        let last = try #require(allowed.last)
        let executor = ThreadExecutor(name: "bound")
        let other = ThreadExecutor(name: "other")
        try await executor.bind(to: [last])
        #expect(try await executor.run { try ThreadAffinity.get() } == [last])
        #expect(try await other.run { try ThreadAffinity.get() } == allowed)
        try await executor.bind(to: allowed)
        #expect(try await executor.run { try ThreadAffinity.get() } == allowed)
    }

    @Test(arguments: [[], [-1], [8191], [100_000]])
    func whatTheMachineLacksIsRefusedWithTheReason(processors: [Int]) async throws {
        let executor = ThreadExecutor(name: "unbound")
        let before = try await executor.run { try ThreadAffinity.get() }
        await #expect { try await executor.bind(to: processors) } throws: {
            ($0 as? AffinityError)?.number == EINVAL && ($0 as? AffinityError)?.message.contains("errno 22") == true
        }
        #expect(try await executor.run { try ThreadAffinity.get() } == before)
    }

    @Test func aThreadThatIsGoneIsSaidToBe() {
        #expect { try ThreadAffinity.set([0], ofThread: 0x3FFF_FFFF) } throws: {
            ($0 as? AffinityError)?.number == ESRCH
        }
    }
}

import Contracts
import Testing

@testable import DataSync

@Suite struct ServeDeskTests {
    /// What is urgent and small goes along with an answer although bulk stands in line for its rate; what is not urgent does not.
    @Test func onlyWhatIsUrgentPassesTheLine() async throws {
        let desk = ServeDesk(budget: ByteBudget(bytes: 1000, shares: 2))
        let peer = PeerID("edge-1")
        desk.setLimit(1, of: peer)
        let first = try await desk.enter(10, for: peer, priority: .bulk, deadline: nil)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try await desk.enter(10, for: peer, priority: .bulk, deadline: nil) }
            while desk.waiting == 0 { await Task.yield() }
            #expect(desk.enterNow(10, for: peer, isUrgent: false) == nil)
            let urgent = try #require(desk.enterNow(10, for: peer, isUrgent: true))
            #expect(urgent.bytes == 10)
            // Memory is bounded for it as well.
            #expect(desk.enterNow(1000, for: peer, isUrgent: true) == nil)
            group.cancelAll()
            withExtendedLifetime(urgent) {}
        }
        withExtendedLifetime(first) {}
    }
}

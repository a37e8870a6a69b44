import Contracts
import Core
import Testing

@testable import MessageBus

@Suite struct PeerRosterTests {
    /// Peers come and go while listeners are cancelled: neither ever waits for the other.
    @Test(.timeLimit(.minutes(2))) func listenersMayBeCancelledAtAnyMoment() async throws {
        let roster = PeerRoster()
        let executor = ThreadExecutor(name: "roster")
        let peer = PeerID("edge-1")
        for _ in 0..<2000 {
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask { for await _ in roster.events() {} }
                }
                group.addTask {
                    do {
                        try await executor.run {
                            for _ in 0..<20 {
                                roster.sessionStarted(peer)
                                roster.sessionEnded(peer, reason: BusError(.unreachable, "test"))
                            }
                        }
                    } catch { Issue.record(error) }
                }
                await Task.yield()
                group.cancelAll()
            }
        }
        #expect(!roster.isConnected(peer) && roster.failure(peer)?.is(.unreachable) == true)
    }

    @Test func eachListenerSeesEveryChangeInOrder() async {
        let roster = PeerRoster()
        let (first, second) = (PeerID("edge-1"), PeerID("edge-2"))
        roster.sessionStarted(first)
        roster.sessionStarted(first)
        let events = roster.events()
        roster.sessionStarted(second)
        roster.sessionEnded(first, reason: BusError(.unreachable, "one of two"))
        roster.sessionEnded(first, reason: BusError(.unreachable, "the last"))
        roster.attemptFailed(second, reason: BusError(.refused, "no"))
        roster.close()
        var told: [String] = []
        for await event in events {
            switch event {
            case .connected(let peer): told.append("+\(peer)")
            case .disconnected(let peer, _): told.append("-\(peer)")
            case .refused(let peer, _): told.append("!\(peer)")
            }
        }
        #expect(told == ["+edge-1", "+edge-2", "-edge-1", "!edge-2"])
    }
}

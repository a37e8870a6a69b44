import Contracts
import Core
import Foundation
import Glibc
import MessageBus
import Synchronization
import TestKit
import Testing

/// Very many messages while their processes are stopped and killed and another peer sends garbage: nobody aborts, no message is
/// lost, and none has its effect twice.
@Suite("Endurance") struct EnduranceTests {
    /// How many messages; `GEDGE_MESSAGES` for more, which `Tools/fuzz --messages` sets.
    private static let messages = ProcessInfo.processInfo.environment["GEDGE_MESSAGES"].flatMap { Int($0) } ?? 20_000
    private static let clients = 3
    /// Messages that are in flight at a client at once.
    private static let inFlight = 32
    /// After how many messages, on average, somebody is stopped or killed.
    private static let calm = 1000

    @Test func nothingIsLostAndNothingHasItsEffectTwice() async throws {
        let random = SeededGenerator()
        let run = try EnduranceRun(messages: Self.messages, clients: Self.clients)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await run.keepTarget() }
            for client in 0..<Self.clients { group.addTask { try await run.keepClient(client) } }
            group.addTask { try await run.sendGarbage(seed: random.seed) }
            group.addTask { try await run.disturb(seed: random.seed, calm: Self.calm) }
            try await group.waitForAll()
        }
        let outcome = run.outcome
        print("endurance: \(Self.messages) messages, \(outcome)")
        #expect(outcome.effects == Self.messages && outcome.lost == 0 && outcome.twice == 0)
        #expect(outcome.unanswered == 0)
        // Handled again, without another effect, was only what was in flight when the target was killed, or came by a stream.
        let allowed = outcome.targetKills * Self.clients * Self.inFlight
        #expect(outcome.again <= allowed, "\(outcome.again) calls were handled again")
        #expect(outcome.targetKills > 0 && outcome.clientKills > 0 && outcome.stalls > 0 && outcome.garbage > 0)
    }
}

import Contracts
import Synchronization

/// Idempotency of calls within the process: the same rules as between processes.
final class LocalOutcomes: Sendable {
    private typealias Ticket = OneShot<RawReply>
    private typealias Memory = OutcomeMemory<Ticket, Result<RawReply, BusError>>

    private let memory: Mutex<Memory>

    init(_ configuration: BusConfiguration) {
        memory = Mutex(
            Memory(
                maximumCount: configuration.maximumOutcomes, maximumBytes: configuration.maximumOutcomeBytes,
                lifetime: configuration.outcomeLifetime))
    }

    /// Runs `work`, unless its outcome is known or it is running already.
    func once(
        _ subject: String, key: IdempotencyKey, _ work: @Sendable () async throws -> RawReply
    ) async throws -> RawReply {
        let id = Memory.ID(peer: .local, subject: subject, key: key)
        let ticket = Ticket()
        let now = ContinuousClock.now
        switch memory.withLock({ $0.admit(id, waiter: ticket, at: now) }) {
        case .known(let outcome): return try outcome.get()
        case .joined: return try await ticket.value()
        case .execute: break
        }
        do {
            let reply = try await work()
            settle(id, .success(reply), isRemembered: true, cost: reply.cost)
            return reply
        } catch {
            let failure = BusError(local: error)
            settle(id, .failure(failure), isRemembered: !failure.isRetriable, cost: 256)
            throw error
        }
    }

    private func settle(_ id: Memory.ID, _ outcome: Result<RawReply, BusError>, isRemembered: Bool, cost: Int) {
        let now = ContinuousClock.now
        let tickets = memory.withLock { $0.finish(id, outcome: isRemembered ? outcome : nil, cost: cost, at: now) }
        for ticket in tickets { ticket.settle(outcome.mapError { $0 as any Error }) }
    }
}

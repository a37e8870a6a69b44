import Contracts
import Core
import Synchronization

/// Lets peers be served one item after the other: in the order of `ServeQueue`, within `RateLimit`s, as far as the budget
/// for what is on its way out has room.
final class ServeDesk: Sendable {
    private struct State {
        var queue = ServeQueue<UInt64>()
        var waiters: [UInt64: CheckedContinuation<ByteBudget.Lease, any Error>] = [:]
        var nextTicket: UInt64 = 0
        var total = RateLimit()
        var peers: [PeerID: RateLimit] = [:]
        /// When the next peer may be served that waits for its rate alone.
        var wakeAt: ContinuousClock.Instant?
    }

    let budget: ByteBudget
    private let state = Mutex(State())
    private let alarm = Signal()
    /// Raised when somebody has to wait.
    private let contention = Signal()

    /// - Parameter budget: this desk's alone.
    init(budget: ByteBudget) {
        self.budget = budget
        budget.onRoom { [weak self] in self?.admit() }
    }

    /// Bytes per second, 0 for no limit.
    var totalLimit: Int { state.withLock { $0.total.bytesPerSecond } }
    var peerLimits: [PeerLimit] {
        state.withLock { $0.peers.map { PeerLimit(peer: $0.key, bytesPerSecond: $0.value.bytesPerSecond) } }
            .filter { $0.bytesPerSecond > 0 }.sorted { $0.peer < $1.peer }
    }

    /// How many wait.
    var waiting: Int { state.withLock { $0.waiters.count } }

    func setLimit(_ bytesPerSecond: Int, of peer: PeerID?) {
        let now = ContinuousClock.now
        state.withLock { state in
            guard let peer else { return state.total.set(bytesPerSecond, at: now) }
            state.peers[peer, default: RateLimit()].set(bytesPerSecond, at: now)
            if bytesPerSecond == 0 { state.peers[peer] = nil }
        }
        admit()
    }

    /// What `enter` returns, if `peer` need not wait for it.
    func enterNow(_ bytes: Int, for peer: PeerID, isUrgent: Bool) -> ByteBudget.Lease? {
        let now = ContinuousClock.now
        return state.withLock { state in
            // As in `admit`.
            let isItsTurn =
                isUrgent
                || state.queue.isEmpty && state.total.ready(at: now) == nil
                    && state.peers[peer]?.ready(at: now) == nil
            guard isItsTurn,
                let lease = budget.takeNow(bytes, for: peer)
            else { return nil }
            state.total.take(bytes, at: now)
            state.peers[peer]?.take(bytes, at: now)
            return lease
        }
    }

    /// Waits for the turn of `bytes` for `peer`.
    /// - Returns: what to hold until they are sent.
    /// - Throws: `CancellationError`.
    func enter(
        _ bytes: Int, for peer: PeerID, priority: TransferPriority, deadline: ContinuousClock.Instant?
    ) async throws -> ByteBudget.Lease {
        let ticket = state.withLock { state in
            state.nextTicket += 1
            return state.nextTicket
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isCancelled = state.withLock { state in
                    if Task.isCancelled { return true }
                    state.queue.push(ticket, peer: peer, priority: priority, deadline: deadline, cost: bytes)
                    state.waiters[ticket] = continuation
                    return false
                }
                if isCancelled { return continuation.resume(throwing: CancellationError()) }
                admit()
                if waiting > 0 { contention.raise() }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.queue.remove(ticket)
                return state.waiters.removeValue(forKey: ticket)
            }
            waiter?.resume(throwing: CancellationError())
        }
    }

    /// Whether anybody may enter is decided here alone.
    private func admit() {
        let now = ContinuousClock.now
        let (admitted, isEarlier) = state.withLock { state in
            var admitted: [(CheckedContinuation<ByteBudget.Lease, any Error>, ByteBudget.Lease)] = []
            var wakeAt: ContinuousClock.Instant?
            let peers = state.peers
            func isReady(_ limit: RateLimit?) -> Bool {
                guard let ready = limit?.ready(at: now) else { return true }
                wakeAt = min(wakeAt ?? ready, ready)
                return false
            }
            while true {
                let total = state.total
                let entry = state.queue.next { entry in
                    // What is urgent is small: it goes, and what comes after it waits the longer.
                    let isInRate = entry.priority == .urgent || (isReady(total) && isReady(peers[entry.peer]))
                    return isInRate && budget.hasRoom(entry.cost, for: entry.peer)
                }
                guard let entry, let waiter = state.waiters.removeValue(forKey: entry.ticket) else { break }
                guard let lease = budget.takeNow(entry.cost, for: entry.peer) else {
                    // Cannot be: this desk alone takes from the budget, and others only give back.
                    preconditionFailure("the budget has room and gives none")
                }
                state.total.take(entry.cost, at: now)
                state.peers[entry.peer]?.take(entry.cost, at: now)
                admitted.append((waiter, lease))
            }
            let isEarlier = wakeAt.map { $0 < state.wakeAt ?? .now + .seconds(3600) } ?? false
            state.wakeAt = wakeAt
            return (admitted, isEarlier)
        }
        for (waiter, lease) in admitted { waiter.resume(returning: lease) }
        if isEarlier { alarm.raise() }
    }

    /// Serves those whose rate lets them go on; until cancelled. Run it once.
    func run() async throws {
        var number = alarm.number
        while true {
            guard let wakeAt = state.withLock({ $0.wakeAt }) else {
                number = try await alarm.wait(past: number)
                continue
            }
            if wakeAt > .now {
                _ = try await alarm.wait(past: alarm.number, atMost: ContinuousClock.now.duration(to: wakeAt))
                if wakeAt > .now { continue }
            }
            state.withLock { $0.wakeAt = nil }
            admit()
        }
    }

    /// Writes off what was taken longer than `patience` ago and not given back, while somebody waits; until cancelled. Run it
    /// once.
    func writeOffStalled(after patience: Duration) async throws {
        while true {
            let number = contention.number
            if waiting == 0 {
                try await contention.wait(past: number)
                continue
            }
            try await ContinuousClock().sleep(for: patience / 8)
            budget.writeOff(takenBefore: .now - patience)
        }
    }
}

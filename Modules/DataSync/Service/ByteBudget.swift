import Contracts
import Synchronization

/// Bytes of shards that may be in memory at once, in one direction, shared by the peers they go to or come from: memory is
/// bounded by this number and does not grow with the number of peers.
///
/// Whoever holds least is served first, and nobody holds more than its share, so that a peer which takes nothing keeps only
/// that from the others; what it kept for longer than `writeOff` allows no longer counts against them.
final class ByteBudget: Sendable {
    /// Bytes that are taken until the last user lets go of this.
    final class Lease: Sendable {
        let bytes: Int
        private let ticket: UInt64
        private let budget: ByteBudget

        fileprivate init(bytes: Int, ticket: UInt64, budget: ByteBudget) {
            self.bytes = bytes
            self.ticket = ticket
            self.budget = budget
        }

        deinit { budget.giveBack(ticket) }
    }

    private struct Taken {
        let peer: PeerID
        let bytes: Int
        let since: ContinuousClock.Instant
        var isWrittenOff = false
    }

    /// A closure that is in a generic type's place by itself is wrapped once more each time it is looked at there, and calling it
    /// takes longer and longer; inside a type of its own it is not.
    private struct Listener: Sendable {
        let body: @Sendable () -> Void
    }

    private struct Waiter {
        let ticket: UInt64
        let peer: PeerID
        let minimum: Int
        let desired: Int
        let continuation: CheckedContinuation<Lease, any Error>
    }

    private struct State {
        var free: Int
        var nextTicket: UInt64 = 0
        var taken: [UInt64: Taken] = [:]
        /// By peer, also what was written off.
        var held: [PeerID: Int] = [:]
        var waiters: [Waiter] = []

        mutating func ticket() -> UInt64 {
            nextTicket += 1
            return nextTicket
        }
    }

    let capacity: Int
    /// The most that one peer holds, unless a single demand is larger: that passes when the peer holds nothing.
    let share: Int
    private let state: Mutex<State>
    /// Called when there may be room that there was not.
    private let roomMade = Mutex<Listener?>(nil)
    private let contention = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

    /// - Parameter shares: into how many equal parts the budget falls, one of which a peer may hold.
    init(bytes: Int, shares: Int) {
        capacity = max(1, bytes)
        share = max(1, capacity / max(1, shares))
        state = Mutex(State(free: capacity))
    }

    /// Bytes that are taken and count; more than the capacity only for one single demand that is larger by itself.
    var outstanding: Int { state.withLock { capacity - $0.free } }

    /// How many wait.
    var waiting: Int { state.withLock { $0.waiters.count } }

    /// Waits until at least `minimum` bytes are free for `peer`, and takes up to `desired`: half of what is free, so that
    /// something is left for whoever comes next.
    /// - Throws: `CancellationError`.
    func take(_ minimum: Int, upTo desired: Int? = nil, for peer: PeerID) async throws -> Lease {
        let ticket = state.withLock { $0.ticket() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isCancelled = state.withLock { state in
                    // Cancelled before it could wait: the handler below may have run already and found nobody.
                    if Task.isCancelled { return true }
                    state.waiters.append(
                        Waiter(
                            ticket: ticket, peer: peer, minimum: max(0, minimum), desired: max(minimum, desired ?? 0),
                            continuation: continuation))
                    return false
                }
                if isCancelled { return continuation.resume(throwing: CancellationError()) }
                admit()
                if waiting > 0 { contention.continuation.yield() }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.waiters.firstIndex { $0.ticket == ticket }.map { state.waiters.remove(at: $0) }
            }
            waiter?.continuation.resume(throwing: CancellationError())
            // Whoever stood behind it may fit.
            admit()
        }
    }

    /// Whether anybody may enter, and how much it gets, is decided here alone.
    private func admit() {
        let admitted = state.withLock { state in
            var admitted: [(CheckedContinuation<Lease, any Error>, Lease)] = []
            while let index = next(state) {
                let waiter = state.waiters[index]
                let isAlone = state.free == capacity
                guard waiter.minimum <= state.free || isAlone else { break }
                state.waiters.remove(at: index)
                let bytes = max(waiter.minimum, min(waiter.desired, state.free / 2))
                state.free -= bytes
                state.held[waiter.peer, default: 0] += bytes
                state.taken[waiter.ticket] = Taken(peer: waiter.peer, bytes: bytes, since: .now)
                admitted.append(
                    (waiter.continuation, Lease(bytes: bytes, ticket: waiter.ticket, budget: self)))
            }
            return admitted
        }
        for (continuation, lease) in admitted { continuation.resume(returning: lease) }
    }

    /// The next in turn: of those that stay within their share, whose peer holds least, and then who came first. Nobody
    /// small overtakes it, or it would wait for ever.
    private func next(_ state: State) -> Int? {
        var best: (index: Int, held: Int)?
        for (index, waiter) in state.waiters.enumerated() {
            let held = state.held[waiter.peer] ?? 0
            guard held == 0 || held + waiter.minimum <= share else { continue }
            if best.map({ held < $0.held }) ?? true { best = (index, held) }
        }
        return best?.index
    }

    /// Tells `body` whenever bytes come free.
    func onRoom(_ body: @escaping @Sendable () -> Void) { roomMade.withLock { $0 = Listener(body: body) } }

    /// Whether `takeNow` would give `bytes` to `peer`.
    func hasRoom(_ bytes: Int, for peer: PeerID) -> Bool { state.withLock { hasRoom($0, bytes, peer) } }

    private func hasRoom(_ state: State, _ bytes: Int, _ peer: PeerID) -> Bool {
        let held = state.held[peer] ?? 0
        guard held == 0 || held + bytes <= share else {
            return false
        }
        return bytes <= state.free || state.free == capacity
    }

    /// Takes `bytes` for `peer` if they are free, whoever waits.
    func takeNow(_ bytes: Int, for peer: PeerID) -> Lease? {
        state.withLock { state in
            guard hasRoom(state, bytes, peer) else { return nil }
            let ticket = state.ticket()
            state.free -= bytes
            state.held[peer, default: 0] += bytes
            state.taken[ticket] = Taken(peer: peer, bytes: bytes, since: .now)
            return Lease(bytes: bytes, ticket: ticket, budget: self)
        }
    }

    private func giveBack(_ ticket: UInt64) {
        state.withLock { state in
            guard let taken = state.taken.removeValue(forKey: ticket) else { return }
            if !taken.isWrittenOff { state.free += taken.bytes }
            let held = (state.held[taken.peer] ?? 0) - taken.bytes
            state.held[taken.peer] = held > 0 ? held : nil
        }
        admit()
        roomMade.withLock { $0 }?.body()
    }

    /// What was taken before `instant` no longer counts against others, only against the peer it was taken for.
    func writeOff(takenBefore instant: ContinuousClock.Instant) {
        state.withLock { state in
            for (ticket, taken) in state.taken where taken.since < instant && !taken.isWrittenOff {
                state.taken[ticket]?.isWrittenOff = true
                state.free += taken.bytes
            }
        }
        admit()
        roomMade.withLock { $0 }?.body()
    }

    /// Writes off what is older than `patience` while somebody waits; until cancelled. Run it once.
    func writeOffStalled(after patience: Duration) async throws {
        for await _ in contention.stream {
            while waiting > 0 {
                try await ContinuousClock().sleep(for: patience / 8)
                writeOff(takenBefore: .now - patience)
            }
        }
    }
}

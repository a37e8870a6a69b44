import Contracts

/// What became of calls with an idempotency key, so that a repeated one has its effect once: pure bookkeeping, bounded in
/// number, bytes and age.
///
/// A call that comes again while the first is still at work waits for the same outcome; one that comes later gets the
/// remembered outcome. `Waiter` is whoever is to be told, `Outcome` what is remembered.
struct OutcomeMemory<Waiter, Outcome> {
    /// One effect: the same key under another subject or from another peer is another effect.
    struct ID: Hashable, Sendable {
        let peer: PeerID
        let subject: String
        let key: IdempotencyKey
    }

    /// What to do with a call that arrived.
    enum Admission {
        /// Run the handler and call `finish`.
        case execute
        /// It is at work already; the waiter is told at its end.
        case joined
        case known(Outcome)
    }

    private enum Entry {
        case running([Waiter])
        case done(Outcome, cost: Int, expires: ContinuousClock.Instant)
    }

    private let maximumCount: Int
    private let maximumBytes: Int
    private let lifetime: Duration
    private var entries: [ID: Entry] = [:]
    /// Finished entries, oldest first; those before `head` are gone.
    private var finished: [ID] = []
    private var head = 0
    /// Bytes that the remembered outcomes hold.
    private(set) var bytes = 0

    init(maximumCount: Int, maximumBytes: Int, lifetime: Duration) {
        self.maximumCount = maximumCount
        self.maximumBytes = maximumBytes
        self.lifetime = lifetime
    }

    /// Outcomes that are remembered.
    var count: Int { finished.count - head }

    /// A call arrived at `now`.
    mutating func admit(_ id: ID, waiter: Waiter, at now: ContinuousClock.Instant) -> Admission {
        switch entries[id] {
        case .running(var waiters):
            waiters.append(waiter)
            entries[id] = .running(waiters)
            return .joined
        case .done(let outcome, _, let expires) where expires > now: return .known(outcome)
        case .done, nil:
            // An expired entry is forgotten now; its place in `finished` is passed over later.
            forget(id)
            entries[id] = .running([waiter])
            return .execute
        }
    }

    /// The handler is done.
    /// - Parameters:
    ///   - outcome: what to remember, or `nil` when a repeated call must run again (a failure that may pass).
    ///   - cost: bytes that `outcome` holds.
    /// - Returns: everyone who waits for it.
    mutating func finish(_ id: ID, outcome: Outcome?, cost: Int, at now: ContinuousClock.Instant) -> [Waiter] {
        guard case .running(let waiters) = entries[id] else { return [] }
        if let outcome, cost <= maximumBytes {
            entries[id] = .done(outcome, cost: cost, expires: now.advanced(by: lifetime))
            finished.append(id)
            bytes += cost
            evict(at: now)
        } else {
            entries[id] = nil
        }
        return waiters
    }

    /// Those for whom `isGone` holds no longer wait.
    /// - Returns: whether the call is at work and nobody waits for it any more.
    mutating func withdraw(_ id: ID, where isGone: (Waiter) -> Bool) -> Bool {
        guard case .running(var waiters) = entries[id] else { return false }
        waiters.removeAll(where: isGone)
        entries[id] = .running(waiters)
        return waiters.isEmpty
    }

    private mutating func forget(_ id: ID) {
        if case .done(_, let cost, _) = entries[id] {
            bytes -= cost
            entries[id] = nil
            if let index = finished[head...].firstIndex(of: id) { finished.remove(at: index) }
        }
    }

    /// Forgets the oldest outcomes until the bounds hold.
    private mutating func evict(at now: ContinuousClock.Instant) {
        while head < finished.count {
            let oldest = finished[head]
            guard case .done(_, let cost, let expires) = entries[oldest] else {
                head += 1
                continue
            }
            guard count > maximumCount || bytes > maximumBytes || expires <= now else { break }
            entries[oldest] = nil
            bytes -= cost
            head += 1
        }
        if head > 64, head * 2 > finished.count {
            finished.removeFirst(head)
            head = 0
        }
    }
}

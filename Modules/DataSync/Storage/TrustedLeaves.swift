import Synchronization

/// Which records were hashed a short while ago; those need not be hashed again at once.
final class TrustedLeaves: Sendable {
    private static let capacity = 65_536
    private let lifetime: Duration
    private let ends = Mutex<[LeafPosition: ContinuousClock.Instant]>([:])

    init(lifetime: Duration) { self.lifetime = lifetime }

    func add(_ positions: some Sequence<LeafPosition>) {
        guard lifetime > .zero else { return }
        let now = ContinuousClock.now
        let end = now + lifetime
        ends.withLock { ends in
            if ends.count >= Self.capacity {
                ends = ends.filter { $0.value > now }
                if ends.count >= Self.capacity { ends.removeAll() }
            }
            for position in positions { ends[position] = end }
        }
    }

    /// Which of `positions` are trusted.
    func contains(_ positions: [LeafPosition]) -> [Bool] {
        guard lifetime > .zero else { return positions.map { _ in false } }
        let now = ContinuousClock.now
        return ends.withLock { ends in positions.map { position in ends[position].map { $0 > now } ?? false } }
    }

    func remove(_ position: LeafPosition) {
        ends.withLock { $0[position] = nil }
    }
}

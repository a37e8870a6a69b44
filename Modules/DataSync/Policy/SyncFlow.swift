public import Core

/// What is remembered of things of one kind that move on a schedule between two clouds.
public struct SyncFlow: Sendable, Hashable {
    /// The one that moved or waits last.
    public var manifest: String
    /// Since when something waits.
    public var since: Timestamp
    /// When something moved before `last`.
    public var previous: Timestamp?
    /// When something last moved.
    public var last: Timestamp?
    /// Whether `manifest` was let go at `last`.
    public var isAllowed: Bool

    public init(manifest: String, since: Timestamp, previous: Timestamp?, last: Timestamp?, isAllowed: Bool) {
        self.manifest = manifest
        self.since = since
        self.previous = previous
        self.last = last
        self.isAllowed = isAllowed
    }

    /// How long after one was let go others are let go with it.
    static let window: Duration = .seconds(60)

    /// When something moved before the time at which `manifest` is let go: one that was let go already may go on, and what
    /// waited with it goes along.
    func lastMoved(before manifest: String, now: Timestamp) -> Timestamp? {
        let isSameTurn =
            isAllowed
            && (self.manifest == manifest || last.map { $0 <= now && now < $0.advanced(by: Self.window) } ?? false)
        return isSameTurn ? previous : last
    }

    /// The flow after `decision` on `manifest`.
    /// - Parameter countsFrom: as in `SyncDecision`.
    static func after(
        _ flow: SyncFlow?, _ manifest: String, isAllowed: Bool, countsFrom: Timestamp? = nil, now: Timestamp
    ) -> SyncFlow {
        guard let flow else {
            return SyncFlow(
                manifest: manifest, since: now, previous: nil, last: isAllowed ? now : nil, isAllowed: isAllowed)
        }
        var next = flow.corrected(countsFrom, now)
        if isAllowed {
            let isSameTurn = flow.isAllowed && flow.lastMoved(before: manifest, now: now) == flow.previous
            if !isSameTurn {
                next.previous = next.last
                next.last = now
            }
        } else if flow.isAllowed {
            next.since = now
        }
        next.manifest = manifest
        next.isAllowed = isAllowed
        return next
    }

    /// What is remembered of times to come, because the clock was set back, counts as of now, or of when the schedule says: the
    /// next turn is not held back until the clock has caught up.
    private func corrected(_ countsFrom: Timestamp?, _ now: Timestamp) -> SyncFlow {
        var flow = self
        flow.since = min(since, now)
        flow.previous = previous.map { min($0, now) }
        flow.last = last.map { $0 > now ? countsFrom ?? now : $0 }
        return flow
    }
}

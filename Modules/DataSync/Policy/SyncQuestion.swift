public import Contracts
public import Core

/// Everything that a decision depends on.
public struct SyncQuestion: Sendable, Hashable {
    public var tags: TransferTags
    /// The cloud that sends.
    public var from: PeerID
    /// The cloud that receives.
    public var to: PeerID
    /// Bytes per second that move on the link between them now.
    public var linkBytesPerSecond: Double
    /// Raw bytes that wait to be moved.
    public var gatheredBytes: Int
    /// When something of the kind last moved between the two; `nil` for never.
    public var lastMoved: Timestamp?
    /// Since when this one waits.
    public var since: Timestamp
    public var now: Timestamp

    public init(
        tags: TransferTags, from: PeerID, to: PeerID, linkBytesPerSecond: Double = 0, gatheredBytes: Int = 0,
        lastMoved: Timestamp? = nil, since: Timestamp, now: Timestamp
    ) {
        self.tags = tags
        self.from = from
        self.to = to
        self.linkBytesPerSecond = linkBytesPerSecond
        self.gatheredBytes = gatheredBytes
        self.lastMoved = lastMoved
        self.since = since
        self.now = now
    }
}

/// A decision and how it came about.
public struct SyncDecision: Sendable, Hashable {
    public var outcome: TransferDecision
    public var reason: String
    /// The moment of the rule, when it came to that.
    public var moment: SyncMoment?
    /// What the next turn of a schedule is counted from, if that is not when something last moved: the clock was set back.
    public var countsFrom: Timestamp?
    /// What was looked at, in order, for `explain`.
    public var steps: [String]

    /// What decided.
    public var rule: RuleName {
        switch outcome {
        case .allow(let terms): terms.rule
        case .defer(_, let rule), .refuse(let rule, _): rule
        }
    }
}

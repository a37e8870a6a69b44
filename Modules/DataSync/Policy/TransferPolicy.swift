public import Contracts
public import Core

/// Says what may move. `DataSyncService` asks before it fetches and before it serves.
///
/// Both answers are asked for again at every attempt and never kept: a rule may change meanwhile. An error counts as a
/// refusal (`isRetriable` as the error says); nothing moves on a doubt.
public protocol TransferPolicy: Sendable {
    /// Whether this cloud may fetch what `ask` says from `ask.peer`; `ask.tags` are the asker's, of this process.
    func mayFetch(_ ask: TransferAsk) async throws -> TransferDecision
    /// Whether `ask.peer` may have what `ask` says from here; `ask.tags` are those under which it lies here; it is asked
    /// once for each when there are several, and the strictest answer counts. The manifest, its leaf lists and its leaves are served under this one answer.
    func mayServe(_ ask: TransferAsk) async throws -> TransferDecision
    /// How much of something has to gather here before a rule lets it go; `nil` when no rule waits for that.
    func threshold(of tags: TransferTags) -> SyncThreshold?
    /// Who may have something that lies here; `nil` when no rule says.
    func privacy(of tags: TransferTags) -> Privacy?
    /// What this cloud was about to fetch was refused for another reason than the rules, such as who signed it. For the
    /// record.
    func note(refused ask: TransferAsk, rule: RuleName, reason: String) async throws
}

extension TransferPolicy {
    public func threshold(of tags: TransferTags) -> SyncThreshold? { nil }
    public func privacy(of tags: TransferTags) -> Privacy? { nil }
    public func note(refused ask: TransferAsk, rule: RuleName, reason: String) async throws {}
}

/// One transfer as the rules see it.
public struct TransferAsk: Sendable, Hashable {
    public var manifest: Digest
    /// Who sends (`mayFetch`) or who receives (`mayServe`).
    public var peer: PeerID
    /// `nil` when nobody labelled it; it then counts as raw data.
    public var tags: TransferTags?
    /// Raw bytes to move, as far as known.
    public var bytes: Int?

    public init(manifest: Digest, peer: PeerID, tags: TransferTags?, bytes: Int? = nil) {
        self.manifest = manifest
        self.peer = peer
        self.tags = tags
        self.bytes = bytes
    }
}

public enum TransferDecision: Sendable, Hashable {
    case allow(TransferTerms)
    /// Not now; ask again at this time, or earlier when the rules change.
    case `defer`(until: Timestamp, rule: RuleName)
    /// Never under the rules as they are.
    case refuse(rule: RuleName, reason: String)

    /// The one of two answers that lets less move: a refusal, then the longer wait, then the later turn.
    static func stricter(_ left: TransferDecision, _ right: TransferDecision) -> TransferDecision {
        switch (left, right) {
        case (.refuse, _): left
        case (_, .refuse): right
        case (.defer(let one, _), .defer(let other, _)): one >= other ? left : right
        case (.defer, _): left
        case (_, .defer): right
        case (.allow(let one), .allow(let other)): one.priority >= other.priority ? left : right
        }
    }
}

/// How an allowed transfer travels, and what becomes of it.
public struct TransferTerms: Sendable, Hashable {
    public var priority: TransferPriority
    public var codec: TransferCodec
    public var consistency: Consistency
    public var retention: Retention
    public var rule: RuleName

    public init(
        priority: TransferPriority = .normal, codec: TransferCodec = .automatic, consistency: Consistency = .eventual,
        retention: Retention = .forever, rule: RuleName = .none
    ) {
        self.priority = priority
        self.codec = codec
        self.consistency = consistency
        self.retention = retention
        self.rule = rule
    }
}

/// Which rule decided, in the words of `explain`: `policy/federated rule 2`.
public struct RuleName: Sendable, Hashable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }

    /// No policy is in force.
    public static let none = RuleName("no policy")
}

/// Lets everything move: for `DataSync` as a library, where the caller is the policy.
public struct OpenTransferPolicy: TransferPolicy {
    public init() {}

    public func mayFetch(_ ask: TransferAsk) async throws -> TransferDecision { .allow(TransferTerms()) }
    public func mayServe(_ ask: TransferAsk) async throws -> TransferDecision { .allow(TransferTerms()) }
}

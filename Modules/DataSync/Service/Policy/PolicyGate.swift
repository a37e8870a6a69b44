public import Contracts
public import Core
public import Store
import Synchronization
public import Telemetry

/// Enforces the policies in one cloud: asked by `DataSyncService` before anything moves, it decides by `PolicyTable`,
/// remembers when scheduled things moved, and records what it refused, durably, before it answers.
public final class PolicyGate: TransferPolicy {
    /// The tables of the rules, for `Database.open`.
    public static var migrations: MigrationSet { SyncPolicySchema.migrations }

    private struct State {
        var table: PolicyTable
        var flows: [String: SyncFlow]
    }

    /// The cloud whose gate this is.
    public let cloud: PeerID
    let storage: SyncPolicyStorage
    let audit: AuditLog
    let clock: any WallClock
    /// This edge's own rules; `nil` at the core.
    private let local: LocalSyncRules?
    private let link: any LinkMeter
    private let logger: Logger
    private let refusals: Counter
    private let state: Mutex<State>

    /// Loads what was in force last: a cloud that is cut off goes on under the rules it knew, a new one under those that
    /// come with the program.
    /// - Parameters:
    ///   - database: opened with `migrations`.
    ///   - local: what an edge's own configuration says; `nil` at the core.
    public init(
        cloud: PeerID, local: LocalSyncRules?, database: Database, link: any LinkMeter,
        clock: any WallClock = SystemWallClock(), logger: Logger = .disabled,
        metrics: MetricsRegistry = MetricsRegistry()
    ) async throws {
        self.cloud = cloud
        self.local = local
        self.link = link
        self.clock = clock
        self.logger = logger.with(["service": "syncpolicy"])
        storage = SyncPolicyStorage(database: database)
        audit = AuditLog(database: database)
        refusals = metrics.counter(
            "gedge_datasync_refusals_total", help: "Transfers that a rule refused, repetitions included")
        let set = try await storage.told()?.set ?? PolicySet(policies: ShippedPolicies.load())
        state = Mutex(State(table: PolicyTable(set), flows: try await storage.flows()))
    }

    /// The policies in force.
    public var table: PolicyTable { state.withLock { $0.table } }

    /// Puts other policies in force, from the next question on.
    func replace(_ set: PolicySet) {
        let table = PolicyTable(set)
        state.withLock { $0.table = table }
    }

    public func mayFetch(_ ask: TransferAsk) async throws -> TransferDecision {
        try await enforce(ask, .fetching, from: ask.peer, to: cloud)
    }

    public func mayServe(_ ask: TransferAsk) async throws -> TransferDecision {
        try await enforce(ask, .serving, from: cloud, to: ask.peer)
    }

    public func threshold(of tags: TransferTags) -> SyncThreshold? {
        let rule = table.outbound(tags, from: cloud)
        return rule?.when == .threshold ? rule?.threshold : nil
    }

    public func privacy(of tags: TransferTags) -> Privacy? {
        if let own = local?.verdict(on: tags.artefact, dataset: tags.dataset) { return own.privacy }
        return table.outbound(tags, from: cloud).map { $0.privacy ?? .public }
    }

    /// What the rules say, without anything coming of it.
    func decide(_ tags: TransferTags, from: PeerID, to: PeerID, bytes: Int?, manifest: Digest?) async -> SyncDecision {
        let now = clock.now()
        let key = Self.flow(tags, from, to)
        let (table, flow) = state.withLock { ($0.table, $0.flows[key]) }
        var question = SyncQuestion(
            tags: tags, from: from, to: to, gatheredBytes: bytes ?? 0,
            lastMoved: flow.flatMap { $0.lastMoved(before: manifest?.hex ?? "", now: now) },
            since: flow.map { $0.isAllowed ? now : $0.since } ?? now, now: now)
        let own = from == cloud ? local : nil
        let decision = table.decide(question, local: own)
        guard decision.moment == .idleLink else { return decision }
        question.linkBytesPerSecond = await link.bytesPerSecond(with: from == cloud ? to : from)
        return table.decide(question, local: own)
    }

    private func enforce(
        _ ask: TransferAsk, _ direction: TransferDirection, from: PeerID, to: PeerID
    ) async throws -> TransferDecision {
        let tags = ask.tags ?? TransferTags(artefact: .rawData)
        let decision = await decide(tags, from: from, to: to, bytes: ask.bytes, manifest: ask.manifest)
        switch decision.outcome {
        case .refuse(let rule, let reason):
            refusals.increment()
            logger.warning(
                "a transfer was refused",
                [
                    "direction": direction.rawValue, "peer": ask.peer.text, "artefact": tags.artefact.rawValue,
                    "manifest": ask.manifest.hex, "rule": rule.description, "reason": reason,
                ])
            try await record(ask, direction, rule, reason)
        case .allow, .defer:
            if decision.moment == .schedule {
                try await note(ask.manifest, decision, Self.flow(tags, from, to))
            }
        }
        return decision.outcome
    }

    public func note(refused ask: TransferAsk, rule: RuleName, reason: String) async throws {
        try await record(ask, .fetching, rule, reason)
    }

    /// Puts into the audit that something was asked for which was not even published.
    func note(unpublished question: SyncExplainRequest, _ explanation: SyncExplanation) async throws {
        let (tags, now) = (question.tags, clock.now())
        let name = tags.dataset?.description ?? tags.artefact.rawValue
        refusals.increment()
        try await audit.record(
            AuditEntry(
                first: now, last: now, count: 1, direction: .serving, peer: question.to,
                manifest: Array(name.utf8).withUnsafeBytes { SHA256.digest(of: $0) }, artefact: tags.artefact,
                job: tags.job,
                dataset: tags.dataset, rule: explanation.rule, reason: explanation.reason))
    }

    private func record(
        _ ask: TransferAsk, _ direction: TransferDirection, _ rule: RuleName, _ reason: String
    ) async throws {
        let tags = ask.tags ?? TransferTags(artefact: .rawData)
        let now = clock.now()
        try await audit.record(
            AuditEntry(
                first: now, last: now, count: 1, direction: direction, peer: ask.peer, manifest: ask.manifest,
                artefact: tags.artefact, job: tags.job, dataset: tags.dataset, rule: rule.description, reason: reason))
    }

    /// Remembers, durably, what the next turn of a schedule is counted from.
    private func note(_ manifest: Digest, _ decision: SyncDecision, _ key: String) async throws {
        let isAllowed = if case .allow = decision.outcome { true } else { false }
        let now = clock.now()
        let changed: SyncFlow? = state.withLock { state in
            let old = state.flows[key]
            let new = SyncFlow.after(
                old, manifest.hex, isAllowed: isAllowed, countsFrom: decision.countsFrom, now: now)
            guard new != old else { return nil }
            state.flows[key] = new
            if state.flows.count > SyncPolicyStorage.maximumFlows,
                let oldest = state.flows.min(by: {
                    ($0.value.last ?? $0.value.since) < ($1.value.last ?? $1.value.since)
                })
            {
                state.flows[oldest.key] = nil
            }
            return new
        }
        if let changed { try await storage.save(changed, of: key) }
    }

    private static func flow(_ tags: TransferTags, _ from: PeerID, _ to: PeerID) -> String {
        "\(from) \(to) \(tags.artefact.rawValue) \(tags.job?.text ?? "-") \(tags.dataset?.description ?? "-")"
    }
}

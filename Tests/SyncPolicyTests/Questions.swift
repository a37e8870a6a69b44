import Contracts
import Core

@testable import DataSync

let noon = Timestamp(milliseconds: 1_700_000_000_000)

/// A question with what a test does not care about filled in.
func question(
    _ artefact: Artefact, from: PeerID = PeerID("edge-1"), to: PeerID = .core, workload: Workload? = .federated,
    policy: Name? = nil, round: Int? = nil, dataset: DatasetName? = nil, records: Int? = nil, anonymised: Bool? = nil,
    bytes: Int = 0, link: Double = 0, last: Timestamp? = nil, since: Timestamp = noon, now: Timestamp = noon
) -> SyncQuestion {
    SyncQuestion(
        tags: TransferTags(
            artefact: artefact, workload: workload, policy: policy, round: round, dataset: dataset, records: records,
            isAnonymised: anonymised),
        from: from, to: to, linkBytesPerSecond: link, gatheredBytes: bytes, lastMoved: last, since: since, now: now)
}

/// A table with one policy, `custom`, and the shipped ones.
func table(_ rules: SyncRule...) throws -> PolicyTable { try table(rules) }

func table(_ rules: [SyncRule]) throws -> PolicyTable {
    PolicyTable([NamedPolicy(name: try Name("custom"), spec: SyncPolicySpec(rules: rules))] + (try shipped.get()))
}

/// Read once: thousands of tables are made of it.
private let shipped = Result { try ShippedPolicies.load() }

extension SyncDecision {
    var isAllowed: Bool { if case .allow = outcome { true } else { false } }
    var isRefused: Bool { if case .refuse = outcome { true } else { false } }
    var terms: TransferTerms? { if case .allow(let terms) = outcome { terms } else { nil } }
    var until: Timestamp? { if case .defer(let until, _) = outcome { until } else { nil } }
    var word: String { isAllowed ? "allow" : isRefused ? "refuse" : "defer" }
}

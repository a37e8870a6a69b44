import Contracts
import Core
import TestKit

@testable import DataSync

/// Policies and questions as chance will have them; few names, so that they meet often.
struct RandomPolicies {
    var random: SeededGenerator

    static let edges = ["edge-1", "edge-2", "edge-3"]

    mutating func some<Element>(_ values: [Element]) -> [Element]? {
        guard Bool.random(using: &random) else { return nil }
        let chosen = values.filter { _ in Bool.random(using: &random) }
        return chosen.isEmpty ? [values[Int.random(in: 0..<values.count, using: &random)]] : chosen
    }

    mutating func one<Element>(_ values: [Element]) -> Element {
        values[Int.random(in: 0..<values.count, using: &random)]
    }

    mutating func maybe<Element>(_ value: Element) -> Element? { Bool.random(using: &random) ? value : nil }

    func datasets() throws -> [DatasetName] { try ["a/b/c", "a/b/d", "e/f/g"].map { try DatasetName($0) } }

    /// Any rule, sound or not: decisions are total whatever a document says.
    mutating func rule() throws -> SyncRule {
        SyncRule(
            artefacts: some(Artefact.allCases), directions: some(SyncDirection.allCases),
            edges: try some(Self.edges)?.map { try Name($0) }, datasets: some(try datasets()),
            when: one(SyncMoment.allCases),
            schedule: maybe(try SyncSchedule(one(["every 15m", "0 2 * * *", "*/7 3-5 1 * 0"]))),
            idleBelow: maybe(ByteCount(Int.random(in: 0...2_000_000, using: &random))),
            threshold: maybe(SyncThreshold(bytes: maybe(ByteCount(1000)), records: maybe(10))),
            priority: maybe(one(TransferPriority.allCases)), codec: maybe(one(TransferCodec.allCases)),
            retention: maybe(.last(3)), consistency: maybe(one(Consistency.allCases)),
            privacy: maybe(one(Privacy.allCases)))
    }

    mutating func rules() throws -> [SyncRule] {
        try (0..<Int.random(in: 0...8, using: &random)).map { _ in try rule() }
    }

    mutating func local() throws -> LocalSyncRules {
        LocalSyncRules(
            rules: try (0..<Int.random(in: 0...4, using: &random)).map { _ in
                LocalSyncRule(
                    artefacts: some(Artefact.allCases), datasets: some(try datasets()), privacy: one(Privacy.allCases))
            })
    }

    mutating func question(from: [String] = edges + ["core"]) throws -> SyncQuestion {
        let now = Timestamp(milliseconds: Int64.random(in: 0...4_000_000_000_000, using: &random))
        return SyncQuestion(
            tags: TransferTags(
                artefact: one(Artefact.allCases), workload: maybe(one(Workload.allCases)),
                policy: try one([nil, Name("custom"), Name("missing")]), round: maybe(7),
                dataset: maybe(one(try datasets())), records: maybe(Int.random(in: 0...20, using: &random)),
                isAnonymised: maybe(Bool.random(using: &random))),
            from: PeerID(one(from)), to: PeerID(one(Self.edges + ["core"])),
            linkBytesPerSecond: Double(Int.random(in: 0...3_000_000, using: &random)),
            gatheredBytes: Int.random(in: 0...2000, using: &random),
            lastMoved: maybe(Timestamp(milliseconds: Int64.random(in: 0...4_000_000_000_000, using: &random))),
            since: Timestamp(milliseconds: Int64.random(in: 0...4_000_000_000_000, using: &random)), now: now)
    }
}

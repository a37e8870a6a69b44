import Contracts
import Core
import MessageBus
import Store
import TestKit
import Testing

@testable import DataSync

@Suite(.timeLimit(.minutes(2))) struct PolicyGateTests {
    private let directory: TemporaryDirectory
    private let context = BusContext()
    private let clock = ManualWallClock(noon)

    init() throws { directory = try TemporaryDirectory("policygate") }

    private static let openPolicy = """
        apiVersion: gedge/v1
        kind: SyncPolicy
        metadata:
          name: federated
        spec:
          rules:
            - when: on-change
              privacy: public
        """

    /// The core opens everything; the edge still keeps its raw data, says so to whoever asks, and both sides can be read.
    @Test func refusedRawDataIsAudited() async throws {
        let core = try await PolicyCore.open(directory.file("core"), context: context, clock: clock)
        let edge = try await PolicyEdge.open(directory.file("edge"), context: context, clock: clock)
        try await running(core, edge) { () async throws -> Void in
            #expect(try await core.gate.mayFetch(ask(.rawData, PeerID("edge-1"))).word == "refuse")
            _ = try await core.apply(.syncPolicy, Self.openPolicy)
            #expect(try await core.gate.mayFetch(ask(.rawData, PeerID("edge-1"))).word == "allow")
            try await eventually { edge.gate.table[try Name("federated")]?.rules.count == 1 }
            #expect(try await edge.gate.mayServe(ask(.update, .core)).word == "allow")
            #expect(try await edge.gate.mayServe(ask(.rawData, .core)).word == "refuse")
            #expect(try await edge.gate.mayServe(ask(nil, .core, digit: "b")).word == "refuse")

            let here = try await core.bus.call(SyncPolicyContract.audit, AuditQuery()).body.entries
            #expect(here.map(\.direction) == [.fetching] && here[0].peer == PeerID("edge-1"))
            #expect(here[0].rule == "policy/federated rule 4")
            let there = try await core.bus.call(
                SyncPolicyContract.audit, AuditQuery(edge: try Name("edge-1"))
            ).body.entries
            #expect(there.map(\.direction) == [.serving, .serving])
            #expect(there.allSatisfy { $0.peer == .core && $0.rule == "edge configuration, raw data" })

            let question = SyncExplainRequest(
                tags: TransferTags(artefact: .rawData, workload: .federated), from: PeerID("edge-1"), to: .core,
                edge: try Name("edge-1"))
            let answer = try await core.bus.call(SyncPolicyContract.explain, question).body
            #expect(answer.verdict == .refuse && answer.cloud == PeerID("edge-1"))
            #expect(answer.steps.last?.hasPrefix("refused: ") == true)
            var own = question
            own.edge = nil
            #expect(try await core.bus.call(SyncPolicyContract.explain, own).body.verdict == .allow)
        }
    }

    /// An edge that never reaches its core again goes on under the rules it was told last.
    @Test func rulesHoldWhileCutOff() async throws {
        let core = try await PolicyCore.open(directory.file("core"), context: context)
        let edge = try await PolicyEdge.open(directory.file("edge"), context: context)
        try await running(core, edge) { () async throws -> Void in
            #expect(try await edge.gate.mayServe(ask(.metrics, .core)).word == "allow")
            _ = try await core.apply(
                .syncPolicy, Self.openPolicy.replacing("on-change\n      privacy: public", with: "never"))
            try await eventually { try await edge.gate.mayServe(ask(.metrics, .core)).word == "refuse" }
        }
        let alone = try await PolicyEdge.open(directory.file("edge"), context: BusContext())
        try await running(nil, alone) { () async throws -> Void in
            let word = try await alone.gate.mayServe(ask(.metrics, .core)).word
            #expect(word == "refuse")
        }
    }

    /// An edge that was away during a change learns of it when it is back; one that knows it all is not sent it again.
    @Test func anEdgeCatchesUpWhenItIsBack() async throws {
        let core = try await PolicyCore.open(directory.file("core"), context: context)
        try await running(core) { () async throws -> Void in
            for turn in 0..<3 {
                let edge = try await PolicyEdge.open(directory.file("edge"), context: context)
                try await running(nil, edge) { () async throws -> Void in
                    try await eventually { try await edge.gate.storage.told() != nil }
                    let name = try Name("turn-\(turn)")
                    try await eventually { turn == 0 || edge.gate.table[name] != nil }
                }
                _ = try await core.apply(
                    .syncPolicy, Self.openPolicy.replacing("name: federated", with: "name: turn-\(turn + 1)"))
            }
            let known = try await core.gate.storage.revision()
            let reply = try await core.bus.call(SyncPolicyContract.policies, PolicyQuery(known: known)).body
            #expect(reply.policies == nil && reply.revision == known)
        }
    }

    @Test func repetitionsAreCountedAndTheLogIsBounded() async throws {
        let core = try await PolicyCore.open(directory.file("core"), context: context, clock: clock)
        try await running(core) { () async throws -> Void in
            for _ in 0..<100 { _ = try await core.gate.mayFetch(ask(.rawData, PeerID("edge-1"))) }
            clock.advance(by: .seconds(30))
            _ = try await core.gate.mayFetch(ask(.rawData, PeerID("edge-1")))
            _ = try await core.gate.mayFetch(ask(.rawData, PeerID("edge-2")))
            let entries = try await core.gate.audit.list(limit: 10)
            #expect(Set(entries.map(\.count)) == [101, 1])
            let first = try #require(entries.first { $0.count == 101 })
            #expect(first.first == noon && first.last == noon.advanced(by: .seconds(30)))
            clock.advance(by: .seconds(600))
            _ = try await core.gate.mayFetch(ask(.rawData, PeerID("edge-1")))
            #expect(try await core.gate.audit.list(limit: 10).map(\.count).sorted() == [1, 1, 101])
            #expect(try await core.gate.audit.list(limit: 1).count == 1)
        }
        let again = try await PolicyCore.open(directory.file("core"), context: BusContext())
        try await running(again) { () async throws -> Void in
            #expect(try await again.gate.audit.list(limit: 10).count == 3)
            try await again.database.write { connection in
                try connection.execute("UPDATE sqlite_sequence SET seq = 10002 WHERE name = 'syncpolicy_audit'")
            }
            _ = try await again.gate.mayFetch(ask(.rawData, PeerID("edge-3")))
            #expect(try await again.gate.audit.list(limit: 10).map(\.peer) == [PeerID("edge-3")])
        }
    }

    /// What moves on a schedule has one turn; what was let go in it may try again, and what waited with it goes along.
    @Test func aTurnOfAScheduleIsKept() async throws {
        let custom = try Name("custom")
        let text = Self.openPolicy.replacing("name: federated", with: "name: custom")
            .replacing("on-change", with: "schedule\n      schedule: every 15m")
        let core = try await PolicyCore.open(directory.file("core"), context: context, clock: clock)
        func word(_ core: PolicyCore, _ digit: Character) async throws -> String {
            try await core.gate.mayFetch(ask(.features, PeerID("edge-1"), digit: digit, policy: custom)).word
        }
        try await running(core) { () async throws -> Void in
            _ = try await core.apply(.syncPolicy, text)
            #expect(try await word(core, "a") == "allow")
            clock.advance(by: .seconds(50))
            #expect(try await word(core, "b") == "allow")
            clock.advance(by: .seconds(50))
            #expect(try await word(core, "b") == "allow")
            #expect(try await word(core, "c") == "defer")
        }
        let again = try await PolicyCore.open(directory.file("core"), context: BusContext(), clock: clock)
        try await running(again) { () async throws -> Void in
            var words = [try await word(again, "c")]
            for pause in [799, 1, 0] {
                clock.advance(by: .seconds(pause))
                words.append(try await word(again, "c"))
            }
            #expect(words == ["defer", "defer", "allow", "allow"])
        }
    }

    @Test func aBusyLinkWaits() async throws {
        let consent = LocalSyncRules(rules: [LocalSyncRule(artefacts: [.rawData], privacy: .public)])
        for (rate, expected) in [(0.0, "allow"), (999_999, "allow"), (1_000_000, "defer"), (.infinity, "defer")] {
            let edge = try await PolicyEdge.open(
                directory.file("edge"), context: BusContext(), local: consent, link: rate)
            #expect(try await edge.gate.mayServe(ask(.rawData, .core, workload: .centralised)).word == expected)
            await edge.database.close()
        }
    }
}

extension String {
    fileprivate func replacing(_ old: String, with new: String) -> String {
        components(separatedBy: old).joined(separator: new)
    }

    private func components(separatedBy separator: String) -> [String] {
        var parts: [String] = []
        var rest = self[...]
        while let range = rest.firstRange(of: separator) {
            parts.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return parts + [String(rest)]
    }
}

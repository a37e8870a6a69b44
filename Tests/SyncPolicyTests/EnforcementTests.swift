import Contracts
import Core
import MessageBus
import Store
import Telemetry
import TestKit
import Testing

@testable import DataSync

/// Policies between a core and an edge that move real bytes.
@Suite(.timeLimit(.minutes(2))) struct EnforcementTests {
    private let directory: TemporaryDirectory
    private let context = BusContext()
    private let clock = ManualWallClock(noon)

    init() throws { directory = try TemporaryDirectory("enforcement") }

    private struct Cloud: Sendable {
        let bus: Bus
        let gate: PolicyGate
        let dataSync: DataSyncService
        let policies: SyncPolicyService?
        let database: Database

        func publish(_ bytes: [UInt8], as reference: String, _ tags: TransferTags?) async throws -> Digest {
            try await bus.call(
                DataSyncContract.publish,
                PublishRequest(
                    reference: reference, tensors: [TensorSpec(name: "t", shape: [bytes.count / 4])], tags: tags),
                attachments: [Attachment(bytes)], timeout: .seconds(60)
            ).body.digest
        }

        func fetch(_ manifest: Digest, from source: PeerID, _ tags: TransferTags?) async -> String {
            do {
                _ = try await bus.call(
                    DataSyncContract.fetch,
                    FetchRequest(
                        manifest: manifest, source: source, reference: "test/\(manifest)/", maximumBytes: 1 << 30,
                        tags: tags), timeout: .seconds(60))
                return "ok"
            } catch { return Failure(error).code }
        }

        func references() async throws -> [String] { try await dataSync.references(prefix: "f") }
    }

    private func open(_ identity: PeerID, local: LocalSyncRules? = nil) async throws -> Cloud {
        let path = directory.file(identity.text)
        let bus = Bus(configuration: BusConfiguration(identity: identity), context: context)
        try StateDirectory.makePrivate(path, parents: true)
        let database = try await Database.open(
            path: "\(path)/state.db", migrations: [DataSyncService.migrations, PolicyGate.migrations], logger: .disabled
        )
        let gate = try await PolicyGate(
            cloud: identity, local: local, database: database, link: FixedLink(), clock: clock)
        var configuration = DataSyncConfiguration()
        configuration.retry = RetryPolicy(base: .milliseconds(1), maximum: .milliseconds(5), attempts: 2)
        let dataSync = try await DataSyncService(
            bus: bus, store: database, directory: "\(path)/shards", configuration: configuration, policy: gate,
            clock: clock)
        dataSync.register()
        var policies: SyncPolicyService?
        if identity == .core {
            let service = try await SyncPolicyService(bus: bus, gate: gate)
            service.register()
            policies = service
            try bus.listen(BusAddress("inproc://core"), security: .none)
        } else {
            gate.registerCalls(on: bus)
            try bus.connect(BusAddress("inproc://core"), security: .none)
        }
        return Cloud(bus: bus, gate: gate, dataSync: dataSync, policies: policies, database: database)
    }

    private func running(_ clouds: [Cloud], body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for cloud in clouds {
                group.addTask { try await cloud.bus.run() }
                group.addTask { try await cloud.dataSync.run() }
            }
            defer { group.cancelAll() }
            if clouds.count > 1 { try await clouds[1].bus.ready(.core, timeout: .seconds(60)) }
            try await body()
        }
        for cloud in clouds { await cloud.database.close() }
    }

    private func bytes(_ seed: UInt64, count: Int = 300_000) -> [UInt8] {
        var random = SplitMix64(seed: seed)
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    private func tags(_ artefact: Artefact, round: Int = 1) throws -> TransferTags {
        TransferTags(artefact: artefact, workload: .federated, job: try Name("digits"), round: round)
    }

    /// The edge gives its update and keeps its data, however it is asked: by name, under another name, unlabelled.
    @Test func anEdgeGivesWhatTheRulesLetGoAndNothingElse() async throws {
        let (core, edge) = (try await open(.core), try await open(PeerID("edge-1"), local: LocalSyncRules()))
        try await running([core, edge]) { () async throws -> Void in
            let update = try await edge.publish(bytes(1), as: "fedlearn/u/1/update", try tags(.update))
            let raw = try await edge.publish(bytes(2), as: "fedlearn/u/1/raw", try tags(.rawData))
            let unlabelled = try await edge.publish(bytes(3), as: "fedlearn/u/1/none", nil)
            let source = PeerID("edge-1")
            #expect(await core.fetch(update, from: source, try tags(.update)) == "ok")
            #expect(await core.fetch(raw, from: source, try tags(.rawData)) == "refused")
            // The asker's word for it does not count.
            #expect(await core.fetch(raw, from: source, try tags(.update)) == "refused")
            #expect(await core.fetch(unlabelled, from: source, try tags(.model)) == "refused")

            let asked = try await edge.gate.audit.list(limit: 10)
            #expect(Set(asked.map(\.manifest)) == [raw, unlabelled])
            #expect(asked.allSatisfy { $0.peer == .core && $0.direction == .serving && $0.artefact == .rawData })
            #expect(try await core.gate.audit.list(limit: 10).map(\.direction) == [.fetching])
            // The same bytes under a label that may go are still the raw data's.
            _ = try await edge.publish(bytes(2), as: "fedlearn/u/1/disguise", try tags(.metrics))
            #expect(await core.fetch(raw, from: source, try tags(.metrics)) == "refused")
        }
    }

    /// What lies at an edge for two reasons, one of which its configuration keeps, stays.
    @Test func theStrictestLabelDecides() async throws {
        let local = LocalSyncRules(rules: [LocalSyncRule(artefacts: [.metrics], privacy: .private)])
        let (core, edge) = (try await open(.core), try await open(PeerID("edge-1"), local: local))
        try await running([core, edge]) { () async throws -> Void in
            let model = try await edge.publish(bytes(6), as: "fedlearn/u/1/model", try tags(.model))
            _ = try await edge.publish(bytes(6), as: "fedlearn/u/1/metrics", try tags(.metrics))
            #expect(await core.fetch(model, from: PeerID("edge-1"), try tags(.model)) == "refused")
            try await edge.dataSync.release(prefix: "fedlearn/u/1/metrics")
            #expect(await core.fetch(model, from: PeerID("edge-1"), try tags(.model)) == "ok")
        }
    }

    @Test func anEdgeThatAgreesGivesItsData() async throws {
        let consent = LocalSyncRules(rules: [LocalSyncRule(artefacts: [.rawData], privacy: .public)])
        let (core, edge) = (try await open(.core), try await open(PeerID("edge-1"), local: consent))
        try await running([core, edge]) { () async throws -> Void in
            let tags = TransferTags(artefact: .rawData, workload: .centralised)
            let raw = try await edge.publish(bytes(4), as: "fedlearn/u/1/raw", tags)
            #expect(await core.fetch(raw, from: PeerID("edge-1"), tags) == "ok")
        }
    }

    /// Old rounds go by the policy's rule; the two newest models of a job stay, whatever it says.
    @Test func retentionDropsOldRounds() async throws {
        let core = try await open(.core)
        try await running([core]) { () async throws -> Void in
            let policies = try #require(core.policies)
            let keeper = RetentionKeeper(bus: core.bus, dataSync: core.dataSync, gate: core.gate, policies: policies)
            for round in 0...12 {
                for edge in ["edge-1", "edge-10"] {
                    _ = try await core.publish(
                        bytes(UInt64(100 + round), count: 4096), as: "fedlearn/u/\(round)/update/\(edge)",
                        try tags(.update, round: round))
                }
                _ = try await core.publish(
                    bytes(UInt64(round), count: 4096), as: "fedlearn/u/\(round)/global", try tags(.model, round: round))
            }
            // The shipped policy keeps models for ever and the updates of two rounds.
            #expect(try await keeper.sweep().count == 22)
            #expect(
                try await core.references().filter { $0.contains("update") }.sorted() == [
                    "fedlearn/u/11/update/edge-1", "fedlearn/u/11/update/edge-10", "fedlearn/u/12/update/edge-1",
                    "fedlearn/u/12/update/edge-10",
                ])
            #expect(try await core.references().filter { $0.contains("global") }.count == 13)
            #expect(try await keeper.sweep().isEmpty)

            let document = """
                apiVersion: gedge/v1
                kind: SyncPolicy
                metadata: {name: federated}
                spec: {rules: [{when: each-round, retention: last 1}]}
                """
            _ = try await core.bus.call(
                ResourceContract.apply(.syncPolicy), ApplyRequest(text: document, source: "policy.yaml"))
            _ = try await keeper.sweep()
            #expect(
                try await core.references().sorted() == [
                    "fedlearn/u/11/global", "fedlearn/u/12/global", "fedlearn/u/12/update/edge-1",
                    "fedlearn/u/12/update/edge-10",
                ])
        }
    }
}

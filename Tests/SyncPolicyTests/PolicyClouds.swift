import Contracts
import Core
import MessageBus
import Store
import Telemetry
import TestKit

@testable import DataSync

/// How busy the test says every link is.
struct FixedLink: LinkMeter {
    var rate = 0.0

    func bytesPerSecond(with peer: PeerID) async -> Double { rate }
}

/// A core with its policies, on a directory that outlives it.
struct PolicyCore: Sendable {
    let bus: Bus
    let database: Database
    let gate: PolicyGate
    let service: SyncPolicyService

    static func open(
        _ directory: String, context: BusContext = BusContext(), clock: any WallClock = ManualWallClock(noon)
    ) async throws -> PolicyCore {
        let bus = Bus(configuration: BusConfiguration(identity: .core), context: context)
        try StateDirectory.makePrivate(directory, parents: true)
        let database = try await Database.open(
            path: "\(directory)/core.db", migrations: [PolicyGate.migrations], logger: .disabled)
        let gate = try await PolicyGate(cloud: .core, local: nil, database: database, link: FixedLink(), clock: clock)
        let service = try await SyncPolicyService(bus: bus, gate: gate)
        service.register()
        try bus.listen(BusAddress("inproc://core"), security: .none)
        return PolicyCore(bus: bus, database: database, gate: gate, service: service)
    }

    func apply(_ kind: ResourceKind, _ text: String, isDryRun: Bool = false) async throws -> ApplyReply {
        try await bus.call(
            ResourceContract.apply(kind), ApplyRequest(text: text, source: "file.yaml", isDryRun: isDryRun)
        ).body
    }

    func get(_ kind: ResourceKind, _ name: String? = nil) async throws -> ResourceList {
        try await bus.call(ResourceContract.get(kind), ResourceQuery(name: name)).body
    }

    func describe(_ kind: ResourceKind, _ name: String) async throws -> String {
        try await bus.call(ResourceContract.describe(kind), ResourceName(name: name)).body.text
    }

    func delete(_ kind: ResourceKind, _ name: String) async throws {
        _ = try await bus.call(ResourceContract.delete(kind), ResourceName(name: name))
    }
}

/// An edge with its gate and agent.
struct PolicyEdge: Sendable {
    let bus: Bus
    let database: Database
    let gate: PolicyGate
    let agent: SyncPolicyAgent

    static func open(
        _ directory: String, context: BusContext, local: LocalSyncRules = LocalSyncRules(), link: Double = 0,
        clock: any WallClock = ManualWallClock(noon)
    ) async throws -> PolicyEdge {
        var configuration = BusConfiguration(identity: PeerID("edge-1"))
        configuration.reconnect = RetryPolicy(base: .milliseconds(5), maximum: .milliseconds(50), attempts: nil)
        let bus = Bus(configuration: configuration, context: context)
        try StateDirectory.makePrivate(directory, parents: true)
        let database = try await Database.open(
            path: "\(directory)/edge.db", migrations: [PolicyGate.migrations], logger: .disabled)
        let gate = try await PolicyGate(
            cloud: PeerID("edge-1"), local: local, database: database, link: FixedLink(rate: link), clock: clock)
        let agent = SyncPolicyAgent(bus: bus, gate: gate)
        agent.register()
        try bus.connect(BusAddress("inproc://core"), security: .none)
        return PolicyEdge(bus: bus, database: database, gate: gate, agent: agent)
    }
}

/// Runs a core, and an edge if there is one, while `body` runs, then stops them and closes their databases.
func running<Result>(
    _ core: PolicyCore?, _ edge: PolicyEdge? = nil, body: () async throws -> Result
) async throws -> Result {
    let result = try await withThrowingTaskGroup(of: Void.self) { group in
        if let core { group.addTask { try await core.bus.run() } }
        if let edge {
            group.addTask { try await edge.bus.run() }
            group.addTask { try await edge.agent.run() }
        }
        defer { group.cancelAll() }
        return try await body()
    }
    await core?.database.close()
    await edge?.database.close()
    return result
}

/// Looks again until `condition` holds; the test's own time limit ends one that never does.
func eventually(_ condition: () async throws -> Bool) async throws {
    while try await !condition() { try await Task.sleep(for: .milliseconds(2)) }
}

func ask(
    _ artefact: Artefact?, _ peer: PeerID, digit: Character = "a", dataset: DatasetName? = nil,
    workload: Workload? = .federated, policy: Name? = nil, round: Int? = 1, bytes: Int? = nil
) throws -> TransferAsk {
    TransferAsk(
        manifest: Digest(hex: String(repeating: digit, count: 64)) ?? { preconditionFailure("a hexadecimal digit") }(),
        peer: peer,
        tags: artefact.map {
            TransferTags(artefact: $0, workload: workload, policy: policy, round: round, dataset: dataset)
        }, bytes: bytes)
}

extension TransferDecision {
    var word: String {
        switch self {
        case .allow: "allow"
        case .defer: "defer"
        case .refuse: "refuse"
        }
    }
}

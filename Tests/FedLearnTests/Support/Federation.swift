import Contracts
import Core
import DataSync
import Datasets
import Foundation
import MessageBus
import Store
import Telemetry
import TestKit
import Testing

@testable import FedLearn

/// A core and its edges in one process, on real buses, stores and shard stores; only placement is a constant.
final class Federation: Sendable {
    struct Member: Sendable {
        let bus: Bus
        let database: Database
        let dataSync: DataSyncService

        init(_ identity: PeerID, _ migrations: MigrationSet, directory: String, context: BusContext) async throws {
            try StateDirectory.makePrivate(directory, parents: true)
            bus = Bus(configuration: BusConfiguration(identity: identity), context: context)
            database = try await Database.open(
                path: "\(directory)/state.db", migrations: [DataSyncService.migrations, migrations], logger: .disabled)
            var settings = DataSyncConfiguration()
            settings.shardBytes = 1 << 12  // several shards per tensor
            dataSync = try await DataSyncService(
                bus: bus, store: database, directory: "\(directory)/shards", configuration: settings)
            dataSync.register()
        }
    }

    let directory: TemporaryDirectory
    let data: [Name: LabelledData]
    let test: LabelledData

    /// Edges that hold this data.
    init(data: [Name: LabelledData], test: LabelledData) throws {
        directory = try TemporaryDirectory("federation")
        (self.data, self.test) = (data, test)
    }

    /// Three edges with different amounts of two overlapping clouds of points.
    init(edges: Int = 3) throws {
        directory = try TemporaryDirectory("federation")
        var generator = SplitMix64(seed: 5)
        func points(_ count: Int) throws -> LabelledData {
            var features: [Float] = []
            var labels: [Int32] = []
            for index in 0..<count {
                let label = index % 3
                for feature in 0..<8 {
                    features.append(Float(generator.nextNormal()) * 0.7 + (feature % 3 == label ? 1 : 0))
                }
                labels.append(Int32(label))
            }
            return try LabelledData(features: features, labels: labels, featureCount: 8, classCount: 3)
        }
        data = Dictionary(
            uniqueKeysWithValues: try (1...edges).map { (try Name("edge-\($0)"), try points(40 * $0)) })
        test = try points(300)
    }

    var edges: [Name] { data.keys.sorted() }

    static func document(
        rounds: Int, deadline: Double = 20, minimum: Int = 1, learningRate: Double = 0.1, strategy: String = "fedavg",
        personal: String? = nil, compression: String? = nil
    ) -> String {
        """
        apiVersion: gedge/v1
        kind: TrainingJob
        metadata: {group: test, project: points, name: points}
        spec:
          model: {kind: perceptron, hidden: [200]\(personal.map { ", personal: \($0)" } ?? "")}
          data: {dataset: points, features: 8, classes: 3}
          rounds: \(rounds)
          optimizer: {learningRate: \(learningRate), batchSize: 10, localEpochs: 2}
          strategy: {kind: \(strategy)}
          clients: {minimum: \(minimum)}\(compression.map { "\n  compression: {kind: \($0)}" } ?? "")
          evaluation: {dataset: test}
          roundDeadlineSeconds: \(deadline)
          seed: 3
        """
    }

    /// Runs a core and these edges while `body` runs.
    /// - Parameter sharing: edges whose own rules let raw data go.
    /// - Parameter impostors: edges that take part in the round but are played by the test; they get their member before it
    ///   runs.
    func run<Result: Sendable>(
        impostors: [Name: @Sendable (Member) -> Void] = [:], coreHasData: Bool = true,
        trainers: [Name: any TrainerProvider] = [:], sharing: Set<Name> = [],
        _ body: @escaping @Sendable (Bus, [Name: Member]) async throws -> Result
    ) async throws -> Result {
        let context = BusContext()
        let core = try await Member(.core, .fedLearnCoordinator, directory: directory.file("core"), context: context)
        let coordinator = try await FedLearnCoordinator(
            bus: core.bus, database: core.database, datasets: Data(coreHasData ? ["test": test] : [:]),
            logger: .disabled)
        coordinator.register()
        let (edges, data) = (edges, data)
        core.bus.handle(PlacementContract.renew) { (_: Inbound<JobList>) -> Empty in Empty() }
        core.bus.handle(PlacementContract.release) { (_: Inbound<JobList>) -> Empty in Empty() }
        core.bus.handle(PlacementContract.record) { (_: Inbound<RoundRecords>) -> Empty in Empty() }
        core.bus.handle(TopologyContract.loads) { (request: Inbound<LoadsQuery>) -> LoadsReply in
            let load = LoadReport(cpu: 0, availableMemory: 0, freeDisk: 0, resident: 0)
            // One edge a page.
            let rest = edges.filter { edge in request.body.after.map { $0 < edge } ?? true }
            let page = rest.prefix(1).map {
                MachineLoad(name: $0, phase: .ready, threads: 1, memory: 1, load: load, reporting: nil)
            }
            return LoadsReply(time: Timestamp(milliseconds: 0), machines: page, hasMore: rest.count > 1)
        }
        core.bus.handle(SyncPolicyContract.explain) { (request: Inbound<SyncExplainRequest>) -> SyncExplanation in
            let isAllowed = request.body.edge.map(sharing.contains) ?? (request.body.tags.policy?.text == "open")
            return SyncExplanation(verdict: isAllowed ? .allow : .refuse, cloud: .core, rule: "test", reason: "test")
        }
        for call in [PlacementContract.plan, PlacementContract.reserve] {
            core.bus.handle(call) { (request: Inbound<PlacementRequest>) -> PlacementPlan in
                PlacementPlan(
                    trainingType: request.body.type, typeReason: "test",
                    decisions: edges.map { edge in
                        PlacementDecision(
                            edge: edge, outcome: .chosen, score: 1, reason: "test",
                            terms: PlacementTerms(
                                samples: request.body.samples ?? data[edge]?.count ?? 0, computeSeconds: 0,
                                transferSeconds: 0, basis: "test"))
                    })
            }
        }
        let address = try BusAddress("inproc://federation")
        try core.bus.listen(address, security: .none)
        var members: [Name: Member] = [:]
        var participants: [FedLearnParticipant] = []
        for edge in edges {
            let member = try await Member(
                PeerID(edge), .fedLearnParticipant, directory: directory.file(edge.text), context: context)
            member.bus.handle(SyncPolicyContract.mayLeave) { (_: Inbound<SyncExplainRequest>) -> SyncExplanation in
                SyncExplanation(
                    verdict: sharing.contains(edge) ? .allow : .refuse, cloud: PeerID(edge), rule: "test",
                    reason: "it stays")
            }
            if let play = impostors[edge] {
                play(member)
            } else {
                let participant = FedLearnParticipant(
                    bus: member.bus, edge: edge, database: member.database,
                    datasets: Data(["points": try #require(data[edge])]), trainers: trainers[edge], logger: .disabled)
                participant.register()
                participants.append(participant)
            }
            try member.bus.connect(address, security: .none)
            members[edge] = member
        }
        let (all, services) = (members, participants)
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            defer { group.cancelAll() }
            for member in [core] + all.values {
                group.addTask {
                    try await member.bus.run()
                    return nil
                }
                group.addTask {
                    try await member.dataSync.run()
                    return nil
                }
            }
            for participant in services {
                group.addTask {
                    try await participant.run()
                    return nil
                }
            }
            group.addTask {
                try await coordinator.run()
                return nil
            }
            group.addTask { try await body(core.bus, all) }
            while let result = try await group.next() { if let result { return result } }
            throw CancellationError()
        }
    }

    /// Applies the job and waits for its end.
    static func train(_ bus: Bus, _ document: String) async throws -> TrainingJobStatus {
        _ = try await bus.call(
            ResourceContract.apply(.trainingJob), ApplyRequest(text: document, source: "test.yaml"))
        return try await end(bus)
    }

    /// Waits for the job's end.
    static func end(_ bus: Bus, _ job: String = "points") async throws -> TrainingJobStatus {
        let stream = try await bus.stream(ResourceContract.watch(.trainingJob), ResourceName(name: job))
        for try await record in stream {
            let status = try record.body.status.decoded(as: TrainingJobStatus.self)
            if status.phase.isTerminal { return status }
        }
        throw CancellationError()
    }

    /// Data sets from memory.
    struct Data: DatasetProvider {
        let sets: [String: LabelledData]

        init(_ sets: [String: LabelledData]) { self.sets = sets }

        func load(_ name: Name) async throws -> LabelledData {
            guard let data = sets[name.text] else { throw Failure(code: "not-found", message: "no data set '\(name)'") }
            return data
        }

        func forget() async {}
    }
}

extension PlacementRequest {
    /// As placement's rules would have it, were gathering always cheaper.
    fileprivate var type: TrainingType {
        if let declaredType { return declaredType }
        if dataset == nil { return .reinforcement }
        if hasBaseModel == true { return .transfer }
        return mayMove == true && isSharingForbidden != true ? .centralised : .federated
    }
}

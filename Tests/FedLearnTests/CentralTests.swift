import Contracts
import Core
import DataSync
import Datasets
import MessageBus
import NeuralNet
import Tensor
import TestKit
import Testing

@testable import FedLearn

/// Jobs whose data comes to the core.
@Suite struct CentralTests {
    private static func text(_ rounds: Int, minimum: Int = 3, type: String? = "centralised", sync: String? = nil)
        -> String
    {
        Federation.document(rounds: rounds, deadline: 120, minimum: minimum)
            .replacing("\n  strategy: {kind: fedavg}", with: "")
            + (type.map { "\n  trainingType: \($0)" } ?? "") + (sync.map { "\n  sync: \($0)" } ?? "") + "\n"
    }

    /// Each round's model is what training on everybody's data, in the order of names, comes to.
    private static func models(_ data: [Name: LabelledData], rounds: Int) throws -> [Tensor] {
        let parts = data.sorted { $0.key < $1.key }.map(\.value)
        let all = try LabelledData(
            features: parts.flatMap(\.features), labels: parts.flatMap(\.labels), featureCount: 8, classCount: 3)
        var network = try Network(units: [8, 200, 3], seed: 3)
        for round in 1...rounds {
            try network.train(
                on: all,
                options: TrainingOptions(
                    epochs: 2, batchSize: 10, optimizer: MomentumSGD(learningRate: 0.1, momentum: 0.9), seed: 3,
                    streams: ["\(round)", "core"]))
        }
        return network.parameters.map(\.tensor)
    }

    private static func model(_ status: TrainingJobStatus, _ bus: Bus) async throws -> [Tensor] {
        let transfer = ModelTransfer(bus: bus, trace: .none)
        return try await transfer.read(try await transfer.manifest(try #require(status.rounds.last).manifest))
    }

    @Test func theCoreTrainsOnWhatTheEdgesLetItHave() async throws {
        let federation = try Federation()
        let (status, model) = try await federation.run(sharing: Set(federation.edges)) { bus, members in
            let status = try await Federation.train(bus, Self.text(3))
            // The data is nowhere but where it was.
            let held = try await bus.call(DataSyncContract.references, ReferencesRequest(prefix: "fedlearn/")).body
            #expect(held.references.allSatisfy { $0.hasSuffix("/global") })
            for member in members.values {
                while try await !member.dataSync.references(prefix: "fedlearn").isEmpty {
                    try await Task.sleep(for: .milliseconds(2))
                }
            }
            return (status, try await Self.model(status, bus))
        }
        #expect(status.trainingType == .centralised)
        #expect(model == (try Self.models(federation.data, rounds: 3)))
        #expect(status.rounds.map(\.contributors.count) == [3, 3, 3])
        // It moves once.
        #expect(status.rounds[0].bytesFromEdges > 0 && status.rounds[1...].allSatisfy { $0.bytesFromEdges == 0 })
        #expect(try #require(status.rounds.last?.accuracy) > 0.6)
    }

    @Test func whoKeepsItsDataIsLeftOutByName() async throws {
        let federation = try Federation()
        let sharing = Set(federation.edges.prefix(2))
        let (status, model) = try await federation.run(sharing: sharing) { bus, _ in
            let status = try await Federation.train(bus, Self.text(2, minimum: 2))
            return (status, try await Self.model(status, bus))
        }
        #expect(model == (try Self.models(federation.data.filter { sharing.contains($0.key) }, rounds: 2)))
        let absent = try #require(status.rounds.last).absent
        #expect(
            absent.map(\.edge.text) == ["edge-3"]
                && absent[0].reason.contains("data set 'test/points/points' does not leave it: it stays"))
    }

    /// Nothing was gathered, and the job says whose word that is, until an edge lets it have the data.
    @Test func aJobWaitsForConsent() async throws {
        let federation = try Federation()
        let waiting = try await federation.run { (bus: Bus, _) -> TrainingJobStatus in
            _ = try await bus.call(
                ResourceContract.apply(.trainingJob), ApplyRequest(text: Self.text(2), source: "test.yaml"))
            for try await record in try await bus.stream(
                ResourceContract.watch(.trainingJob), ResourceName(name: "points"))
            {
                let status = try record.body.status.decoded(as: TrainingJobStatus.self)
                if status.conditions.contains(where: { $0.reason == "no-data" }) { return status }
            }
            throw CancellationError()
        }
        #expect(waiting.completedRounds == 0 && !waiting.phase.isTerminal)
        #expect(
            waiting.conditions.contains {
                $0.message.contains("edge-1: data set 'test/points/points' does not leave it")
            })
        let status = try await federation.run(sharing: Set(federation.edges)) { bus, _ in try await Federation.end(bus)
        }
        #expect(status.phase == .succeeded && status.completedRounds == 2)
    }

    @Test func aJobGoesOnWhereItWasStopped() async throws {
        let whole = try Federation()
        let expected = try await whole.run(sharing: Set(whole.edges)) { bus, _ in
            try await Federation.train(bus, Self.text(4))
        }
        let stopped = try Federation()
        _ = try await stopped.run(sharing: Set(stopped.edges)) { bus, _ in
            _ = try await bus.call(
                ResourceContract.apply(.trainingJob), ApplyRequest(text: Self.text(4), source: "test.yaml"))
            for try await record in try await bus.stream(
                ResourceContract.watch(.trainingJob), ResourceName(name: "points"))
            {
                if try record.body.status.decoded(as: TrainingJobStatus.self).completedRounds >= 1 { return true }
            }
            throw CancellationError()
        }
        // The edges would not give it again: what was gathered is there.
        let status = try await stopped.run { bus, _ in try await Federation.end(bus) }
        #expect(status.rounds.map(\.manifest) == expected.rounds.map(\.manifest))
        #expect(status.totals.edges == expected.totals.edges && status.totals.edges.count == 3)
    }

    /// Left open, the type follows from what may move; it is named once, and explained.
    @Test(arguments: [true, false]) func theTypeFollowsFromWhatMayMove(isForbidden: Bool) async throws {
        let federation = try Federation()
        let sharing = isForbidden ? Set(federation.edges.dropFirst()) : Set(federation.edges)
        let status = try await federation.run(sharing: sharing) { bus, _ in
            bus.handle(SyncPolicyContract.exists) { (_: Inbound<PolicyName>) -> PolicyExistence in
                PolicyExistence(exists: true, known: [])
            }
            return try await Federation.train(bus, Self.text(2, type: nil, sync: "open"))
        }
        #expect(status.trainingType == (isForbidden ? .federated : .centralised))
        #expect(status.phase == .succeeded && status.rounds.allSatisfy { $0.contributors.count == 3 })
    }

    /// An edge that offers what is no data is left out by name, and nothing of it stays.
    @Test func whatIsNoDataIsLeftOut() async throws {
        let federation = try Federation()
        let liar = try #require(federation.edges.last)
        for (samples, label, words) in [
            (10, Float(7), "has label 7.0"), (1 << 40, 0, "offers 1099511627776 samples"), (11, 0, "wrong-shape"),
        ] {
            let play: @Sendable (Federation.Member) -> Void = { member in
                member.bus.handle(FedLearnContract.gather) { (request: Inbound<GatherOrder>) -> GatherOffer in
                    let order = request.body
                    let summary = try await ModelTransfer(bus: member.bus, trace: .none).publish(
                        [try Tensor(zeros: [10, 8]), try Tensor([Float](repeating: label, count: 10), shape: [10])],
                        as: order.tensors(samples: 10), reference: "fedlearn/\(order.reference.jobUID)/data",
                        tags: order.tags)
                    return GatherOffer(manifest: summary.digest, samples: samples)
                }
                member.bus.handle(FedLearnContract.abandon) { (_: Inbound<RoundReference>) -> Empty in Empty() }
            }
            let fresh = try Federation(data: federation.data, test: federation.test)
            let status = try await fresh.run(impostors: [liar: play], sharing: Set(fresh.edges)) { bus, _ in
                try await Federation.train(bus, Self.text(1, minimum: 2))
            }
            let absent = try #require(status.rounds.last).absent
            #expect(absent.map(\.edge) == [liar])
            #expect(words == "wrong-shape" || absent[0].reason.contains(words), "\(absent)")
        }
    }

    @Test(arguments: [
        ("strategy: {kind: fedavg}", "spec.strategy must be left out of a centralised job"),
        ("compression: {kind: int8}", "spec.compression must be left out of a centralised job"),
        ("transfer: {base: a/b/1}", "spec.transfer makes it a 'transfer' job"),
    ]) func whatOnlyUpdatesHaveIsRefused(field: String, words: String) {
        #expect {
            try TrainingJobDocument.read(Self.text(1) + "  \(field)\n", source: "job.yaml")
        } throws: { "\($0)".contains(words) }
    }
}

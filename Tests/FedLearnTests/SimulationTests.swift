import Contracts
import Core
import DataSync
import Datasets
import Foundation
import MessageBus
import NeuralNet
import Synchronization
import Tensor
import Testing

@testable import FedLearn

/// Jobs with simulated clients.
@Suite struct SimulationTests {
    /// What all edges have, and whose samples are which.
    private static func pooled(_ federation: Federation) throws -> (LabelledData, [[Int]]) {
        var (features, labels, shares) = ([Float](), [Int32](), [[Int]]())
        for edge in 1...federation.data.count {
            let data = try #require(federation.data[try Name("edge-\(edge)")])
            shares.append(Array(labels.count..<labels.count + data.count))
            features += data.features
            labels += data.labels
        }
        return (try LabelledData(features: features, labels: labels, featureCount: 8, classCount: 3), shares)
    }

    /// The reported rounds of a simulation.
    private final class Rounds: Sendable {
        private let all = Mutex<[Simulation.Round]>([])

        var value: [Simulation.Round] { all.withLock { $0 } }

        func add(_ event: Simulation.Event) {
            if case .finished(let round) = event { all.withLock { $0.append(round) } }
        }
    }

    @Test(arguments: [
        ("fedavg", nil, "none"), ("fedadam", nil, "fp16"), ("fedprox, mu: 0.5", nil, "none"),
        ("qfedavg, lipschitz: 1", nil, "int8"), ("median", nil, "bfloat16"), ("krum", nil, "top-k, fraction: 0.3"),
        ("fedavgm", "[dense0]", "int8"), ("fedavg", "[dense1.weight]", "top-k, fraction: 0.5"),
        ("scaffold", nil, "none"), ("scaffold, learningRate: 0.8", "[dense1]", "none"),
    ])
    func itComesToThePlatformsModels(strategy: String, personal: String?, compression: String) async throws {
        let federation = try Federation(edges: 5)
        let text = Federation.document(
            rounds: 3, deadline: 120, minimum: 5, learningRate: 0.05, strategy: strategy, personal: personal,
            compression: compression
        ).replacing(
            "batchSize: 10", with: strategy.hasPrefix("scaffold") ? "momentum: 0, batchSize: 10" : "batchSize: 10")
        let (status, values) = try await federation.run { bus, _ in
            let status = try await Federation.train(bus, text)
            let digest = try #require(status.rounds.last?.manifest)
            let manifest = try await bus.call(DataSyncContract.manifest, ManifestRequest(digest: digest)).body
            return (status, try await ModelTransfer(bus: bus, trace: .none).read(manifest).flatMap(\.values))
        }
        let (data, shares) = try Self.pooled(federation)
        let rounds = Rounds()
        let model = try await Simulation(job: text, source: "job.yaml").run(
            on: data, shares: shares, test: federation.test, settings: .init(threads: 2)
        ) { rounds.add($0) }
        #expect(model.flatMap(\.tensor.values) == values)
        #expect(rounds.value.map(\.accuracy) == status.rounds.map(\.accuracy))
        #expect(rounds.value.map(\.samples) == [600, 600, 600])
    }

    @Test func aSampleIsDrawnInEachRoundAndThreadsChangeNothing() async throws {
        let (data, shares) = try Self.pooled(try Federation(edges: 6))
        let simulation = try Simulation(job: Federation.document(rounds: 6), source: "job.yaml")
        func run(threads: Int) async throws -> ([NamedTensor], [Simulation.Round]) {
            let rounds = Rounds()
            let model = try await simulation.run(
                on: data, shares: shares, settings: .init(clientsPerRound: 2, threads: threads)
            ) { rounds.add($0) }
            return (model, rounds.value)
        }
        let (one, three) = (try await run(threads: 1), try await run(threads: 3))
        #expect(one.0.flatMap(\.tensor.values) == three.0.flatMap(\.tensor.values))
        #expect(one.1.map(\.samples) == three.1.map(\.samples))
        #expect(one.1.allSatisfy { $0.clients == 2 && $0.accuracy == nil })
        // Clients have different amounts: other samples are other clients.
        #expect(Set(one.1.map(\.samples)).count > 2)
    }

    /// One client's features are so large that its training diverges, or its update does not belong to the others'.
    @Test(arguments: [(1e6, "training diverged"), (10, "its update is ")])
    func whatBelongsToNoneIsLeftOutByName(factor: Float, reason: String) async throws {
        let federation = try Federation(edges: 4)
        var (data, shares) = try Self.pooled(federation)
        var features = data.features
        for sample in shares[3] { for value in 0..<8 { features[sample * 8 + value] *= factor } }
        data = try LabelledData(features: features, labels: data.labels, featureCount: 8, classCount: 3)
        func run(minimum: Int) async throws -> [Simulation.Round] {
            let rounds = Rounds()
            let text = Federation.document(rounds: 1, minimum: minimum, learningRate: 0.01).replacingOccurrences(
                of: "clients: {", with: "clients: {maximumNormRatio: 2, ")
            _ = try await Simulation(job: text, source: "job.yaml").run(on: data, shares: shares) { rounds.add($0) }
            return rounds.value
        }
        let round = try #require(try await run(minimum: 3).first)
        #expect(round.clients == 3 && Array(round.excluded.keys) == ["edge-4"], "\(round)")
        #expect(round.excluded["edge-4"]?.contains(reason) == true, "\(round)")
        await #expect {
            try await run(minimum: 4)
        } throws: { error in
            (error as? FedLearnError)?.message.contains("edge-4: ") == true
        }
    }

    @Test func whatCannotBeSimulatedIsSaid() async throws {
        let (data, shares) = try Self.pooled(try Federation())
        func message(_ text: String, _ settings: Simulation.Settings = .init()) async -> String {
            do {
                _ = try await Simulation(job: text, source: "job.yaml").run(
                    on: data, shares: shares, settings: settings)
                return ""
            } catch { return "\(error)" }
        }
        let few = await message(Federation.document(rounds: 1, minimum: 4))
        #expect(few.contains("spec.clients.minimum is 4"))
        let shape = await message(
            Federation.document(rounds: 1).replacingOccurrences(of: "features: 8", with: "features: 9"))
        #expect(shape.contains("spec.data.features: 9"))
        let place = await message(Federation.document(rounds: 1), .init(directory: "/nowhere"))
        #expect(place.contains("/nowhere") && place.contains("TMPDIR"))
        let syntax = await message("kind: Nonsense")
        #expect(syntax.contains("job.yaml"))
    }
}

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

/// Which edges a round asks.
@Suite struct SelectionTests {
    private static func text(_ rounds: Int, _ clients: String, deadline: Double = 120) -> String {
        Federation.document(rounds: rounds, deadline: deadline).replacing(
            "clients: {minimum: 1}", with: "clients: {\(clients)}")
    }

    private static func spec(_ clients: String) throws -> TrainingJobSpec {
        try TrainingJobDocument.read(text(1, clients), source: "job.yaml").spec
    }

    /// A fraction of the edges, others each round, and the same as the simulation draws.
    @Test func aFractionIsDrawnAnewEachRound() async throws {
        let federation = try Federation(edges: 5)
        let text = Self.text(6, "minimum: 1, fraction: 0.4")
        let (status, values) = try await federation.run { bus, _ in
            let status = try await Federation.train(bus, text)
            let digest = try #require(status.rounds.last?.manifest)
            let manifest = try await bus.call(DataSyncContract.manifest, ManifestRequest(digest: digest)).body
            return (status, try await ModelTransfer(bus: bus, trace: .none).read(manifest).flatMap(\.values))
        }
        #expect(status.rounds.allSatisfy { $0.contributors.count == 2 && $0.absent.isEmpty })
        #expect(Set(status.rounds.map { $0.contributors.map(\.edge) }).count > 2)
        var (features, labels, shares) = ([Float](), [Int32](), [[Int]]())
        for edge in federation.edges {
            let data = try #require(federation.data[edge])
            shares.append(Array(labels.count..<labels.count + data.count))
            features += data.features
            labels += data.labels
        }
        let pooled = try LabelledData(features: features, labels: labels, featureCount: 8, classCount: 3)
        let model = try await Simulation(job: text, source: "job.yaml").run(on: pooled, shares: shares) { _ in }
        #expect(model.flatMap(\.tensor.values) == values)
    }

    /// Over many rounds every edge is asked about equally often.
    @Test func everyEdgeIsAsLikely() throws {
        let spec = try Self.spec("fraction: 0.25")
        let edges = try (0..<40).map { try Name("edge-\($0)") }
        var counts: [Name: Int] = [:]
        for round in 1...2000 {
            let drawn = spec.drawn(from: edges.shuffled(), round: round)
            #expect(drawn.count == 10 && drawn == drawn.sorted() && drawn == spec.drawn(from: edges, round: round))
            for edge in drawn { counts[edge, default: 0] += 1 }
        }
        // 500 each, and a deviation of 19.
        #expect(edges.allSatisfy { (400...600).contains(counts[$0, default: 0]) })
    }

    @Test func whatIsAskedAndWhatIsEnoughGoTogether() throws {
        #expect(try Self.spec("minimum: 3, fraction: 0.1").wantedClients(of: 10) == 3)
        #expect(try Self.spec("fraction: 0.3").wantedClients(of: 10) == 3)
        #expect(try Self.spec("fraction: 1").wantedClients(of: 7) == 7)
        let overselecting = try Self.spec("fraction: 0.1, overselect: 1.3")
        let edges = try (0..<100).map { try Name("edge-\($0)") }
        #expect(overselecting.drawn(from: edges, round: 1).count == 13)
        #expect(overselecting.enoughUpdates(of: 13) == 10)
        #expect(try Self.spec("maximum: 10, overselect: 1.25").maximumEdges == 13)
        #expect(try Self.spec("maximum: 10").maximumEdges == 10)
    }

    /// An edge that never answers holds no round up when the others are enough; the deadline is hours away.
    @Test func aRoundClosesOnceEnoughHaveCome() async throws {
        let federation = try Federation(edges: 4)
        let stalled = try #require(federation.edges.last)
        let play: @Sendable (Federation.Member) -> Void = { member in
            member.bus.handle(FedLearnContract.train) { (_: Inbound<TrainOrder>) in TrainAcceptance(samples: 10) }
            member.bus.handle(FedLearnContract.abandon) { (_: Inbound<RoundReference>) -> Empty in Empty() }
        }
        let status = try await federation.run(impostors: [stalled: play]) { bus, _ in
            try await Federation.train(
                bus, Self.text(3, "minimum: 2, fraction: 0.75, overselect: 1.3", deadline: 80_000))
        }
        #expect(status.phase == .succeeded)
        #expect(
            status.rounds.allSatisfy { $0.contributors.count >= 3 && !$0.contributors.contains { $0.edge == stalled } })
        #expect(
            status.rounds.allSatisfy {
                $0.absent.map(\.edge) == [stalled] && $0.absent[0].reason.contains("are enough")
            })
    }

    @Test(arguments: [
        ("fraction: 0", "spec.clients.fraction must be above 0 and at most 1"),
        ("overselect: 1.3", "spec.clients.overselect needs fraction or maximum"),
        ("maximum: 3, overselect: 0.5", "spec.clients.overselect must be above 1 and at most 10"),
    ]) func mistakesAreNamed(clients: String, words: String) {
        #expect { try Self.spec(clients) } throws: { "\($0)".contains(words) && "\($0)".contains("job.yaml:") }
    }
}

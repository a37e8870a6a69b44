import Contracts
import Core
import MessageBus
import Tensor
import Testing

@testable import FedLearn

/// Private means, alone and in whole rounds.
@Suite struct PrivateRoundsTests {
    private static func mean(
        _ updates: [[Float]], base: [Float], clip: Double, noise: Double, asked: Int, kept: Set<Int> = []
    ) async throws -> [Float] {
        let shelf = ModelShelf(shapes: [[base.count]], shardValues: 1000)
        var spec = TrainingJobSpec(
            model: ModelSpec(kind: .softmax), data: DataSpec(dataset: try Name("x"), features: 1, classes: 2), rounds: 1
        )
        spec.privacy = PrivacySpec(clip: clip, noise: noise)
        var aggregator = Aggregator(
            strategy: try StrategyCatalogue.standard.strategy(of: spec), read: { try shelf.read($0) })
        aggregator.exclude(as: spec, asked: asked)
        // Unequal samples: none weighs more for them.
        let counted = try updates.indices.map {
            try ModelShelf.update($0 + 1, samples: 1 + 100 * $0, steps: 1, baseLoss: nil)
        }
        return try await aggregator.aggregate(
            Aggregator.Round(
                updates: counted, manifests: try updates.map { try shelf.store($0) }, base: try shelf.store(base),
                kept: kept)
        ).model[0].values.map { $0 }
    }

    @Test func longUpdatesAreShortenedAndAllWeighTheSame() async throws {
        let base: [Float] = [1, 2, 3, 4]
        // Changes of lengths 5, 1 and 1000, of four that were asked.
        let updates: [[Float]] = [[4, 6, 3, 4], [1, 2, 3, 5], [1001, 2, 3, 4]]
        let model = try await Self.mean(updates, base: base, clip: 2, noise: 0, asked: 4)
        let expected: [Float] = [1 + (3 * 2 / 5 + 2) / 4, 2 + (4 * 2 / 5) / 4, 3, 4.25]
        for (value, right) in zip(model, expected) { #expect(abs(value - right) < 1e-5, "\(model)") }
    }

    /// Each within 5 of its own standard deviations.
    @Test func theMeanHasTheNoiseOfTheSumOverAllThatWereAsked() async throws {
        let count = 20_000
        let base = [Float](repeating: 1, count: count)
        let model = try await Self.mean([base, base], base: base, clip: 3, noise: 2, asked: 5)
        let deviation = 3.0 * 2 / 5
        let mean = model.reduce(0) { $0 + Double($1) - 1 } / Double(count)
        let square = model.reduce(0) { $0 + (Double($1) - 1) * (Double($1) - 1) } / Double(count)
        #expect(abs(mean) < 5 * deviation / Double(count).squareRoot())
        #expect(abs(square / (deviation * deviation) - 1) < 5 * (2 / Double(count)).squareRoot())
        let again = try await Self.mean([base, base], base: base, clip: 3, noise: 2, asked: 5)
        #expect(again != model)
    }

    @Test func whatStaysAtTheEdgesGetsNoNoise() async throws {
        let base = [Float](repeating: 1, count: 50)
        let model = try await Self.mean([base, base], base: base, clip: 1, noise: 1, asked: 2, kept: [0])
        #expect(model == base)
    }

    @Test(arguments: ["fedavg", "fedadam, learningRate: 0.02"]) func aJobTellsWhatItSpent(strategy: String) async throws
    {
        let privacy = PrivacySpec(clip: 1, noise: 0.5)
        let text =
            Federation.document(rounds: 3, deadline: 120, minimum: 3, strategy: strategy)
            + "\n  privacy: {clip: 1, noise: 0.5, maximumEpsilon: 50}"
        let (status, described) = try await Federation().run { bus, _ in
            let status = try await Federation.train(bus, text)
            let told = try await bus.call(ResourceContract.describe(.trainingJob), ResourceName(name: "points")).body
            return (status, told.text)
        }
        #expect(status.phase == .succeeded, "\(status.conditions)")
        #expect(status.rounds.map(\.privacy?.epsilon) == (1...3).map { privacy.epsilon(rounds: $0) })
        #expect(status.rounds.allSatisfy { $0.contributors.count == 3 })
        #expect(described.contains("Privacy:     clip 1, noise 0.5; spent ε "), "\(described)")
    }

    @Test func whatIsAffordableIsFound() {
        var spec = PrivacySpec(clip: 1, noise: 5, maximumEpsilon: 4)
        let most = spec.affordableRounds(of: 1000) ?? -1
        #expect(most > 1 && spec.epsilon(rounds: most) <= 4 && spec.epsilon(rounds: most + 1) > 4)
        #expect(spec.affordableRounds(of: most) == nil)
        spec.noise = 0.1
        #expect(spec.affordableRounds(of: 10) == 0)
        spec.maximumEpsilon = nil
        #expect(spec.affordableRounds(of: 1_000_000) == nil)
    }

    @Test(arguments: [
        ("clip: 0, noise: 1", "fedavg", "spec.privacy.clip must be above 0"),
        ("clip: 1, noise: 0", "fedavg", "spec.privacy.noise must be 0.01 to"),
        ("clip: 1, noise: 1, delta: 1", "fedavg", "spec.privacy.delta must be above 0 and below 1"),
        ("clip: 1, noise: 1, maximumEpsilon: 0", "fedavg", "spec.privacy.maximumEpsilon must be above 0"),
        ("clip: 1, noise: 1, maximumEpsilon: 8", "fedavg", "3 rounds spend ε"),
        ("clip: 1", "fedavg", "noise"),
        ("clip: 1, noise: 1", "krum", "'krum' needs more of the updates than their mean"),
        ("clip: 1, noise: 1", "qfedavg", "take one of fedadagrad, fedadam, fedavg, fedavgm, fedprox, fedyogi"),
    ])
    func whatCannotBePrivateIsRefused(privacy: String, strategy: String, message: String) {
        let text =
            Federation.document(rounds: 3, minimum: 11, strategy: strategy) + "\n  privacy: {\(privacy)}"
        do {
            _ = try TrainingJobDocument.read(text, source: "job.yaml")
            Issue.record("\(privacy) with \(strategy) was taken")
        } catch { #expect("\(error)".contains(message) && "\(error)".contains("job.yaml:"), "\(error)") }
    }
}

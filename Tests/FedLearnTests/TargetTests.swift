import Contracts
import Core
import Datasets
import MessageBus
import NeuralNet
import Tensor
import TestKit
import Testing

@testable import FedLearn

/// Jobs that end when they are good enough, and rates that change from round to round.
@Suite struct TargetTests {
    private static func text(_ rounds: Int, target: String? = nil, schedule: String? = nil, type: String? = nil)
        -> String
    {
        var text = Federation.document(rounds: rounds, deadline: 120, minimum: 3)
        if let schedule { text = text.replacing("localEpochs: 2", with: "localEpochs: 2, schedule: \(schedule)") }
        if let type { text = text.replacing("\n  strategy: {kind: fedavg}", with: "\n  trainingType: \(type)") }
        return text + (target.map { "\n  target: \($0)\n" } ?? "\n")
    }

    @Test func aJobEndsWithTheFirstRoundThatIsGoodEnough() async throws {
        try await Federation().run { (bus: Bus, _) async throws -> Void in
            let all = try await Federation.train(bus, Self.text(6))
            let accuracies = try all.rounds.map { try #require($0.accuracy) }
            let first = try #require(accuracies.firstIndex { $0 >= accuracies[2] })
            _ = try await bus.call(ResourceContract.delete(.trainingJob), ResourceName(name: "points"))
            let status = try await Federation.train(bus, Self.text(6, target: "{accuracy: \(accuracies[2])}"))
            #expect(status.phase == .succeeded && status.completedRounds == first + 1)
            #expect(status.rounds.map(\.manifest) == all.rounds.prefix(first + 1).map(\.manifest))
            #expect(
                status.conditions.contains {
                    $0.message.contains("target is reached in round \(first + 1) of at most 6")
                })
            // Asked for more than it can reach, it goes on to the end.
            let rest = try await Federation.train(bus, Self.text(6, target: "{accuracy: 1, loss: 0.0001}"))
            #expect(rest.completedRounds == 6 && rest.rounds.map(\.manifest) == all.rounds.map(\.manifest))
        }
    }

    private static let schedules: [(schedule: String, factors: [Double])] = [
        ("{kind: step, every: 2, factor: 0.1}", [1, 1, 0.1, 0.1]),
        ("{kind: constant, warmUp: 3}", [1 / 3, 2 / 3, 1, 1]),
        ("{kind: cosine, floor: 0.2}", [1, 0.8828427, 0.6, 0.3171573]),
    ]

    /// The same as training with each round's own rate.
    @Test(arguments: schedules)
    func ratesFollowTheSchedule(schedule: String, factors: [Double]) async throws {
        let federation = try Federation()
        let model = try await federation.run(sharing: Set(federation.edges)) { bus, _ in
            let status = try await Federation.train(bus, Self.text(4, schedule: schedule, type: "centralised"))
            let transfer = ModelTransfer(bus: bus, trace: .none)
            return try await transfer.read(try await transfer.manifest(try #require(status.rounds.last).manifest))
        }
        let parts = federation.data.sorted { $0.key < $1.key }.map(\.value)
        let data = try LabelledData(
            features: parts.flatMap(\.features), labels: parts.flatMap(\.labels), featureCount: 8, classCount: 3)
        var network = try Network(units: [8, 200, 3], seed: 3)
        for (index, factor) in factors.enumerated() {
            try network.train(
                on: data,
                options: TrainingOptions(
                    epochs: 2, batchSize: 10, optimizer: MomentumSGD(learningRate: Float(0.1 * factor), momentum: 0.9),
                    seed: 3, streams: ["\(index + 1)", "core"]))
        }
        for (mine, theirs) in zip(model, network.parameters) {
            #expect(zip(mine.values, theirs.tensor.values).allSatisfy { abs($0 - $1) < 1e-4 })
        }
        // Edges are told the same rates.
        let spec = try TrainingJobDocument.read(Self.text(4, schedule: schedule), source: "job.yaml").spec
        for (index, factor) in factors.enumerated() {
            #expect(abs(spec.optimizer(round: index + 1).rate - 0.1 * factor) < 1e-6)
        }
    }

    private static let mistakes: [(target: String?, schedule: String?, words: String)] = [
        ("{}", nil, "spec.target must name accuracy or loss"),
        ("{accuracy: 97}", nil, "must be above 0 and at most 1, not 97"),
        (nil, "{kind: cosine, every: 3}", "spec.optimizer.schedule.every must be left out unless kind is step"),
        (nil, "{kind: step, factor: 2}", "spec.optimizer.schedule.factor must be above 0 and at most 1"),
    ]

    @Test(arguments: mistakes)
    func mistakesAreNamed(target: String?, schedule: String?, words: String) {
        #expect {
            try TrainingJobDocument.read(Self.text(1, target: target, schedule: schedule), source: "job.yaml")
        } throws: { "\($0)".contains(words) && "\($0)".contains("job.yaml:") }
    }

    @Test func aPolicyIsGoodEnoughByItsReturn() throws {
        let text = PolicyRoundsTests.document(rounds: 3)
        let spec = try TrainingJobDocument.read(
            text + "\n  target: {meanReturn: 0.5}\n", source: "job.yaml"
        ).spec
        var round = RoundSummary(
            round: 1, model: "a/b/1", manifest: try #require(Digest(hex: String(repeating: "0", count: 64))),
            contributors: [], absent: [], accuracy: nil, loss: nil, seconds: 1, bytesToEdges: 0, bytesFromEdges: 0)
        #expect(!spec.isMet(by: round))
        round.meanReturn = 0.49
        #expect(!spec.isMet(by: round))
        round.meanReturn = 0.5
        #expect(spec.isMet(by: round))
        #expect { try TrainingJobDocument.read(text + "\n  target: {accuracy: 0.5}\n", source: "job.yaml") } throws: {
            "\($0)".contains("spec.target must name meanReturn, and nothing else")
        }
    }

    @Test func aTargetNeedsDataToBeJudgedOn() {
        let text = Self.text(1, target: "{accuracy: 0.5}").replacing("  evaluation: {dataset: test}\n", with: "")
        #expect { try TrainingJobDocument.read(text, source: "job.yaml") } throws: {
            "\($0)".contains("spec.target needs spec.evaluation.dataset")
        }
    }
}

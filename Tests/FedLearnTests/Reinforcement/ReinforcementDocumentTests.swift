import Contracts
import Core
import Foundation
import Testing

@testable import FedLearn

/// What a job with an environment may say.
@Suite struct ReinforcementDocumentTests {
    private func read(_ text: String) throws -> TrainingJobDocument {
        try TrainingJobDocument.read(text, source: "job.yaml")
    }

    @Test func aJobHasAnEnvironmentOrData() throws {
        let document = try read(PolicyRoundsTests.document(rounds: 3))
        #expect(document.spec.data == nil && document.spec.environment?.kind == .gridWorld)
        #expect(try document.spec.architecture.tensors.map(\.shape) == [[9, 12], [12], [12, 5], [5]])
        // What is stored and shown can be read again.
        let stored: TrainingJobDocument = try decode(try encode(document))
        #expect(stored == document)
        let typed = PolicyRoundsTests.document(rounds: 3).replacingOccurrences(
            of: "spec:", with: "spec:\n  trainingType: reinforcement")
        #expect(try read(typed).spec.trainingType == .reinforcement)
    }

    @Test func policiesDescendByAdamUnlessToldOtherwise() throws {
        let text = PolicyRoundsTests.document(rounds: 3)
        let standard = try read(text).spec.localOptimizer
        #expect(standard.summary == "Adam, rate 0.003" && standard.epochs == 6 && standard.batch == 128)
        func optimizer(_ words: String) throws -> OptimizerSpec {
            try read(text.replacingOccurrences(of: "  rounds:", with: "  optimizer: {\(words)}\n  rounds:"))
                .spec.localOptimizer
        }
        #expect(try optimizer("kind: sgd, momentum: 0.5").summary == "momentum SGD, rate 0.05, momentum 0.5")
        #expect(try optimizer("learningRate: 0.01, localEpochs: 2").summary == "Adam, rate 0.01")
        #expect(throws: FedLearnError.self) { try optimizer("momentum: 0.5") }
        #expect(try read(Federation.document(rounds: 1)).spec.localOptimizer.epochs == 2)
    }

    @Test(arguments: [
        ("spec:", "spec:\n  trainingType: federated", "but spec.environment makes it a 'reinforcement' job"),
        ("  rounds:", "  data: {dataset: points, features: 8, classes: 3}\n  rounds:", "spec.data must be left out"),
        ("  rounds:", "  evaluation: {dataset: test}\n  rounds:", "spec.evaluation must be left out"),
        (
            "{kind: perceptron, hidden: [12], personal: []}", "{kind: external}",
            "spec.model.kind must be softmax or perceptron"
        ),
        (
            "{kind: perceptron, hidden: [12], personal: []}", "{kind: lenet-5}",
            "spec.model.kind must be softmax or perceptron"
        ),
        ("kind: gridworld", "kind: gridwrld", "did you mean 'gridworld'?"),
        ("kind: gridworld", "kind: cartpole", "spec.environment.map must be left out for cartpole"),
        ("\"#..\"", "\"###\"", "spec.environment.map must have a way from 'S' to 'G'"),
        ("maximumSteps: 40", "maximumSteps: 0", "spec.environment.maximumSteps must be 1 to 100000"),
        ("slip: 0.0", "slip: 1.5", "spec.environment.slip must be 0 to 1"),
        ("slip: 0.0", "slip: .nan", "spec.environment.slip must be 0 to 1"),
        ("slip: 0.0", "goalReward: .inf", "spec.environment.goalReward must be -1000000 to 1000000"),
        ("slip: 0.0", "slp: 0", "did you mean 'slip'?"),
        ("steps: 120", "steps: 0", "spec.reinforcement.steps must be 1 to 1000000"),
        ("steps: 120", "steps: 121", "spec.reinforcement.steps must be a multiple of the 3 environments"),
        ("environments: 3", "environments: 0", "spec.reinforcement.environments must be 1 to 1024"),
        ("environments: 3", "environments: 3, discount: 1", "spec.reinforcement.discount must be 0.0 to 0.9999"),
        ("environments: 3", "environments: 3, lambda: -1", "spec.reinforcement.lambda must be"),
        ("environments: 3", "environments: 3, clip: 0", "spec.reinforcement.clip must be"),
        ("environments: 3", "environments: 3, entropy: .nan", "spec.reinforcement.entropy must be"),
        ("environments: 3", "environments: 3, valueWeight: -1", "spec.reinforcement.valueWeight must be"),
        ("environments: 3", "environments: 3, maximumGradientNorm: 0", "spec.reinforcement.maximumGradientNorm must"),
        ("evaluationEpisodes: 12", "evaluationEpisodes: 0", "spec.reinforcement.evaluationEpisodes must be"),
        ("kind: fedavg", "kind: qfedavg", "spec.strategy.kind 'qfedavg' goes by the edges' losses"),
    ])
    func aBadValueIsNamedWithItsRange(old: String, new: String, message: String) throws {
        let text = PolicyRoundsTests.document(rounds: 3)
        #expect(text.contains(old))
        #expect {
            try read(text.replacingOccurrences(of: old, with: new))
        } throws: {
            #expect("\($0)".contains(message), "\($0)")
            return true
        }
    }

    @Test func aJobWithoutAnEnvironmentSaysNothingOfActing() throws {
        let text = Federation.document(rounds: 3)
        for (old, new, message) in [
            (
                "  rounds:", "  reinforcement: {steps: 8}\n  rounds:",
                "spec.reinforcement must be left out for a job without"
            ),
            ("  data: {dataset: points, features: 8, classes: 3}\n", "", "spec.data must be given for a job without"),
            ("spec:", "spec:\n  trainingType: reinforcement", "a reinforcement job needs spec.environment"),
        ] {
            #expect(text.contains(old))
            #expect {
                try read(text.replacingOccurrences(of: old, with: new))
            } throws: {
                #expect("\($0)".contains(message), "\($0)")
                return true
            }
        }
    }

    @Test func whatAnEdgeWouldKeepIsBounded() throws {
        let row = String(repeating: ".", count: 60)
        let rows = ["S" + row] + (0..<60).map { _ in "." + row } + [row + "G"]
        let map = rows.map { "\"\($0)\"" }.joined(separator: ", ")
        let text = PolicyRoundsTests.document(rounds: 1).replacingOccurrences(of: "S.., \"#..\", G..", with: map)
        #expect(try read(text).spec.features == 62 * 61)
        #expect {
            try read(text.replacingOccurrences(of: "steps: 120", with: "steps: 30000"))
        } throws: {
            "\($0)".contains("the most an edge keeps is 67108864")
        }
    }
}

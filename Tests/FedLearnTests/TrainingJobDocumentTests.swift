import Contracts
import Core
import Foundation
import Testing
import YAMLKit

@testable import FedLearn

@Suite struct TrainingJobDocumentTests {
    private func read(_ text: String) throws -> TrainingJobDocument {
        try TrainingJobDocument.read(text, source: "job.yaml", firstLine: 11)
    }

    @Test func aGoodDocumentPasses() throws {
        #expect(try read(Federation.document(rounds: 3)).spec.rounds == 3)
    }

    @Test func everyValueAtFaultIsToldWithItsLine() throws {
        let text = Federation.document(rounds: 3)
            .replacingOccurrences(of: "gedge/v1", with: "gedge/v2")
            .replacingOccurrences(of: "learningRate: 0.1", with: "learningRate: .nan")
        func line(of value: String) throws -> Int {
            11 + (try #require(text.components(separatedBy: "\n").firstIndex { $0.contains(value) }))
        }
        let (version, rate) = (try line(of: "gedge/v2"), try line(of: ".nan"))
        let told = #expect(throws: FedLearnError.self) { try read(text) }.map { "\($0)" } ?? ""
        #expect(told.contains("job.yaml:\(version):13: apiVersion must be 'gedge/v1', not 'gedge/v2'"), "\(told)")
        #expect(told.contains("job.yaml:\(rate):"), "\(told)")
        #expect(told.contains("spec.optimizer.learningRate must be above 0 and at most 100, not nan"), "\(told)")
    }

    @Test(arguments: [
        ("rounds: 3", "rounds: 0", "spec.rounds must be 1 to 100000, not 0"),
        ("features: 8", "features: 0", "spec.data.features"), ("classes: 3", "classes: 1", "spec.data.classes"),
        ("hidden: [200]", "hidden: []", "spec.model.hidden must be 1 to 32"),
        ("kind: perceptron", "kind: softmax", "left out for a softmax"),
        ("learningRate: 0.1", "learningRate: -1", "spec.optimizer.learningRate"),
        ("batchSize: 10", "batchSize: 0", "spec.optimizer.batchSize"),
        ("localEpochs: 2", "localEpochs: 0", "localEpochs"),
        ("minimum: 1", "minimum: 0", "spec.clients.minimum"),
        ("roundDeadlineSeconds: 20.0", "roundDeadlineSeconds: 0", "spec.roundDeadlineSeconds"),
        ("rounds: 3", "rounds: 3\n  trainingType: transfer", "spec.trainingType must be 'federated'"),
        ("hidden: [200]", "hidden: [65536, 65536]", "parameters"), ("gedge/v1", "gedge/v2", "apiVersion must be"),
    ])
    func aBadValueIsNamedWithItsRange(old: String, new: String, message: String) throws {
        let text = Federation.document(rounds: 3)
        #expect(text.contains(old))
        #expect { try read(text.replacingOccurrences(of: old, with: new)) } throws: { "\($0)".contains(message) }
    }

    @Test func whatThePlatformWroteIsReadAndDropped() throws {
        let text = Federation.document(rounds: 3)
        let written =
            text.replacingOccurrences(of: "name: points}", with: "name: points, created: 5, uid: abc}")
            + "\nstatus: {phase: Running}"
        #expect(try read(written) == read(text))
    }

    @Test func everyFieldIsDocumented() throws {
        for field in ["spec.rounds", "spec.optimizer", "spec.clients.minimum", "metadata.group"] {
            #expect(try JobDocumentation.text(for: field.split(separator: ".").map(String.init)).contains(field))
        }
        #expect(throws: FedLearnError.self) { try JobDocumentation.text(for: ["spec", "ruonds"]) }
    }
}

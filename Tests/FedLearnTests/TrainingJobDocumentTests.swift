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
        (
            "rounds: 3", "rounds: 3\n  trainingType: transfer",
            "spec.trainingType is 'transfer', but a transfer job needs"
        ),
        ("hidden: [200]", "hidden: [65536, 65536]", "parameters"), ("gedge/v1", "gedge/v2", "apiVersion must be"),
        ("kind: fedavg", "kind: fedadm", "spec.strategy.kind names no strategy: 'fedadm'; did you mean 'fedadam'?"),
        (
            "kind: fedavg", "kind: fedadam, beta3: 0.5",
            "spec.strategy.beta3 is no field of strategy 'fedadam'; did you mean"
        ),
        (
            "kind: fedavg", "kind: fedavg, mu: 1",
            "spec.strategy.mu is no field of strategy 'fedavg'; the known fields are kind"
        ),
        ("kind: fedavg", "kind: fedadam, beta1: 1", "spec.strategy.beta1 must be 0 to 0.9999, not 1"),
        ("kind: fedavg", "kind: fedadam, tau: 0", "spec.strategy.tau must be above 0"),
        ("kind: fedavg", "kind: fedadam, tau: much", "tau"),
        ("kind: fedavg", "kind: krum, byzantine: 1.5", "spec.strategy.byzantine must be a whole number 0 to"),
        ("kind: fedavg", "kind: krum", "spec.clients.minimum must be at least 5, the fewest that strategy 'krum'"),
        ("kind: fedavg", "kind: bulyan, byzantine: 2", "spec.clients.minimum must be at least 11"),
        ("kind: fedavg", "name: fedavg", "kind"),
        ("minimum: 1", "minimum: 1, maximumSamples: 0", "spec.clients.maximumSamples must be at least 1"),
        ("minimum: 1", "minimum: 1, maximumNormRatio: 1", "spec.clients.maximumNormRatio must be above 1"),
        ("rounds: 3", "rounds: 3\n  compression: {kind: int4}", "spec.compression.kind"),
        (
            "rounds: 3", "rounds: 3\n  compression: {kind: top-k, fraction: 0}",
            "spec.compression.fraction must be above 0"
        ),
        ("rounds: 3", "rounds: 3\n  compression: {kind: int8, fraction: 0.1}", "must be left out unless kind is top-k"),
        ("rounds: 3", "rounds: 3\n  placement: {select: {-zone: a}}", "spec.placement.select must be labels that"),
        ("rounds: 3", "rounds: 3\n  placement: {prefer: {zone: a b}}", "the value of label 'zone' must be empty or"),
        (
            "rounds: 3", "rounds: 3\n  placement: {spread: {label: UP/zone, most: 1}}",
            "before the slash of label 'UP/zone'"
        ),
    ])
    func aBadValueIsNamedWithItsRange(old: String, new: String, message: String) throws {
        let text = Federation.document(rounds: 3)
        #expect(text.contains(old))
        #expect { try read(text.replacingOccurrences(of: old, with: new)) } throws: { "\($0)".contains(message) }
    }

    @Test func modelsOfLayersAreReadAndWrongOnesAreNamed() throws {
        func text(_ model: String, features: Int = 64) -> String {
            Federation.document(rounds: 3)
                .replacingOccurrences(of: "{kind: perceptron, hidden: [200]}", with: model)
                .replacingOccurrences(of: "features: 8", with: "features: \(features)")
        }
        let small = """
            {kind: layers, layers: [{kind: convolution, outputs: 4, kernel: 3, bias: false}, {kind: batch-norm}, \
            {kind: relu}, {kind: residual, body: [{kind: convolution, outputs: 4, kernel: 3, padding: 1}]}, \
            {kind: flatten}, {kind: dense, outputs: 3}]}
            """
        let names = try read(text(small)).spec.architecture.tensors.map(\.name)
        #expect(names.first == "0.weight" && names.contains("3.body.0.bias") && names.last == "5.bias")
        #expect(try read(text("{kind: lenet-5}", features: 784)).spec.architecture.parameterCount == 61_111)
        #expect(try read(text("{kind: resnet-20}", features: 3072)).spec.architecture.tensors.count == 21 + 21 * 4 + 2)
        #expect(try read(text("{kind: resnet-20, input: [2, 6, 5]}", features: 60)).spec.model.input == [2, 6, 5])
        for (model, message) in [
            ("{kind: lenet5x}", "did you mean 'lenet-5'?"),
            ("{kind: lenet-5}", "spec.model: lenet-5 cannot take samples of shape [1, 8, 8]"),
            ("{kind: lenet-5, hidden: [3]}", "spec.model.hidden must be left out"),
            ("{kind: softmax, input: [64]}", "spec.model.input must be left out"),
            ("{kind: layers}", "spec.model.layers must be 1 to 1000 layers, not 0"),
            ("{kind: resnet-20, input: [1, 8, 9]}", "does not have the 64 values"),
            (small.replacingOccurrences(of: "outputs: 3}", with: "outputs: 4}"), "4 outputs, but the data has 3"),
            (small.replacingOccurrences(of: "{kind: relu}", with: "{kind: relux}"), "did you mean 'relu'?"),
            (
                small.replacingOccurrences(of: "{kind: relu}", with: "{kind: relu, rate: 1}"),
                "layers[2]: a layer of kind"
            ),
            (small.replacingOccurrences(of: "padding: 1}]", with: "pading: 1}]"), "did you mean 'padding'?"),
            (
                small.replacingOccurrences(
                    of: "outputs: 4, kernel: 3, padding: 1", with: "outputs: 5, kernel: 3, padding: 1"),
                "must be of one shape"
            ),
        ] {
            #expect {
                try read(text(model))
            } throws: {
                #expect("\($0)".contains(message), "\($0)")
                return true
            }
        }
        let adam = Federation.document(rounds: 3).replacingOccurrences(of: "{learningRate: 0.1", with: "{kind: adam")
        #expect(try read(adam).spec.optimizer?.summary == "Adam, rate 0.001")
        let wrong = adam.replacingOccurrences(of: "kind: adam", with: "kind: adam, momentum: 0.5")
        #expect { try read(wrong) } throws: { "\($0)".contains("spec.optimizer.momentum must be left out") }
    }

    @Test func whatThePlatformWroteIsReadAndDropped() throws {
        let text = Federation.document(rounds: 3)
        let written =
            text.replacingOccurrences(of: "name: points}", with: "name: points, created: 5, uid: abc}")
            + "\nstatus: {phase: Running}"
        #expect(try read(written) == read(text))
    }

    @Test func everyParameterOfEveryStrategyIsDocumented() throws {
        let text = try JobDocumentation.text(for: ["spec", "strategy"])
        for (kind, type) in StrategyCatalogue.standard.types {
            #expect(text.contains("spec.strategy.kind=\(kind)") && text.contains(type.summary))
            for parameter in type.parameters {
                #expect(text.contains("of \(kind): \(parameter.text)"), "\(kind).\(parameter.name)")
            }
        }
        #expect(
            try JobDocumentation.text(for: ["spec", "strategy", "tau"]).components(separatedBy: "default 0.001").count
                == 4)
    }

    /// What ships can be applied as it is.
    @Test func theExamplesAreGoodDocuments() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "../../examples")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "yaml" }
        #expect(files.count >= 3)
        for file in files {
            let document = try TrainingJobDocument.read(
                try String(contentsOf: file, encoding: .utf8), source: file.lastPathComponent)
            #expect(document.kind == "TrainingJob")
        }
    }

    @Test func everyFieldIsDocumented() throws {
        for field in [
            "spec.rounds", "spec.model.kind", "spec.model.layers.kernel", "spec.optimizer", "spec.clients.minimum",
            "metadata.group", "spec.environment.map", "spec.reinforcement.clip",
        ] {
            #expect(try JobDocumentation.text(for: field.split(separator: ".").map(String.init)).contains(field))
        }
        #expect(throws: FedLearnError.self) { try JobDocumentation.text(for: ["spec", "ruonds"]) }
    }
}

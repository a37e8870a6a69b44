import Contracts
import Core
import NeuralNet
import YAMLKit

extension TrainingJobDocument {
    /// What is wrong with `spec.model`, each with its place in `root`, which this document was read from.
    func modelFaults(in root: YAMLNode) -> [String] {
        let model = spec.model
        var faults: [String] = []
        func check(_ field: String, _ isValid: Bool, _ rule: String, _ value: String) {
            if !isValid { faults.append("\(root.location(of: field)): \(field) must be \(rule), not \(value)") }
        }
        let hidden = model.hidden ?? []
        let kind = model.kind.rawValue
        switch model.kind {
        case .softmax: check("spec.model.hidden", hidden.isEmpty, "left out for a softmax model", "\(hidden)")
        case .perceptron:
            check("spec.model.hidden", (1...32).contains(hidden.count), "1 to 32 layer widths", "\(hidden)")
            check(
                "spec.model.hidden", hidden.allSatisfy { (1...65_536).contains($0) }, "widths of 1 to 65536",
                "\(hidden)")
        case .leNet5, .resNet20, .mobileNetV2, .layers, .external:
            check("spec.model.hidden", hidden.isEmpty, "left out for a \(kind) model", "\(hidden)")
        }
        if model.kind == .softmax || model.kind == .perceptron {
            check("spec.model.input", model.input == nil, "left out for a \(kind) model", "\(model.input ?? [])")
        }
        if model.kind != .layers {
            check("spec.model.layers", model.layers == nil, "left out for a \(kind) model", "given")
        } else {
            let count = model.layers?.count ?? 0
            check("spec.model.layers", (1...1000).contains(count), "1 to 1000 layers", "\(count)")
        }
        guard faults.isEmpty, (1...1_000_000).contains(spec.features), (2...100_000).contains(spec.classes)
        else { return faults }
        do throws(NetworkError) {
            _ = try spec.architecture.tensors
        } catch { faults.append("\(root.location(of: "spec.model")): spec.model: \(error.message)") }
        return faults
    }
}

import Contracts
import Core
import YAMLKit

extension TrainingJobDocument {
    /// What is wrong with `spec.transfer` beside the rest, each with its place in `root`.
    func transferFaults(in root: YAMLNode) -> [String] {
        guard let transfer = spec.transfer else { return [] }
        var faults: [String] = []
        func fault(_ field: String, _ message: String) {
            faults.append("\(root.location(of: field)): \(field) \(message)")
        }
        if !ModelName.isValid(transfer.base) {
            fault("spec.transfer.base", "must be a model, such as demo/digits/20, not '\(transfer.base.prefix(60))'")
        }
        if spec.environment != nil { fault("spec.transfer", "must be left out for a job with spec.environment") }
        if spec.model.kind == .external {
            fault("spec.transfer", "must be left out for an external model, whose trainers say what it starts from")
        }
        return faults
    }

    /// What is wrong with `spec.transfer.frozen`, of a network that is sound otherwise.
    func frozenFaults(in root: YAMLNode) -> [String] {
        guard let frozen = spec.transfer?.frozen else { return [] }
        let field = "spec.transfer.frozen"
        func fault(_ message: String) -> String { "\(root.location(of: field)): \(field) \(message)" }
        do {
            let tensors = try spec.architecture.tensors
            let layers = Set(tensors.map { String($0.name.prefix { $0 != "." }) })
            var faults = frozen.filter { name in !tensors.contains { ModelSpec.names(name, $0.name) } }.map { name in
                fault(
                    "names no tensor or layer: '\(name.prefix(60))'"
                        + NearestName.hint(for: name, among: tensors.map(\.name) + layers, noun: "names"))
            }
            let indices = Set(spec.frozenIndices(of: tensors))
            if let both = spec.model.personalIndices(of: tensors).first(where: indices.contains) {
                faults.append(
                    fault("and spec.model.personal both name '\(tensors[both].name)'; a frozen tensor is nobody's own"))
            } else if spec.withheldIndices(of: tensors).count == tensors.count {
                faults.append(fault("leaves nothing to learn together"))
            }
            return faults
        } catch { return ["\(root.location(of: "spec.model")): \(error)"] }
    }
}

/// `{group}/{project}/{round}`.
enum ModelName {
    static func isValid(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, let round = Int(parts[2]), round > 0, "\(round)" == parts[2] else { return false }
        // `try?`: asks whether they are names.
        return parts[..<2].allSatisfy { (try? Name(String($0))) != nil }
    }
}

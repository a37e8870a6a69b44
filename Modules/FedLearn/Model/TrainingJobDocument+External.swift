import Contracts
import Core
import YAMLKit

extension TrainingJobDocument {
    /// What is said of an external model that only the platform's own have, each with its place in `root`.
    func externalFaults(in root: YAMLNode) -> [String] {
        let model = spec.model
        let given: [(field: String, isGiven: Bool)] = [
            ("spec.model.hidden", model.hidden != nil), ("spec.model.input", model.input != nil),
            ("spec.model.layers", model.layers != nil), ("spec.model.personal", model.personal != nil),
            ("spec.data.features", spec.data.map { $0.features != 0 } ?? false),
            ("spec.data.classes", spec.data.map { $0.classes != 0 } ?? false),
            ("spec.evaluation", spec.evaluation != nil),
        ]
        return given.filter(\.isGiven).map { field, _ in
            "\(root.location(of: field)): \(field) must be left out for an external model, which its trainers know and "
                + "judge"
        }
    }
}

import Contracts
import Core
import YAMLKit

extension TrainingJobDocument {
    /// What a job with control variates says that does not go with them, each with its place in `root`.
    func controlFaults(of strategy: String, in root: YAMLNode) -> [String] {
        let given: [(field: String, isGiven: Bool, reason: String)] = [
            (
                "spec.compression", spec.compression.map { $0.kind != .none } ?? false,
                "the core reads it from whole updates"
            ),
            ("spec.environment", spec.environment != nil, "it corrects steps on data"),
            ("spec.model.kind", spec.model.kind == .external, "a trainer's steps cannot be corrected"),
        ]
        return given.filter(\.isGiven).map { field, _, reason in
            "\(root.location(of: field)): \(field) does not go with strategy '\(strategy)': \(reason)"
        }
    }
}

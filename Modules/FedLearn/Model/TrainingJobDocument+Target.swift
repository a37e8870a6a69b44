import Contracts
import Core
import YAMLKit

extension TrainingJobDocument {
    /// What is wrong with `spec.target` and `spec.optimizer.schedule`, each with its place in `root`.
    func targetFaults(in root: YAMLNode) -> [String] {
        var faults: [String] = []
        func fault(_ field: String, _ message: String) {
            faults.append("\(root.location(of: field)): \(field) \(message)")
        }
        if let target = spec.target {
            if spec.environment != nil {
                if target.accuracy != nil || target.loss != nil || target.meanReturn == nil {
                    fault("spec.target", "must name meanReturn, and nothing else, for a job with spec.environment")
                }
            } else if target.meanReturn != nil {
                fault("spec.target.meanReturn", "must be left out for a job without spec.environment")
            } else if target.accuracy == nil, target.loss == nil {
                fault("spec.target", "must name accuracy or loss")
            }
            if let value = target.accuracy, !(value > 0 && value <= 1) {
                fault("spec.target.accuracy", "must be above 0 and at most 1, not \(value)")
            }
            if let value = target.loss, !(value > 0 && value.isFinite) {
                fault("spec.target.loss", "must be above 0, not \(value)")
            }
            if spec.evaluation == nil, spec.model.kind != .external, spec.environment == nil {
                fault("spec.target", "needs spec.evaluation.dataset, on which the models are judged")
            }
        }
        for (field, message) in spec.optimizer?.schedule?.faults ?? [] {
            fault("spec.optimizer.schedule.\(field)", message)
        }
        return faults
    }
}

import Contracts
import Core
import YAMLKit

extension TrainingJobDocument {
    /// What is wrong with a declared training type, with its place in `root`.
    func typeFaults(in root: YAMLNode) -> [String] {
        guard let type = spec.trainingType else { return [] }
        func fault(_ field: String, _ message: String) -> String { "\(root.location(of: field)): \(field) \(message)" }
        switch type {
        case .transfer:
            return spec.transfer != nil
                ? []
                : [
                    fault(
                        "spec.trainingType",
                        "is 'transfer', but a transfer job needs spec.transfer.base, the model to start from")
                ]
        case .reinforcement:
            return spec.environment != nil
                ? []
                : [
                    fault(
                        "spec.trainingType",
                        "is 'reinforcement', but a reinforcement job needs spec.environment to act in")
                ]
        case .federated, .centralised:
            if spec.environment != nil {
                return [
                    fault(
                        "spec.trainingType",
                        "is '\(type.rawValue)', but spec.environment makes it a 'reinforcement' job; leave one out")
                ]
            }
            if spec.transfer != nil {
                return [
                    fault(
                        "spec.trainingType",
                        "is '\(type.rawValue)', but spec.transfer makes it a 'transfer' job; leave one out")
                ]
            }
            return type == .centralised ? centralFaults(fault) : []
        }
    }

    /// What only updates of edges can have.
    private func centralFaults(_ fault: (String, String) -> String) -> [String] {
        let given: [(field: String, isGiven: Bool)] = [
            ("spec.strategy", spec.strategy != nil), ("spec.compression", spec.compression != nil),
            ("spec.privacy", spec.privacy != nil), ("spec.model.personal", spec.model.personal != nil),
            ("spec.clients.fraction", spec.clients?.fraction != nil),
            ("spec.clients.overselect", spec.clients?.overselect != nil),
            ("spec.clients.maximumSamples", spec.clients?.maximumSamples != nil),
            ("spec.clients.maximumNormRatio", spec.clients?.maximumNormRatio != nil),
        ]
        var faults = given.filter(\.isGiven).map {
            fault($0.field, "must be left out of a centralised job: the core trains, and no edge sends updates")
        }
        if spec.model.kind == .external {
            faults.append(
                fault("spec.model.kind", "must not be 'external' in a centralised job: its trainers are at edges"))
        }
        return faults
    }
}

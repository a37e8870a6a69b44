import Contracts

/// Names a job's training type and the rule that did.
///
/// The seeds' "Training Type Classifier": a static classification whose result decides what moves, the model or the data.
enum TrainingTypeClassifier {
    static func classify(_ request: PlacementRequest, sites: [Site]) -> (type: TrainingType, reason: String) {
        if let declared = request.declaredType {
            return (declared, "the job declares it")
        }
        let holders = sites.count { site in site.report.datasets.contains { $0.name == request.dataset } }
        return (
            .federated,
            "the data set '\(request.dataset)' lies at \(holders) edge\(holders == 1 ? "" : "s") and no rule allows it "
                + "to move, so the model does"
        )
    }
}

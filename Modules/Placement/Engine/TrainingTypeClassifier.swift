import Contracts

/// Names a job's training type and the rule that did.
///
/// The seeds' "Training Type Classifier": a static classification whose result decides what moves, the model or the data.
/// What the job declares wins; otherwise rules decide that are data (`TrainingTypeRules`). Pure.
package struct TrainingTypeClassifier: Sendable {
    private let rules: TrainingTypeRules

    package init(_ rules: TrainingTypeRules) { self.rules = rules }

    package func classify(_ facts: ClassifierFacts) -> Classification {
        if let declared = facts.declaredType {
            return Classification(
                type: declared, rule: "declared", reason: "the job declares it", weights: rules.weights(of: declared))
        }
        // The last rule has no conditions.
        let rule = rules.rules.first { facts.satisfies($0) } ?? rules.rules[rules.rules.count - 1]
        let fired = rule.conditions.map { facts.describe($0) }.joined(separator: ", ")
        return Classification(
            type: rule.type, rule: rule.name, reason: fired.isEmpty ? rule.reason : "\(rule.reason) (\(fired))",
            weights: rules.weights(of: rule.type))
    }
}

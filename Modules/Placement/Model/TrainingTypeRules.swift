package import Contracts

/// The classifier's rules, in the order in which they are asked, and the weights of every type.
package struct TrainingTypeRules: Sendable, Hashable {
    /// The first whose conditions hold names the type; the last has none.
    let rules: [TrainingTypeRule]
    let weights: [TrainingType: TypeWeights]

    /// - Precondition: the last rule has no conditions, and every type has weights; `init(json:)` sees to it.
    init(rules: [TrainingTypeRule], weights: [TrainingType: TypeWeights]) {
        precondition(rules.last?.conditions.isEmpty == true, "the classifier's last rule holds for every job")
        self.rules = rules
        self.weights = weights
    }

    /// What a type says of moving.
    package func weights(of type: TrainingType) -> TypeWeights {
        weights[type] ?? TypeWeights(model: 1, data: 1)
    }
}

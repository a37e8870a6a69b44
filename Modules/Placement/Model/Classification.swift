package import Contracts

/// A job's training type, the rule that named it, and what it says of moving.
package struct Classification: Sendable, Hashable {
    package var type: TrainingType
    /// The rule's name, or `declared`.
    package var rule: String
    /// Why, in words: the rule's own, and the facts that made it fire.
    package var reason: String
    package var weights: TypeWeights

    package var modelWeight: Double { weights.model }
    package var dataWeight: Double { weights.data }
}

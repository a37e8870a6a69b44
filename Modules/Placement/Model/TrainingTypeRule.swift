import Contracts

/// One rule of the classifier: it names its type when all of its conditions hold.
struct TrainingTypeRule: Sendable, Hashable {
    var name: String
    var type: TrainingType
    var conditions: [Condition]
    /// Why the type fits, as a part of a sentence.
    var reason: String

    struct Condition: Sendable, Hashable {
        var fact: Fact
        var comparison: Comparison
    }

    enum Comparison: Sendable, Hashable {
        case equals(Bool)
        case relation(Relation, Operand)
    }

    enum Relation: String, Sendable, Hashable, CaseIterable {
        case below, above, atLeast, atMost
    }

    enum Operand: Sendable, Hashable {
        case number(Double)
        case fact(Fact)
    }

    /// What a condition may speak of.
    enum Fact: String, Sendable, Hashable, CaseIterable {
        case isAtCore, mayMove, isSharingForbidden, hasEnvironment, hasBaseModel
        /// Edges that hold the data.
        case holders
        /// Where the data lies: the holders, and the core if it has some.
        case places
        case modelBytes, dataBytes, rounds
        /// What the rounds of a federated training move: the model to every place and back, each round.
        case roundBytes
        /// What gathering the data in the one place that has an even share of it moves.
        case gatherBytes

        /// Whether it is true or false rather than a number.
        var isTruth: Bool {
            switch self {
            case .isAtCore, .mayMove, .isSharingForbidden, .hasEnvironment, .hasBaseModel: true
            case .holders, .places, .modelBytes, .dataBytes, .rounds, .roundBytes, .gatherBytes: false
            }
        }
    }
}

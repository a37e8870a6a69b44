extension ClassifierFacts {
    func satisfies(_ rule: TrainingTypeRule) -> Bool { rule.conditions.allSatisfy(satisfies) }

    /// Whether a condition holds; one that speaks of what nobody knows does not.
    func satisfies(_ condition: TrainingTypeRule.Condition) -> Bool {
        switch condition.comparison {
        case .equals(let expected): return truth(of: condition.fact) == expected
        case .relation(let relation, let operand):
            guard let left = number(of: condition.fact), let right = number(of: operand) else { return false }
            switch relation {
            case .below: return left < right
            case .above: return left > right
            case .atLeast: return left >= right
            case .atMost: return left <= right
            }
        }
    }

    /// A condition that holds, with the fact's value.
    func describe(_ condition: TrainingTypeRule.Condition) -> String {
        let name = condition.fact.rawValue
        switch condition.comparison {
        case .equals(let expected): return "\(name) is \(expected)"
        case .relation(let relation, let operand):
            let value = Self.text(number(of: condition.fact))
            switch operand {
            case .number(let number): return "\(name) \(value) is \(relation.words) \(Self.text(number))"
            case .fact(let fact):
                return "\(name) \(value) is \(relation.words) \(fact.rawValue) \(Self.text(number(of: fact)))"
            }
        }
    }

    private func truth(of fact: TrainingTypeRule.Fact) -> Bool? {
        switch fact {
        case .isAtCore: isAtCore
        case .mayMove: mayMove
        case .isSharingForbidden: isSharingForbidden
        case .hasEnvironment: hasEnvironment
        case .hasBaseModel: hasBaseModel
        case .holders, .places, .modelBytes, .dataBytes, .rounds, .roundBytes, .gatherBytes: nil
        }
    }

    private var places: Double { Double(holders) + (isAtCore ? 1 : 0) }

    private func number(of fact: TrainingTypeRule.Fact) -> Double? {
        switch fact {
        case .isAtCore, .mayMove, .isSharingForbidden, .hasEnvironment, .hasBaseModel: return nil
        case .holders: return Double(holders)
        case .places: return places
        case .modelBytes: return modelBytes
        case .dataBytes: return dataBytes
        case .rounds: return rounds
        case .roundBytes:
            guard let modelBytes, let rounds else { return nil }
            return 2 * modelBytes * rounds * places
        case .gatherBytes:
            guard let dataBytes else { return nil }
            return places > 1 ? dataBytes * (1 - 1 / places) : 0
        }
    }

    private func number(of operand: TrainingTypeRule.Operand) -> Double? {
        switch operand {
        case .number(let number): number
        case .fact(let fact): number(of: fact)
        }
    }

    /// Whole numbers without a decimal point.
    private static func text(_ number: Double?) -> String {
        guard let number else { return "unknown" }
        return Int(exactly: number).map { "\($0)" } ?? "\(number)"
    }
}

extension TrainingTypeRule.Relation {
    fileprivate var words: String {
        switch self {
        case .below: "below"
        case .above: "above"
        case .atLeast: "at least"
        case .atMost: "at most"
        }
    }
}

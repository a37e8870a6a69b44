import Contracts

/// Reads the classifier's rules; see `docs/profiles.md` for the format.
struct TrainingTypeRulesReader {
    private(set) var rules: [TrainingTypeRule] = []
    private(set) var weights: [TrainingType: TypeWeights] = [:]

    mutating func read(_ cursor: inout JSONCursor) throws(PlacementError) {
        var found: Set<String> = []
        try cursor.object { (key, cursor) throws(PlacementError) in
            try Self.note(key, in: &found, cursor)
            switch key {
            case "format":
                let format = try cursor.string()
                guard format == TrainingTypeRules.format else {
                    throw cursor.invalid("'\(format)' is given; this program reads '\(TrainingTypeRules.format)'")
                }
            case "weights": try readWeights(&cursor)
            case "rules":
                try cursor.array { (_, cursor) throws(PlacementError) in
                    guard rules.count < TrainingTypeRules.maximumRules else {
                        throw cursor.invalid("there are more than \(TrainingTypeRules.maximumRules) rules")
                    }
                    rules.append(try rule(&cursor))
                }
            default: throw Self.unknown(key, of: ["format", "weights", "rules"], cursor)
            }
        }
        try Self.require(["format", "weights", "rules"], found, cursor)
        for type in TrainingType.allCases where weights[type] == nil {
            throw cursor.malformed("'weights' has no entry '\(type.rawValue)'")
        }
        guard rules.last?.conditions.isEmpty == true else {
            throw cursor.malformed("the last of 'rules' must have no conditions, so that every job has a type")
        }
    }

    private mutating func readWeights(_ cursor: inout JSONCursor) throws(PlacementError) {
        try cursor.object { (key, cursor) throws(PlacementError) in
            guard let type = TrainingType(rawValue: key) else {
                throw Self.unknown(key, of: TrainingType.allCases.map(\.rawValue), cursor)
            }
            guard weights[type] == nil else { throw cursor.malformed("it stands twice; keep one") }
            var found: Set<String> = []
            var pair = TypeWeights(model: 0, data: 0)
            try cursor.object { (key, cursor) throws(PlacementError) in
                try Self.note(key, in: &found, cursor)
                switch key {
                case "model": pair.model = try cursor.number(atLeast: 0)
                case "data": pair.data = try cursor.number(atLeast: 0)
                default: throw Self.unknown(key, of: ["model", "data"], cursor)
                }
            }
            try Self.require(["model", "data"], found, cursor)
            weights[type] = pair
        }
    }

    private func rule(_ cursor: inout JSONCursor) throws(PlacementError) -> TrainingTypeRule {
        var rule = TrainingTypeRule(name: "", type: .federated, conditions: [], reason: "")
        var found: Set<String> = []
        try cursor.object { (key, cursor) throws(PlacementError) in
            try Self.note(key, in: &found, cursor)
            switch key {
            case "name": rule.name = try cursor.string()
            case "type": rule.type = try cursor.word(TrainingType.self)
            case "reason": rule.reason = try cursor.string()
            case "when":
                try cursor.array { (_, cursor) throws(PlacementError) in
                    rule.conditions.append(try condition(&cursor))
                }
            default: throw Self.unknown(key, of: ["name", "type", "when", "reason"], cursor)
            }
        }
        try Self.require(["name", "type", "when", "reason"], found, cursor)
        guard !rule.name.isEmpty, !rule.reason.isEmpty else {
            throw cursor.invalid("a rule's name and reason say something")
        }
        guard !rules.contains(where: { $0.name == rule.name }) else {
            throw cursor.invalid("two rules have the name '\(rule.name)'")
        }
        if let earlier = rules.first(where: { Set($0.conditions).isSubset(of: rule.conditions) }) {
            throw cursor.invalid(
                "rule '\(rule.name)' is never reached: '\(earlier.name)' before it holds whenever it does")
        }
        return rule
    }

    private func condition(_ cursor: inout JSONCursor) throws(PlacementError) -> TrainingTypeRule.Condition {
        var found: Set<String> = []
        var fact: TrainingTypeRule.Fact?
        var comparison: TrainingTypeRule.Comparison?
        try cursor.object { (key, cursor) throws(PlacementError) in
            try Self.note(key, in: &found, cursor)
            if key == "fact" {
                fact = try cursor.word(TrainingTypeRule.Fact.self)
                return
            }
            let relation = TrainingTypeRule.Relation(rawValue: key)
            guard relation != nil || key == "is" else {
                throw Self.unknown(
                    key, of: ["fact", "is"] + TrainingTypeRule.Relation.allCases.map(\.rawValue), cursor)
            }
            guard comparison == nil else { throw cursor.malformed("a condition has one comparison; make two of it") }
            comparison =
                if let relation {
                    .relation(relation, try cursor.operand())
                } else { .equals(try cursor.truth()) }
        }
        guard let fact, let comparison else {
            throw cursor.malformed("a condition has a 'fact' and one comparison")
        }
        if case .equals = comparison, !fact.isTruth {
            throw cursor.invalid("'\(fact.rawValue)' is a number; compare it with below, above, atLeast or atMost")
        }
        if case .relation(_, let operand) = comparison {
            guard !fact.isTruth else {
                throw cursor.invalid("'\(fact.rawValue)' is true or false; compare it with 'is'")
            }
            if case .fact(let other) = operand, other.isTruth {
                throw cursor.invalid("'\(other.rawValue)' is true or false and no number to compare with")
            }
        }
        return TrainingTypeRule.Condition(fact: fact, comparison: comparison)
    }

    private static func note(
        _ key: String, in found: inout Set<String>, _ cursor: JSONCursor
    ) throws(PlacementError) {
        guard found.insert(key).inserted else { throw cursor.malformed("it stands twice; keep one") }
    }

    private static func unknown(_ key: String, of known: [String], _ cursor: JSONCursor) -> PlacementError {
        cursor.malformed("there is no field '\(key)' here; there are \(known.joined(separator: ", "))")
    }

    private static func require(
        _ names: [String], _ found: Set<String>, _ cursor: JSONCursor
    ) throws(PlacementError) {
        for name in names where !found.contains(name) { throw cursor.malformed("the field '\(name)' is missing") }
    }
}

extension JSONCursor {
    fileprivate mutating func truth() throws(PlacementError) -> Bool {
        if literal("true") { return true }
        if literal("false") { return false }
        throw malformed("true or false is expected")
    }

    /// A number, or the name of a fact.
    fileprivate mutating func operand() throws(PlacementError) -> TrainingTypeRule.Operand {
        isAtString ? .fact(try word(TrainingTypeRule.Fact.self)) : .number(try number())
    }
}

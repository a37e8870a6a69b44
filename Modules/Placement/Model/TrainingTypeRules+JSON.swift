import Contracts

extension TrainingTypeRules {
    static let format = "gedge-training-types/1"

    /// The most rules, and bytes, that a file may have.
    static let maximumRules = 256
    static let maximumBytes = 1 << 20

    /// The rules that come with the program.
    /// - Throws: `PlacementError` for a shipped file that is wrong, which the tests rule out.
    package static func shipped() throws(PlacementError) -> TrainingTypeRules {
        try TrainingTypeRules(json: PackageResources.training_types_json)
    }

    /// The rules of a file of an operator's, which replace the shipped ones.
    ///
    /// Strict: a field, fact or relation that is not known, a rule that can never be reached, a missing default and a type
    /// without weights are refused.
    /// - Throws: `PlacementError`, which names the field, the place in it and the remedy.
    package init(json bytes: [UInt8]) throws(PlacementError) {
        guard bytes.count <= Self.maximumBytes else {
            throw PlacementError(
                .malformed, "the rules have \(bytes.count) bytes; at most \(Self.maximumBytes) are read")
        }
        var cursor = JSONCursor(bytes)
        var reader = TrainingTypeRulesReader()
        try reader.read(&cursor)
        try cursor.end()
        self.init(rules: reader.rules, weights: reader.weights)
    }
}

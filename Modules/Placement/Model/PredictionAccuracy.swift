/// How good the predictions of one profile were.
package struct PredictionAccuracy: Sendable, Hashable {
    /// How many predictions were judged.
    package private(set) var count = 0
    private var errors = 0.0
    private var covered = 0

    /// Mean absolute error as a share of what happened; 0 before the first.
    package var meanError: Double { count == 0 ? 0 : errors / Double(count) }

    /// Share of what happened that lay within the 90 % interval; 0 before the first.
    package var coverage: Double { count == 0 ? 0 : Double(covered) / Double(count) }

    package init() {}

    package mutating func add(_ score: PredictionScore) {
        guard score.error.isFinite else { return }
        count += 1
        errors += score.error
        covered += score.isCovered ? 1 : 0
    }
}

package import Contracts

extension ProfileBook {
    /// What would have been predicted of a round that is over, beside what happened. Call before `add` of the same record, so
    /// that the prediction does not know it.
    /// - Returns: `nil` when nothing would have been predicted, or the record has a flaw.
    @discardableResult
    package mutating func score(_ record: RoundRecord, hardware: String) -> PredictionScore? {
        guard record.flaw == nil,
            let prediction = predict(record.workload, hardware: hardware, samples: record.samples)
        else { return nil }
        let score = PredictionScore(
            workload: record.workload, hardware: hardware, basis: prediction.basis.match.rawValue,
            samples: record.samples, predicted: prediction.seconds, low: prediction.low, high: prediction.high,
            actual: record.computeSeconds, time: record.time)
        restore(score)
        return score
    }

    /// Counts a score that was kept from an earlier time.
    package mutating func restore(_ score: PredictionScore) {
        let key = Key(workload: score.workload, hardware: score.hardware)
        guard judged[key] != nil || judged.count < limit else { return }
        judged[key, default: PredictionAccuracy()].add(score)
    }

    /// How good the predictions of a workload on a class of hardware were; `nil` before the first.
    package func accuracy(of workload: TrainingWorkload, hardware: String) -> PredictionAccuracy? {
        judged[Key(workload: workload, hardware: hardware)]
    }
}

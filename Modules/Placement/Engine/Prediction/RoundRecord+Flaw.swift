import Contracts

extension RoundRecord {
    /// What makes the record unfit to learn from; `nil` for a sound one.
    package var flaw: String? {
        let what = "round \(round) of job '\(job)' at '\(edge)'"
        func outside(_ name: String, _ value: Int, _ range: ClosedRange<Int>) -> String? {
            range.contains(value)
                ? nil : "\(what): \(name) is \(value), not within \(range.lowerBound) to \(range.upperBound)"
        }
        if let flaw = workload.flaw { return "\(what): \(flaw)" }
        if let flaw = outside("samples", samples, 1...1_000_000_000_000) { return flaw }
        guard computeSeconds >= 1e-7, computeSeconds <= 1e8 else {
            return "\(what): computeSeconds is \(computeSeconds), not within 1e-07 to 100000000.0"
        }
        guard totalSeconds >= 0, totalSeconds <= 1e8 else {
            return "\(what): totalSeconds is \(totalSeconds), not within 0.0 to 100000000.0"
        }
        if let flaw = outside("fetchedBytes", fetchedBytes, 0...Int.max) { return flaw }
        if let flaw = outside("sentBytes", sentBytes, 0...Int.max) { return flaw }
        guard jobUID.utf8.count <= 256 else { return "\(what): the job's identifier has more than 256 bytes" }
        return nil
    }
}

extension TrainingWorkload {
    /// What makes the workload one that nothing can be predicted for; `nil` for a sound one.
    package var flaw: String? {
        let numbers = [
            ("parameters", parameters), ("features", features), ("batchSize", batchSize), ("localEpochs", localEpochs),
        ]
        for (name, value) in numbers where !(1...1_000_000_000_000).contains(value) {
            return "\(name) is \(value), not within 1 to 1000000000000"
        }
        guard model.utf8.count <= 256, precision.utf8.count <= 256 else {
            return "the name of the model or precision has more than 256 bytes"
        }
        return nil
    }
}

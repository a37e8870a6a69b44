import Contracts
import Core

extension TrainingJobSpec {
    /// The steps that an edge takes in a round over so many samples.
    func steps(samples: Int) -> Int {
        let optimizer = localOptimizer
        return optimizer.epochs * max(1, (samples + optimizer.batch - 1) / optimizer.batch)
    }
}

extension Job {
    /// What an edge says of its update that cannot be so, in words; `nil` when it may all be true.
    ///
    /// What nobody but the edge knows, its loss say, it can still lie about.
    /// - Precondition: it claims a positive number of samples.
    func lie(in notice: UpdateNotice, from edge: Name, duties: ClientDuties) -> String? {
        if spec.environment != nil, let lie = actingLie(in: notice) { return lie }
        let terms = header.placement?.decisions.first { $0.edge == edge }?.terms
        if let declared = terms?.samples, notice.samples > declared {
            return
                "it claims \(notice.samples) samples, but its data set '\(spec.data.map { $0.dataset.text } ?? "")' has \(declared)"
        }
        if let most = spec.clients?.maximumSamples, notice.samples > most {
            return "it claims \(notice.samples) samples; spec.clients.maximumSamples is \(most)"
        }
        let most = spec.steps(samples: notice.samples)
        if let steps = notice.steps, !(1...most).contains(steps) {
            return "it claims \(steps) steps; \(notice.samples) samples make at most \(most)"
        }
        guard duties.reportsBaseLoss else { return nil }
        guard let loss = notice.baseLoss else { return "it does not say what loss the model it started from has" }
        return loss.isFinite && loss >= 0 ? nil : "it claims a loss of \(loss) of the model it started from"
    }
}

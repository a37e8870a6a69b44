import Contracts
import NeuralNet

extension TrainingJobSpec {
    /// The optimiser of one round, whose rate is what the schedule makes of it.
    /// - Parameter round: from 1.
    func optimizer(round: Int) -> OptimizerSpec {
        var own = localOptimizer
        guard let schedule = own.schedule else { return own }
        own.schedule = nil
        own.learningRate =
            own.rate * Double(schedule.rates(perRound: 1).factor(step: round - 1, stepsPerEpoch: 1, epochs: rounds))
        return own
    }

    /// Whether a round's model is as good as the job asks.
    func isMet(by round: RoundSummary) -> Bool {
        target.map { $0.isMet(accuracy: round.accuracy, loss: round.loss, meanReturn: round.meanReturn) } ?? false
    }
}

extension TargetSpec {
    /// Whether a model so judged is good enough.
    func isMet(accuracy: Double?, loss: Double?, meanReturn: Double?) -> Bool {
        if let least = self.accuracy, accuracy.map({ $0 < least }) ?? true { return false }
        if let most = self.loss, loss.map({ $0 > most }) ?? true { return false }
        if let least = self.meanReturn, meanReturn.map({ $0 < least }) ?? true { return false }
        return true
    }
}

extension ScheduleSpec {
    /// The same over steps.
    /// - Parameters:
    ///   - epochs: what a round counts as.
    ///   - steps: of a round.
    func rates(perRound epochs: Int, steps: Int = 1) -> LearningRateSchedule {
        let shape: LearningRateSchedule.Shape =
            switch kind {
            case .constant: .constant
            case .step: .step(epochs: (every ?? 10) * epochs, factor: Float(factor ?? 0.5))
            case .cosine: .cosine(floor: Float(floor ?? 0))
            }
        return LearningRateSchedule(shape, warmUp: (warmUp ?? 0) * steps)
    }

    /// What is wrong with it, as field and rule.
    var faults: [(field: String, message: String)] {
        var faults: [(String, String)] = []
        func check(_ field: String, _ isRight: Bool, _ message: String) {
            if !isRight { faults.append((field, message)) }
        }
        check("every", every == nil || kind == .step, "must be left out unless kind is step")
        check("factor", factor == nil || kind == .step, "must be left out unless kind is step")
        check("floor", floor == nil || kind == .cosine, "must be left out unless kind is cosine")
        if let every { check("every", (1...100_000).contains(every), "must be 1 to 100000, not \(every)") }
        if let factor { check("factor", factor > 0 && factor <= 1, "must be above 0 and at most 1, not \(factor)") }
        if let floor { check("floor", floor >= 0 && floor <= 1, "must be 0 to 1, not \(floor)") }
        if let warmUp { check("warmUp", (0...100_000).contains(warmUp), "must be 0 to 100000, not \(warmUp)") }
        return faults
    }

    /// Such as `cosine, 3 rounds of warm-up`.
    var summary: String {
        let shape =
            switch kind {
            case .constant: "constant"
            case .step: "times \(factor ?? 0.5) every \(every ?? 10) rounds"
            case .cosine: floor.map { "cosine to \($0) of it" } ?? "cosine"
            }
        return warmUp.map { "\(shape), \($0) rounds of warm-up" } ?? shape
    }
}

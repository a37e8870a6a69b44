import Contracts
import Core
import YAMLKit

extension TrainingJobDocument {
    /// What is wrong with what a reinforcement job says, or with what others say that only those may, each with its place in
    /// `root`.
    func reinforcementFaults(in root: YAMLNode) -> [String] {
        var faults: [String] = []
        func check(_ field: String, _ isValid: Bool, _ rule: String, _ value: any CustomStringConvertible) {
            if !isValid { faults.append("\(root.location(of: field)): \(field) must be \(rule), not \(value)") }
        }
        guard let environment = spec.environment else {
            check(
                "spec.reinforcement", spec.reinforcement == nil, "left out for a job without spec.environment", "given")
            if spec.data == nil {
                faults.append(
                    "\(root.location(of: "spec")): spec.data must be given for a job without spec.environment")
            }
            return faults
        }
        for (field, isGiven) in [("spec.data", spec.data != nil), ("spec.evaluation", spec.evaluation != nil)] {
            check(
                field, !isGiven, "left out for a job with spec.environment, in which it learns and is judged", "given")
        }
        check(
            "spec.model.kind", [.softmax, .perceptron].contains(spec.model.kind),
            "softmax or perceptron for a job with spec.environment", "'\(spec.model.kind.rawValue)'")
        environmentRules(environment, check)
        learningRules(spec.reinforcement ?? ReinforcementSpec(), check)
        guard faults.isEmpty else { return faults }
        do { _ = try environment.environment() } catch {
            return ["\(root.location(of: "spec.environment.map")): spec.environment.map \(error.message)"]
        }
        let values = (spec.reinforcement ?? ReinforcementSpec()).stepsPerRound * environment.observationCount
        if values > 1 << 26 {
            faults.append(
                "\(root.location(of: "spec.reinforcement")): spec.reinforcement.steps observe \(values) numbers a round; the "
                    + "most an edge keeps is \(1 << 26)")
        }
        return faults
    }

    private typealias Check = (String, Bool, String, any CustomStringConvertible) -> Void

    private func environmentRules(_ environment: EnvironmentSpec, _ check: Check) {
        if environment.kind != .gridWorld {
            let given: [(String, Bool)] = [
                ("map", environment.map != nil), ("stepReward", environment.stepReward != nil),
                ("goalReward", environment.goalReward != nil), ("slip", environment.slip != nil),
            ]
            for (field, isGiven) in given {
                check("spec.environment.\(field)", !isGiven, "left out for \(environment.kind.rawValue)", "given")
            }
        }
        if let value = environment.maximumSteps {
            check("spec.environment.maximumSteps", (1...100_000).contains(value), "1 to 100000", value)
        }
        for (field, value) in [("stepReward", environment.stepReward), ("goalReward", environment.goalReward)] {
            if let value { check("spec.environment.\(field)", abs(value) <= 1e6, "-1000000 to 1000000", value) }
        }
        if let value = environment.slip { check("spec.environment.slip", (0...1).contains(value), "0 to 1", value) }
    }

    private func learningRules(_ learning: ReinforcementSpec, _ check: Check) {
        let (steps, environments) = (learning.stepsPerRound, learning.sideBySide)
        check("spec.reinforcement.steps", (1...1_000_000).contains(steps), "1 to 1000000", steps)
        check("spec.reinforcement.environments", (1...1024).contains(environments), "1 to 1024", environments)
        if (1...1024).contains(environments) {
            check(
                "spec.reinforcement.steps", steps.isMultiple(of: environments),
                "a multiple of the \(environments) environments", steps)
        }
        let numbers: [(String, Double?, ClosedRange<Double>)] = [
            ("discount", learning.discount, 0...0.9999), ("lambda", learning.lambda, 0...1),
            ("clip", learning.clip, 0.001...10), ("entropy", learning.entropy, 0...10),
            ("valueWeight", learning.valueWeight, 0...100),
            ("maximumGradientNorm", learning.maximumGradientNorm, 1e-6...1e6),
        ]
        for (field, value, range) in numbers {
            guard let value else { continue }
            check(
                "spec.reinforcement.\(field)", range.contains(value), "\(range.lowerBound) to \(range.upperBound)",
                value)
        }
        if let value = learning.evaluationEpisodes {
            check("spec.reinforcement.evaluationEpisodes", (1...10_000).contains(value), "1 to 10000", value)
        }
    }
}

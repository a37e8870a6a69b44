import Contracts
import Placement

/// Errors of predictions, and of an alternative, over one kind of question.
struct Score {
    private let name: String
    private var errors: [Double] = []
    private var others: [Double] = []
    private var covered: [Bool] = []
    private var missing = 0

    init(_ name: String) { self.name = name }

    mutating func add(_ prediction: Prediction?, _ middle: RoundRecord, _ all: [RoundRecord], alternative: Double) {
        guard let prediction else {
            missing += 1
            return
        }
        errors.append(abs(prediction.seconds / middle.computeSeconds - 1))
        others.append(abs(alternative / middle.computeSeconds - 1))
        covered += all.map { prediction.low <= $0.computeSeconds && $0.computeSeconds <= prediction.high }
    }

    mutating func add(_ prediction: JobPrediction?, _ actual: Double, alternative: Double) {
        guard let prediction else {
            missing += 1
            return
        }
        errors.append(abs(prediction.seconds / actual - 1))
        others.append(abs(alternative / actual - 1))
        covered.append(prediction.low <= actual && actual <= prediction.high)
    }

    func report() {
        func line(_ variant: String, _ value: Double, _ unit: String) {
            print(
                #"{"benchmark":"placement.predict","variant":"\#(name), \#(variant)","value":\#(value),"unit":"\#(unit)"}"#
            )
        }
        guard !errors.isEmpty else { return }
        let count = Double(errors.count)
        let (error, other) = (errors.reduce(0, +) / count, others.reduce(0, +) / count)
        line("error", 100 * error, "%")
        line("error of input size times profile", 100 * other, "%")
        line("input size times profile to ours", other / error, "x")
        line("90 % interval covers", 100 * Double(covered.count { $0 }) / Double(covered.count), "%")
        line("not predicted", Double(missing), "rounds")
    }
}

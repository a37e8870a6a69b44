import Contracts

/// What the rounds of a job are drawn over.
enum PlotAxis: String, CaseIterable, Sendable {
    case rounds, seconds, bytes

    var title: String {
        switch self {
        case .rounds: "round"
        case .seconds: "seconds of training"
        case .bytes: "bytes moved, both ways"
        }
    }

    func text(_ value: Double) -> String {
        switch self {
        case .rounds: NumberText.grouped(Int(value))
        case .seconds: AxisTicks.text(value)
        case .bytes: NumberText.bytes(Int(value))
        }
    }
}

/// A job's rounds as points of curves.
struct LearningCurve: Sendable {
    struct Point: Sendable, Hashable {
        var round: Double
        /// Of all rounds up to this one.
        var seconds: Double
        var bytes: Double
        var accuracy: Double?
        var meanReturn: Double?
        /// On the evaluation data.
        var loss: Double?
        /// The edges' own, weighed by their samples.
        var trainingLoss: Double?

        func place(on axis: PlotAxis) -> Double {
            switch axis {
            case .rounds: round
            case .seconds: seconds
            case .bytes: bytes
            }
        }
    }

    let job: String
    private(set) var points: [Point] = []

    init(job: String) { self.job = job }

    mutating func add(_ round: RoundSummary) {
        let samples = round.contributors.reduce(0.0) { $0 + Double($1.samples) }
        let loss = round.contributors.reduce(0.0) { $0 + $1.loss * Double($1.samples) } / max(1, samples)
        points.append(
            Point(
                round: Double(round.round), seconds: (points.last?.seconds ?? 0) + round.seconds,
                bytes: (points.last?.bytes ?? 0) + Double(round.bytesToEdges) + Double(round.bytesFromEdges),
                accuracy: round.accuracy, meanReturn: round.meanReturn, loss: round.loss,
                trainingLoss: samples > 0 ? loss : nil))
    }
}

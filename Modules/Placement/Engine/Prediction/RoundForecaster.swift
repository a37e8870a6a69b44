import Contracts
import Core

/// Predicts what a round takes: from profiles where there are any, otherwise from what any machine can do.
struct RoundForecaster: Sendable {
    /// Six operations per number, sample and pass (forward, gradient of activations, gradient of weights; multiply and add
    /// each), at a speed that any processor of the last ten years has.
    private static let assumedSpeed = 2e9
    private static let assumedSecondsPerStep = 20e-6
    private static let assumedAggregation = 0.05

    private(set) var profiles = ProfileBook()
    private var overheads = OverheadBook()

    /// Learns from rounds that are over, and judges what would have been predicted of them.
    mutating func add(_ entries: [ProfileStorage.Entry]) -> [PredictionScore] {
        let scores = entries.compactMap { profiles.score($0.record, hardware: $0.hardware) }
        restore(entries)
        return scores
    }

    /// Learns from rounds of an earlier run of this program.
    mutating func restore(_ entries: [ProfileStorage.Entry], scores: [PredictionScore] = []) {
        profiles.add(entries.map { ($0.record, $0.hardware) })
        overheads.add(entries.map(\.record))
        for score in scores { profiles.restore(score) }
    }

    /// One round's training at an edge.
    /// - Parameter idleThreads: of the edge's hardware threads; with less than one, everything takes longer.
    func training(_ workload: TrainingWorkload, at site: Site, samples: Int, idleThreads: Double) -> Prediction {
        let slowdown = 1 / max(0.05, min(1, idleThreads))
        let hardware = site.report.hardware.profileClass
        guard var prediction = profiles.predict(workload, hardware: hardware, samples: samples) else {
            return Self.assumed(workload, samples: samples, slowdown: slowdown)
        }
        prediction.seconds *= slowdown
        prediction.low *= slowdown
        prediction.high *= slowdown
        if let accuracy = profiles.accuracy(of: workload, hardware: hardware), accuracy.count > 0 {
            let percent = (accuracy.meanError * 1000).rounded() / 10
            prediction.basis.reason += "; its training was predicted \(percent) % off over \(accuracy.count) rounds"
        }
        return prediction
    }

    private static func assumed(_ workload: TrainingWorkload, samples: Int, slowdown: Double) -> Prediction {
        let passes = Double(samples) * Double(workload.localEpochs)
        let steps = passes / Double(max(1, workload.batchSize))
        let seconds =
            (6 * passes * Double(workload.parameters) / assumedSpeed + steps * assumedSecondsPerStep) * slowdown
        return Prediction(
            seconds: seconds, low: seconds / 10, high: seconds * 10, bias: 1.4, noise: 0.1,
            basis: Prediction.Basis(match: .assumed, reason: "no run like it is known; 2 GFLOP/s assumed"), runs: 0)
    }

    /// What of a round at an edge is not training, moving the model and its update and waiting, with one standard deviation of it
    /// from round to round. `nil` before the first.
    func overhead(_ workload: TrainingWorkload, at edge: Name) -> (seconds: Double, deviation: Double)? {
        overheads.transfer(workload, at: edge)
    }

    /// Averaging, judging and committing, once a round.
    func aggregation(_ workload: TrainingWorkload) -> Double {
        overheads.aggregation(workload) ?? Self.assumedAggregation
    }
}

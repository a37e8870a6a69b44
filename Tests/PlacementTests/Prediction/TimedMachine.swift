import Contracts
import Core
import TestKit

/// A machine whose time of a round is known, to compare predictions with.
struct TimedMachine {
    var name = "fast"
    /// Seconds of a round, of a step, and of a number that a sample passes.
    var start = 0.01
    var step = 2e-5
    var arithmetic = 4e-10
    /// Standard deviation of the time, as a share.
    var noise = 0.02

    func seconds(_ workload: TrainingWorkload, _ samples: Int) -> Double {
        let steps = (samples + workload.batchSize - 1) / workload.batchSize
        let work = Double(workload.parameters) * arithmetic * Double(samples) + step * Double(steps)
        return start + Double(workload.localEpochs) * work
    }

    func record(
        _ workload: TrainingWorkload, _ samples: Int, round: Int, using generator: inout SeededGenerator
    ) throws -> RoundRecord {
        // The sum of twelve uniform numbers less six: as good as normal.
        let normal = (0..<12).reduce(-6.0) { sum, _ in sum + Double.random(in: 0..<1, using: &generator) }
        return try .make(
            workload, samples, seconds: seconds(workload, samples) * max(0.2, 1 + noise * normal), round: round)
    }
}

extension RoundRecord {
    static func make(
        _ workload: TrainingWorkload, _ samples: Int, seconds: Double, round: Int, job: String = "job",
        edge: String = "edge-1"
    ) throws -> RoundRecord {
        RoundRecord(
            jobUID: job, job: try Name("job"), round: round, edge: try Name(edge), workload: workload, samples: samples,
            computeSeconds: seconds, totalSeconds: seconds, fetchedBytes: 0, sentBytes: 0,
            time: Timestamp(milliseconds: Int64(round) * 1000))
    }
}

extension TrainingWorkload {
    static func make(
        _ parameters: Int = 50_000, model: String = "perceptron", precision: String = "float32", batch: Int = 32,
        epochs: Int = 1
    ) -> TrainingWorkload {
        TrainingWorkload(
            trainingType: .federated, model: model, parameters: parameters, precision: precision, features: 64,
            batchSize: batch, localEpochs: epochs)
    }
}

package import Contracts
package import Core

/// A prediction and what happened.
package struct PredictionScore: Codable, Sendable, Hashable {
    package var workload: TrainingWorkload
    /// The class of hardware of the edge.
    package var hardware: String
    /// `Prediction.Match`'s word for what the prediction rested on.
    package var basis: String
    package var samples: Int
    /// Seconds.
    package var predicted: Double
    package var low: Double
    package var high: Double
    package var actual: Double
    /// When the round was over.
    package var time: Timestamp

    /// How far the prediction was from what happened, as a share of what happened.
    package var error: Double { abs(predicted - actual) / actual }

    /// Whether what happened lay within the interval.
    package var isCovered: Bool { low <= actual && actual <= high }
}

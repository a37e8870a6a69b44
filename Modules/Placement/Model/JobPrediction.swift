package import Core

/// How long a whole federated job will take.
package struct JobPrediction: Sendable, Hashable {
    /// Expected, in seconds.
    package var seconds: Double
    /// The bounds of the 90 % interval, in seconds.
    package var low: Double
    package var high: Double
    /// One round, expected, in seconds: the slowest edge and the aggregation.
    package var roundSeconds: Double
    /// The edge that is expected to be the slowest.
    package var slowest: Name
}

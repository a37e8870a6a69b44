package import Core

/// What one edge does in each round of a federated job.
package struct RoundPart: Sendable, Hashable {
    package var edge: Name
    package var compute: Prediction
    /// Moving the model there and the update back, in seconds.
    package var transferSeconds: Double
    /// One standard deviation of that from round to round, in seconds.
    package var transferDeviation: Double

    package init(edge: Name, compute: Prediction, transferSeconds: Double, transferDeviation: Double = 0) {
        self.edge = edge
        self.compute = compute
        self.transferSeconds = transferSeconds
        self.transferDeviation = transferDeviation
    }
}

public import Datasets

/// A network that tells classes apart, whatever it is made of: a value with named parameters that trains and is judged.
public protocol Classifier: Sendable {
    /// The number of features a sample has.
    var featureCount: Int { get }
    /// The number of classes.
    var classCount: Int { get }
    /// How many numbers the parameters are.
    var parameterCount: Int { get }
    /// Everything that makes the network what it is, in a stable order, running statistics included.
    var parameters: [NamedTensor] { get }

    /// Replaces all parameters, or none.
    /// - Throws: `NetworkError.Kind.parameterMismatch` or `NetworkError.Kind.notFinite`.
    mutating func load(_ parameters: [NamedTensor]) throws(NetworkError)

    /// Trains by minibatch gradient descent on the mean cross-entropy.
    /// - Throws: `CancellationError` when `shouldStop` says so, which is asked before each step; `NetworkError`.
    @discardableResult
    mutating func train(
        on data: LabelledData, options: TrainingOptions, shouldStop: () -> Bool, progress: (TrainingProgress) -> Void
    ) throws -> TrainingReport

    /// Judges the network on `data`, in batches.
    /// - Throws: `CancellationError` when `shouldStop` says so, which is asked before each batch; `NetworkError`.
    func evaluate(on data: LabelledData, batchSize: Int, shouldStop: () -> Bool) throws -> Evaluation
}

import Core
public import Datasets
import Tensor

extension Network {
    /// Trains on `data` by minibatch gradient descent on the mean cross-entropy.
    ///
    /// Each epoch visits every sample once, in an order drawn from the options' seed and streams and the epoch. Velocities
    /// start at zero. The computation runs on the calling thread; give it one that may be busy for long.
    /// - Parameters:
    ///   - shouldStop: asked before each step.
    ///   - progress: called after each step.
    /// - Returns: what was done.
    /// - Throws: `CancellationError` when `shouldStop` says so; the network then holds the parameters after the last step.
    ///   `NetworkError` for unsuitable settings or data (nothing has changed then), or when the loss or a parameter is no
    ///   longer finite.
    @discardableResult
    public mutating func train(
        on data: LabelledData, options: TrainingOptions = TrainingOptions(), shouldStop: () -> Bool = { false },
        progress: (TrainingProgress) -> Void = { _ in }
    ) throws -> TrainingReport {
        try options.validate()
        try validate(data)
        let blas = try BLAS.shared()
        let capacity = min(options.batchSize, data.count)
        var workspace = try Workspace(units: units, capacity: capacity)
        var gradients = try Gradients(layers: layers, capacity: capacity)
        var velocities = try Velocities(layers: layers)
        let steps = (data.count + options.batchSize - 1) / options.batchSize
        var lossByEpoch: [Double] = []
        for epoch in 0..<options.epochs {
            var generator = SplitMix64(seed: options.seed, labels: options.streams + ["epoch", String(epoch)])
            let order = Permutation.random(of: data.count, using: &generator)
            var lossSum = 0.0
            for step in 0..<steps {
                if shouldStop() { throw CancellationError() }
                let start = step * options.batchSize
                let end = min(data.count, start + options.batchSize)
                let rows = gather(order[start..<end], of: data, into: &workspace)
                forward(&workspace, rows: rows, with: blas)
                lossSum += self.lossSum(workspace, rows: rows)
                guard lossSum.isFinite else { throw Self.diverged(options, epoch: epoch, step: step) }
                backward(workspace, rows: rows, into: &gradients, with: blas)
                velocities.step(&layers, gradients: gradients, optimizer: options.optimizer)
                progress(
                    TrainingProgress(
                        epoch: epoch, step: step + 1, stepsPerEpoch: steps, loss: lossSum / Double(end)))
            }
            lossByEpoch.append(lossSum / Double(data.count))
        }
        guard isFinite else { throw Self.diverged(options, epoch: options.epochs - 1, step: steps - 1) }
        return TrainingReport(samples: data.count, steps: steps * options.epochs, lossByEpoch: lossByEpoch)
    }

    private static func diverged(_ options: TrainingOptions, epoch: Int, step: Int) -> NetworkError {
        NetworkError(
            .diverged,
            "training diverged in epoch \(epoch), step \(step): the loss or a parameter is not finite any more; lower the "
                + "learning rate (now \(options.optimizer.learningRate)) or scale the features to about [0, 1]")
    }
}

public import Datasets
import Tensor

extension Network: Classifier {
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
        let names = parameters.map(\.name)
        let frozen = try options.frozenIndices(names, learned: Set(names))
        let corrections = try options.corrections(of: parameters.map { ($0.name, $0.tensor.shape) })
        // Of the layers before the first that learns, no gradient is needed.
        let first = (names.indices.first { !frozen.contains($0) } ?? 0) / 2
        let blas = try BLAS.shared()
        let capacity = min(options.batchSize, data.count)
        var workspace = try Workspace(units: units, capacity: capacity)
        var gradients = try Gradients(layers: layers, capacity: capacity)
        var state = try OptimizerState(
            options.optimizer,
            counts: parameters.enumerated().map { frozen.contains($0) ? 0 : $1.tensor.count })
        let anchor = options.proximal > 0 ? layers : []
        let loop = TrainingLoop(options: options, data: data)
        let report = try loop.run(shouldStop: shouldStop, progress: progress) { step in
            let rows = gather(step.samples, of: data, into: &workspace)
            forward(&workspace, rows: rows, with: blas)
            let loss = lossSum(workspace, rows: rows)
            guard loss.isFinite else { return loss }
            backward(workspace, rows: rows, downTo: first, into: &gradients, with: blas)
            gradients.pull(layers, towards: anchor, by: options.proximal)
            gradients.add(corrections)
            move(&state, along: gradients, factor: step.factor, without: frozen)
            return loss
        }
        guard isFinite else { throw loop.divergedAtTheEnd }
        return report
    }

    /// Takes the optimiser's next step.
    /// - Parameter frozen: the parameters that stay as they are, by their place.
    mutating func move(
        _ state: inout OptimizerState, along gradients: Gradients, factor: Float, without frozen: Set<Int> = []
    ) {
        state.beginStep(factor: factor)
        for index in layers.indices {
            if !frozen.contains(2 * index) {
                Self.move(&state, 2 * index, &layers[index].weight, gradients.weights[index], decays: true)
            }
            if !frozen.contains(2 * index + 1) {
                Self.move(&state, 2 * index + 1, &layers[index].bias, gradients.biases[index], decays: false)
            }
        }
    }

    private static func move(
        _ state: inout OptimizerState, _ index: Int, _ parameter: inout Tensor, _ gradient: Tensor, decays: Bool
    ) {
        parameter.withUnsafeMutableBufferPointer { values in
            gradient.withUnsafeBufferPointer { state.move(index, values, gradient: $0, decays: decays) }
        }
    }
}

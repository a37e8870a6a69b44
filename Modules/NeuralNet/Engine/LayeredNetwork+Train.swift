public import Datasets
import Tensor

extension LayeredNetwork: Classifier {
    /// Trains on `data` by minibatch gradient descent on the mean cross-entropy.
    ///
    /// As `Network.train`: the computation runs on the calling thread, and the optimiser begins anew. Decay is for the weights
    /// of convolutions and dense layers alone.
    /// - Throws: `CancellationError` when `shouldStop` says so; the network then holds the parameters after the last step.
    ///   `NetworkError` for unsuitable settings or data (nothing has changed then), when the loss or a parameter is no
    ///   longer finite, or when oneDNN is missing.
    @discardableResult
    public mutating func train(
        on data: LabelledData, options: TrainingOptions = TrainingOptions(), shouldStop: () -> Bool = { false },
        progress: (TrainingProgress) -> Void = { _ in }
    ) throws -> TrainingReport {
        try options.validate()
        try validate(data)
        let frozen = try options.frozenIndices(
            graph.parameters.map(\.name), learned: Set(graph.parameters.filter(\.isLearned).map(\.name)))
        let corrections = try options.corrections(of: graph.parameters.map { ($0.name, $0.shape) })
        let session = try Session(graph, tensors, isTraining: true, frozen: frozen)
        var arranged: [Int: Block] = [:]
        let loop = TrainingLoop(options: options, data: data)
        var state: OptimizerState?
        // What the proximal term pulls towards: the parameters before the first step, in the layouts that the session chose.
        var anchor: [Int: [Float]] = [:]
        let report: TrainingReport
        do {
            report = try loop.run(shouldStop: shouldStop, progress: progress) { step in
                let drawing = Plan.Drawing(seed: options.seed, labels: options.streams + ["step", String(step.number)])
                let loss = try session.differentiate(step.samples, of: data, drawing: drawing)
                guard loss.isFinite else { return loss }
                if options.proximal > 0 {
                    session.store.forEachLearned { index, block, gradient in
                        if state == nil { anchor[index] = Array(block.values) }
                        Kernels.axpy(options.proximal, UnsafeBufferPointer(block.values), into: gradient.values)
                        anchor[index]?.withUnsafeBufferPointer {
                            Kernels.axpy(-options.proximal, $0, into: gradient.values)
                        }
                    }
                }
                if arranged.isEmpty { arranged = try session.arranged(corrections) }
                session.store.forEachLearned { index, _, gradient in
                    guard let correction = arranged[index] else { return }
                    Kernels.axpy(1, UnsafeBufferPointer(correction.values), into: gradient.values)
                }
                var current = try state ?? OptimizerState(options.optimizer, counts: session.store.counts)
                state = nil
                current.beginStep(factor: step.factor)
                session.store.forEachLearned { index, block, gradient in
                    current.move(
                        index, block.values, gradient: UnsafeBufferPointer(gradient.values),
                        decays: graph.parameters[index].role == .weight)
                }
                state = current
                return loss
            }
        } catch let error as CancellationError {
            tensors = try session.tensors()
            throw error
        }
        let trained = try session.tensors()
        guard trained.allSatisfy(\.isFinite) else { throw loop.divergedAtTheEnd }
        tensors = trained
        return report
    }

    /// Judges the network on `data`, in batches.
    /// - Throws: `CancellationError` when `shouldStop` says so; `NetworkError` for unsuitable data, when an output is not finite,
    ///   or when oneDNN is missing.
    public func evaluate(
        on data: LabelledData, batchSize: Int = 64, shouldStop: () -> Bool = { false }
    ) throws -> Evaluation {
        try validate(data)
        let session = try Session(graph, tensors, isTraining: false)
        let capacity = max(1, min(batchSize, data.count))
        var lossSum = 0.0
        var hits = 0
        for start in stride(from: 0, to: data.count, by: capacity) {
            if shouldStop() { throw CancellationError() }
            let part = try session.judge(start..<min(data.count, start + capacity), of: data)
            lossSum += part.lossSum
            hits += part.hits
        }
        return try Evaluation(lossSum: lossSum, hits: hits, samples: data.count)
    }

    private func validate(_ data: LabelledData) throws(NetworkError) {
        try data.validate(features: featureCount, classes: classCount)
    }
}

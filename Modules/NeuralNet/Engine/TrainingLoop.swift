import Core
import Datasets

/// The order of a training: epochs, their shuffled batches, and what is told of them, whatever kind of network learns.
struct TrainingLoop {
    let options: TrainingOptions
    let data: LabelledData

    /// A minibatch and what is to be done with it.
    struct Step {
        /// The samples, by their place in the data.
        let samples: ArraySlice<Int>
        let epoch: Int
        /// From 0, over all epochs.
        let number: Int
        /// What the schedule multiplies the learning rate by.
        let factor: Float
    }

    /// Each epoch visits every sample once, in an order drawn from the options' seed and streams and the epoch.
    /// - Parameter take: takes a step and returns the sum of the samples' losses before it; it takes none and returns the sum
    ///   when that is not finite.
    /// - Throws: `CancellationError` when `shouldStop` says so; `NetworkError.Kind.diverged` when a loss is not finite.
    func run(
        shouldStop: () -> Bool, progress: (TrainingProgress) -> Void, take: (Step) throws -> Double
    ) throws -> TrainingReport {
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
                let number = epoch * steps + step
                let factor = options.schedule.factor(step: number, stepsPerEpoch: steps, epochs: options.epochs)
                lossSum += try take(Step(samples: order[start..<end], epoch: epoch, number: number, factor: factor))
                guard lossSum.isFinite else { throw diverged(epoch: epoch, step: step) }
                progress(
                    TrainingProgress(
                        epoch: epoch, step: step + 1, stepsPerEpoch: steps, loss: lossSum / Double(end)))
            }
            lossByEpoch.append(lossSum / Double(data.count))
        }
        return TrainingReport(samples: data.count, steps: steps * options.epochs, lossByEpoch: lossByEpoch)
    }

    func diverged(epoch: Int, step: Int) -> NetworkError {
        NetworkError(
            .diverged,
            "training diverged in epoch \(epoch), step \(step): the loss or a parameter is not finite any more; lower the "
                + "learning rate (now \(options.optimizer.learningRate)) or scale the features to about [0, 1]")
    }

    /// As `diverged(epoch:step:)` after the last step.
    var divergedAtTheEnd: NetworkError {
        diverged(epoch: options.epochs - 1, step: (data.count - 1) / options.batchSize)
    }
}

import Contracts
import NeuralNet

extension OptimizerSpec {
    var batch: Int { batchSize ?? 32 }
    var epochs: Int { localEpochs ?? 1 }

    /// One round's training on one edge, or the baseline's.
    func training(seed: UInt64, streams: [String]) -> TrainingOptions {
        TrainingOptions(epochs: epochs, batchSize: batch, optimizer: momentumSGD, seed: seed, streams: streams)
    }

    var momentumSGD: MomentumSGD {
        MomentumSGD(
            learningRate: Float(learningRate ?? 0.05), momentum: Float(momentum ?? 0.9),
            weightDecay: Float(weightDecay ?? 0))
    }
}

import Contracts
import NeuralNet

extension OptimizerSpec {
    var batch: Int { batchSize ?? 32 }
    var epochs: Int { localEpochs ?? 1 }

    var rate: Double { learningRate ?? (kind ?? .sgd == .sgd ? 0.05 : 0.001) }

    /// The momentum of each step; Adam's steps have none that adds up.
    var stepMomentum: Double { kind ?? .sgd == .sgd ? momentum ?? 0.9 : 0 }

    /// One round's training on one edge, or the baseline's.
    func training(seed: UInt64, streams: [String]) -> TrainingOptions {
        TrainingOptions(epochs: epochs, batchSize: batch, optimizer: rule, seed: seed, streams: streams)
    }

    private var rule: Optimizer {
        let decay = Float(weightDecay ?? 0)
        return switch kind ?? .sgd {
        case .sgd:
            .momentum(
                MomentumSGD(
                    learningRate: Float(rate), momentum: Float(stepMomentum), weightDecay: decay,
                    isNesterov: nesterov ?? false))
        case .adam: .adam(Adam(learningRate: Float(rate), weightDecay: decay))
        case .adamw: .adam(.decoupled(learningRate: Float(rate), weightDecay: decay))
        }
    }

    /// Such as `momentum SGD, rate 0.05, momentum 0.9`.
    var summary: String {
        let changing = schedule.map { ", \($0.summary)" } ?? ""
        return switch kind ?? .sgd {
        case .sgd:
            "\(nesterov == true ? "Nesterov" : "momentum") SGD, rate \(rate), momentum \(stepMomentum)\(changing)"
        case .adam: "Adam, rate \(rate)\(changing)"
        case .adamw: "AdamW, rate \(rate)\(changing)"
        }
    }
}

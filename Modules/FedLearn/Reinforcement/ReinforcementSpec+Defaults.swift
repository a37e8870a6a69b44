import Contracts

extension ReinforcementSpec {
    var stepsPerRound: Int { steps ?? 2048 }
    var sideBySide: Int { environments ?? 4 }
    var gamma: Double { discount ?? 0.99 }
    var traceDecay: Double { lambda ?? 0.95 }
    var evaluations: Int { evaluationEpisodes ?? 100 }
    var gradientLimit: Double { maximumGradientNorm ?? 0.5 }

    var loss: PolicyLoss {
        PolicyLoss(clip: clip ?? 0.2, entropyWeight: entropy ?? 0.01, valueWeight: valueWeight ?? 0.5)
    }
}

extension OptimizerSpec {
    /// With the defaults that suit policies.
    var forPolicies: OptimizerSpec {
        var spec = self
        spec.kind = kind ?? .adam
        spec.learningRate = learningRate ?? (spec.kind == .sgd ? nil : 0.003)
        spec.batchSize = batchSize ?? 128
        spec.localEpochs = localEpochs ?? 6
        return spec
    }
}

extension TrainingJobSpec {
    /// Numbers that go into the network: of a sample, or of an observation.
    var features: Int { environment?.observationCount ?? data?.features ?? 0 }

    /// The network's outputs: classes, or the actions and the value of a state.
    var classes: Int { environment.map { $0.actionCount + 1 } ?? data?.classes ?? 0 }

    /// How an edge descends, with its type's defaults.
    var localOptimizer: OptimizerSpec {
        environment == nil ? optimizer ?? OptimizerSpec() : (optimizer ?? OptimizerSpec()).forPolicies
    }

    /// What the time of a round depends on beside the numbers: the network's family and, of a policy, its environment.
    var family: String { model.kind.rawValue + (environment.map { " in \($0.kind.rawValue)" } ?? "") }

    /// Bytes that an edge keeps of what it lived through in a round.
    var actedBytes: Int64 { Int64((actedSteps ?? 0) * (features * MemoryLayout<Float>.size + 128)) }

    /// Steps that an edge of a reinforcement job acts in a round.
    var actedSteps: Int? { environment == nil ? nil : (reinforcement ?? ReinforcementSpec()).stepsPerRound }
}

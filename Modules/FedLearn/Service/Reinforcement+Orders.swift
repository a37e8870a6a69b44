import Contracts
import Core
import Tensor

extension TrainOrder {
    /// The data set to train on.
    /// - Throws: `FedLearnError` `malformed` for an order without one.
    var data: Name {
        get throws {
            guard let dataset else {
                throw FedLearnError("malformed", "the order names neither data nor an environment")
            }
            return dataset
        }
    }

    /// How this edge acts and learns in the order's round.
    /// - Throws: `FedLearnError` `malformed` for an order without an environment.
    func policyLearner(edge: Name) throws -> PolicyLearner {
        guard let environment else { throw FedLearnError("malformed", "the order names no environment to act in") }
        return PolicyLearner(
            environment: environment, settings: reinforcement ?? ReinforcementSpec(), optimizer: optimizer,
            proximal: proximal, seed: seed, streams: ["\(reference.round)", edge.text])
    }
}

extension TrainingJobSpec {
    /// As `TrainOrder.policyLearner`, of a job's own words.
    func policyLearner(round: Int, edge: Name, proximal: Double?) throws -> PolicyLearner {
        guard let environment else { throw FedLearnError("invalid", "the job names no environment to act in") }
        return PolicyLearner(
            environment: environment, settings: reinforcement ?? ReinforcementSpec(),
            optimizer: self.optimizer(round: round),
            proximal: proximal, seed: seed ?? 0, streams: ["\(round)", edge.text])
    }

    /// Who judges the job's policies; `nil` for a job that makes none.
    var policyJudge: PolicyJudge? {
        environment.map {
            PolicyJudge(
                environment: $0, episodes: (reinforcement ?? ReinforcementSpec()).evaluations, seed: seed ?? 0)
        }
    }
}

extension Job {
    /// The data set that the edges train on.
    /// - Throws: `FedLearnError` `invalid` for a job without data.
    var dataset: Name {
        get throws {
            guard let data = spec.data else { throw FedLearnError("invalid", "job '\(name)' has no spec.data") }
            return data.dataset
        }
    }

    /// What an edge says of its acting that cannot be so, in words; `nil` when it may all be true.
    func actingLie(in notice: UpdateNotice) -> String? {
        guard let steps = spec.actedSteps else { return nil }
        if notice.samples != steps {
            return "it claims to have acted \(notice.samples) steps; a round of the job has \(steps)"
        }
        if let episodes = notice.episodes, !(0...steps).contains(episodes) {
            return "it claims that \(episodes) episodes ended in \(steps) steps"
        }
        if let mean = notice.meanReturn, !mean.isFinite { return "it claims a mean return of \(mean)" }
        return nil
    }
}

extension RoundRunner {
    /// What a policy comes to in the core's own episodes.
    func policyScore(of model: [Tensor], _ job: Job) async throws -> Score? {
        guard let judge = job.spec.policyJudge else { return nil }
        let architecture = job.architecture
        let isStopped = CancellationFlag()
        let mean = try await withTaskCancellationHandler {
            try await coordinator.computing.run {
                try judge.meanReturn(of: try architecture.policy(model), shouldStop: { isStopped.isSet })
            }
        } onCancel: {
            isStopped.set()
        }
        return Score(meanReturn: mean, episodes: judge.episodes)
    }
}

import Contracts

extension Job {
    /// What one of the job's models or updates is, in the words of policies.
    func tags(_ artefact: Artefact, round: Int) -> TransferTags {
        TransferTags(artefact: artefact, workload: spec.workload, job: name, policy: spec.sync, round: round)
    }
}

extension TrainOrder {
    /// As `Job.tags`, on the edge's side.
    func tags(_ artefact: Artefact) -> TransferTags {
        TransferTags(
            artefact: artefact, workload: environment == nil ? .federated : .reinforcement, job: reference.job,
            policy: sync, round: reference.round)
    }
}

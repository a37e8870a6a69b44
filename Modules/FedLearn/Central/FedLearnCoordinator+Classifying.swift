import Contracts
import Core
import MessageBus
import Telemetry

extension TrainingJobSpec {
    /// The training type, where what the spec asks for leaves no choice.
    var fixedType: TrainingType? {
        if environment != nil { return .reinforcement }
        if transfer != nil { return .transfer }
        let isFederated =
            model.kind == .external || model.personal != nil || strategy != nil || compression != nil || privacy != nil
        return trainingType ?? (isFederated ? .federated : nil)
    }
}

extension FedLearnCoordinator {
    /// Whether the core itself has a data set of this name.
    nonisolated func hasData(_ name: Name) async -> Bool {
        // `try?`: what cannot be read here is not here.
        (try? await datasets.load(name)) != nil
    }

    /// What placement is asked about a job, with what decides its training type where the spec leaves that open.
    nonisolated func placementRequest(of job: Job) async throws -> PlacementRequest {
        var request = job.placementRequest()
        guard request.declaredType == nil, job.spec.fixedType == nil else { return request }
        request.isAtCore = await hasData(try job.dataset)
        let order = GatherOrder(
            reference: job.reference(round: 0), dataset: try job.dataset,
            name: DatasetName(group: job.path.group, project: job.path.project, name: try job.dataset),
            features: job.spec.features, classes: job.spec.classes, sync: job.spec.sync)
        // Not yet of any type: the policy in force is the one that the job or its data names.
        var tags = order.tags
        tags.workload = nil
        func verdict(on edge: Name, asking side: Name?) async throws -> SyncVerdict {
            try await bus.call(
                SyncPolicyContract.explain,
                SyncExplainRequest(tags: tags, from: PeerID(edge), to: .core, edge: side), timeout: .seconds(5),
                trace: job.traceID
            ).body.verdict
        }
        let holders = try await bus.call(PlacementContract.plan, request, trace: job.traceID).body.decisions
            .filter { $0.outcome != .rejected && $0.outcome != .pending }.map(\.edge)
        request.mayMove = !holders.isEmpty
        for edge in holders where request.mayMove == true {
            if try await verdict(on: edge, asking: nil) == .refuse { request.mayMove = false }
        }
        for edge in holders where request.mayMove == true && request.isSharingForbidden != true {
            do { request.isSharingForbidden = try await verdict(on: edge, asking: edge) == .refuse } catch {
                // Who cannot be asked has not agreed.
                logger.debug("an edge could not be asked about its data", ["edge": edge.text], error: error)
                request.isSharingForbidden = true
            }
        }
        return request
    }
}

extension JobRunner {
    /// Has the job's training type named, once, and stores it with the job.
    func classify(_ job: Job) async throws -> Job {
        guard job.header.trainingType == nil, job.spec.fixedType == nil, job.rounds.last == nil else { return job }
        var job = job
        let plan = try await bus.call(
            PlacementContract.plan, coordinator.placementRequest(of: job), trace: job.traceID
        ).body
        guard [.federated, .centralised].contains(plan.trainingType) else {
            throw FedLearnError(
                "unsupported",
                "placement's rules take the job for '\(plan.trainingType.rawValue)' (\(plan.typeReason)), which it does not say "
                    + "enough for; name spec.trainingType")
        }
        job.header.trainingType = plan.trainingType
        job.header.typeReason = plan.typeReason
        try await coordinator.save(job)
        return job
    }
}

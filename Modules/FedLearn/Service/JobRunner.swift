import Contracts
import Core
import Datasets
import MessageBus
import NeuralNet
import Telemetry
import Tensor

/// Takes one job from where the database says it stands to its end.
///
/// Every transition is committed before its effect is seen by anyone else, so a runner that is killed anywhere goes on
/// from the last commit: an open round keeps the updates it has counted, a closed one is averaged again to the same bits.
struct JobRunner: Sendable {
    let coordinator: FedLearnCoordinator
    let bus: Bus
    let uid: String
    let name: Name

    /// Runs until the job is finished, deleted or cancelled. Trouble that may pass (no edges, a full disk) is waited out.
    func run() async {
        let patience = RetryPolicy(base: .milliseconds(500), maximum: .seconds(10), attempts: nil)
        var generator = SystemRandomNumberGenerator()
        var attempt = 0
        var committed = -1
        while !Task.isCancelled {
            do {
                try await advance()
                return
            } catch {
                guard !Task.isCancelled, let job = await coordinator.job(uid: uid, name: name) else { return }
                let logger = coordinator.logger(for: job)
                let done = job.rounds.count
                attempt = done == committed ? attempt + 1 : 0
                committed = done
                if (error as? any ModuleError)?.isRetriable == true {
                    logger.warning("the job waits: trouble that may pass", error: error)
                    await show(job) {
                        $0.set("Progressing", false, Failure(error).code, Failure(error).message, at: now)
                    }
                } else {
                    logger.error("the job failed", error: error)
                    if await fail(job, error) { return }
                }
                let pause = patience.delay(beforeRetry: min(attempt, 8), using: &generator) ?? .seconds(10)
                do { try await Task.sleep(for: pause + .milliseconds(100)) } catch { return }
            }
        }
    }

    var now: Timestamp { coordinator.wallClock.now() }

    func currentJob() async throws -> Job {
        guard let job = await coordinator.job(uid: uid, name: name) else { throw CancellationError() }
        return job
    }

    private func advance() async throws {
        var job = try await classify(try await currentJob())
        if job.header.initialManifest == nil { job = try await prepare(job) }
        if job.header.phase == .succeeded {
            job.header.phase = .running
            try await coordinator.save(job)
        }
        let judge = try await Judge(job: job, coordinator: coordinator)
        var central: CentralRounds?
        while job.needsRounds {
            let round = job.rounds.count + 1
            if job.trainingType == .centralised {
                let rounds = if let central { central } else { try await CentralRounds(self, judge: judge) }
                central = rounds
                try await rounds.run(round: round)
            } else {
                try await RoundRunner(runner: self, judge: judge).run(round: round)
            }
            job = try await currentJob()
        }
        try await finish(try await compare(job, with: judge))
    }

    /// Publishes the untrained model: the seeds' "initial model" step.
    private func prepare(_ job: Job) async throws -> Job {
        if job.spec.model.kind == .external { return try await prepareExternal(job) }
        var job = job
        let logger = coordinator.logger(for: job)
        let architecture = job.spec.architecture
        let network = try architecture.fresh(seed: job.spec.seed ?? 0)
        var (tensors, origin) = (network.parameters.map(\.tensor), "the initial model is published")
        if let base = job.spec.transfer?.base {
            let adapted = try await coordinator.baseModel(base, for: job).applied(
                to: network.parameters, frozen: job.spec.frozenIndices(of: try architecture.tensors))
            tensors = adapted.tensors
            origin = "starts from \(base)"
            if !adapted.anew.isEmpty { origin += "; anew: \(adapted.anew.joined(separator: ", "))" }
        }
        let transfer = ModelTransfer(bus: bus, trace: job.traceID)
        let summary = try await transfer.publish(
            tensors, of: architecture, reference: job.globalReference(round: 0),
            tags: job.tags(.model, round: 0))
        job.header.initialManifest = summary.digest
        job.header.phase = .running
        job.header.set("Progressing", true, "Started", origin, at: now)
        try await coordinator.save(job)
        logger.info(
            "initial model published",
            [
                "origin": origin, "parameters": String(architecture.parameterCount), "bytes": String(summary.rawBytes),
            ])
        return job
    }

    /// Trains the baseline, once, after the rounds, so that it never holds them up.
    private func compare(_ job: Job, with judge: Judge?) async throws -> Job {
        guard let judge, job.header.baselineAccuracy == nil, job.spec.evaluation?.baseline != nil else { return job }
        await show(job) {
            $0.set("Progressing", true, "Baseline", "training the same model centrally, for comparison", at: now)
        }
        var job = job
        var initial = try job.spec.architecture.fresh(seed: job.spec.seed ?? 0).parameters.map(\.tensor)
        if job.spec.transfer != nil, let manifest = job.header.initialManifest {
            let transfer = ModelTransfer(bus: bus, trace: job.traceID)
            initial = try await transfer.read(try await transfer.manifest(manifest))
        }
        job.header.baselineAccuracy = try await judge.baseline(of: job, from: initial)
        return job
    }

    private func finish(_ job: Job) async throws {
        var job = job
        job.header.phase = .succeeded
        job.header.set("Progressing", false, "Completed", job.ending, at: now)
        job.current = nil
        try await dropGathered(&job)
        try await coordinator.save(job)
        let accuracy = job.rounds.last?.accuracy.map { String($0) } ?? "not evaluated"
        let meanReturn = job.rounds.last?.meanReturn.map { ["meanReturn": String($0)] } ?? [:]
        coordinator.logger(for: job).notice(
            "job succeeded",
            ["rounds": String(job.rounds.count), "accuracy": accuracy].merging(meanReturn) { first, _ in first })
        await tellEdges(job)
    }

    /// Records that the job cannot go on.
    /// - Returns: false when even that could not be stored; then it is tried again.
    private func fail(_ job: Job, _ error: any Error) async -> Bool {
        var job = job
        job.header.phase = .failed
        job.header.set("Progressing", false, Failure(error).code, Failure(error).message, at: now)
        job.current = nil
        do {
            try await dropGathered(&job)
            try await coordinator.save(job)
        } catch {
            coordinator.logger(for: job).error("the job's failure could not be recorded", error: error)
            return false
        }
        await tellEdges(job)
        return true
    }

    /// The edges' data does not outlive the training.
    func dropGathered(_ job: inout Job) async throws {
        guard job.header.gathered != nil else { return }
        job.header.gathered = nil
        try await ModelTransfer(bus: bus, trace: job.traceID).release(Job.dataPrefix(job.uid))
    }

    /// Lets the edges forget the job. Best effort: an edge that misses it asks when it connects again.
    func tellEdges(_ job: Job) async {
        let reference = job.reference(round: job.rounds.count)
        await coordinator.releaseEdges(of: job)
        await coordinator.settleMemory()
        for edge in job.knownEdges where bus.isConnected(PeerID(edge)) {
            do {
                _ = try await bus.call(
                    FedLearnContract.abandon, reference, to: .peer(PeerID(edge)), timeout: .seconds(2),
                    trace: job.traceID)
            } catch {
                coordinator.logger(for: job).debug(
                    "could not tell an edge that the job ended", ["edge": edge.text], error: error)
            }
        }
    }

    /// Shows a changed header without storing it: what it says follows from what is happening.
    func show(_ job: Job, _ change: (inout JobHeader) -> Void) async {
        var job = job
        change(&job.header)
        await coordinator.show(job)
    }
}

extension Job {
    /// Why it is over, in words.
    fileprivate var ending: String {
        guard hasReachedTarget, rounds.count < spec.rounds, let last = rounds.last else {
            return "all \(spec.rounds) rounds are committed"
        }
        let reached = [
            spec.target?.accuracy.map { least in
                "accuracy \(JobPresentation.percent(last.accuracy)) of \(JobPresentation.percent(least))"
            },
            spec.target?.meanReturn.map { least in "mean return \(last.meanReturn.map { "\($0)" } ?? "-") of \(least)"
            },
            spec.target?.loss.map { most in "loss \(last.loss.map { "\($0)" } ?? "-"), at most \(most)" },
        ].compactMap { $0 }
        return "the target is reached in round \(last.round) of at most \(spec.rounds): "
            + reached.joined(separator: ", ")
    }
}

extension FedLearnCoordinator {
    nonisolated func logger(for job: Job) -> Logger {
        logger.with(["job": job.name.text, "trace": job.traceID.description])
    }
}

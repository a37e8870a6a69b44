import Contracts
public import Core
import Datasets
public import MessageBus
import NeuralNet
public import Store
public import Telemetry
import Tensor

/// An edge's side of federated learning: trains the rounds it is asked to and delivers the updates, whatever happens to the
/// connection meanwhile.
public actor FedLearnParticipant {
    let bus: Bus
    let edge: Name
    let storage: UpdateStorage
    private let datasets: any DatasetProvider
    let trainers: (any TrainerProvider)?
    private let logger: Logger
    private let training = ThreadExecutor(name: "training")
    /// The threads of jobs that have hardware threads of their own, by the job's uid.
    private var ownThreads: [String: ThreadExecutor] = [:]
    /// The round each job is at, by the job's uid.
    private let releaseMemory: @Sendable () -> Void
    private var active: [String: Activity] = [:]
    /// Jobs that ended while their work was still stopping; what it left behind goes when it has.
    private var abandoned: Set<String> = []
    /// Jobs whose data is being dropped; no order of theirs is taken meanwhile, or its data would go too.
    private var forgetting: Set<String> = []
    private let works: AsyncStream<Work>
    private let queue: AsyncStream<Work>.Continuation

    private struct Activity {
        var round: Int
        var base: Digest?
        var stop: AsyncStream<Void>.Continuation
    }

    private enum Work: Sendable {
        case train(TrainOrder, TraceID, AsyncStream<Void>)
        case deliver(UpdateNotice, AsyncStream<Void>)
    }

    /// - Parameters:
    ///   - edge: this edge's name; it is part of the seed of everything it trains.
    ///   - trainers: who trains models that the platform does not know; `nil` refuses them.
    ///   - releaseMemory: gives free memory back to the system; called when a round's work has ended. It may block.
    public init(
        bus: Bus, edge: Name, database: Database, datasets: any DatasetProvider,
        trainers: (any TrainerProvider)? = nil, logger: Logger,
        releaseMemory: @escaping @Sendable () -> Void = {}
    ) {
        self.releaseMemory = releaseMemory
        self.bus = bus
        self.edge = edge
        storage = UpdateStorage(database: database)
        self.datasets = datasets
        self.trainers = trainers
        self.logger = logger.with(["service": "fedlearn"])
        (works, queue) = AsyncStream.makeStream()
    }

    /// Registers the calls this service answers. Call before the bus runs.
    public nonisolated func register() {
        bus.handle(FedLearnContract.train) { [self] (request: Inbound<TrainOrder>) -> TrainAcceptance in
            try Self.requireCore(request.peer)
            return try await accept(request.body, trace: request.trace)
        }
        bus.handle(FedLearnContract.abandon) { [self] (request: Inbound<RoundReference>) -> Empty in
            try Self.requireCore(request.peer)
            try await abandon(request.body)
            return Empty()
        }
        registerExternal()
        registerGathering()
    }

    /// Trains and delivers until cancelled. On every connection the core counts what it has not of what was trained, and says
    /// which jobs are over.
    public func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { [self] in
                for await event in bus.peerEvents() {
                    if case .connected(.core) = event {
                        await forgetFinishedJobs()
                        try await repeatNotices()
                    }
                }
            }
            for await work in works {
                group.addTask { [self] in
                    switch work {
                    case .train(let order, let trace, let stopped):
                        let failure = await Self.race(stopped) { [self] in await train(order, trace: trace) }
                        // First, so that the core may ask again at once.
                        await ended(order.reference, base: order.manifest)
                        if let failure = failure ?? nil { await decline(order.reference, failure, trace: trace) }
                    case .deliver(let notice, let stopped):
                        _ = await Self.race(stopped) { [self] in
                            await deliver(notice, timeout: .seconds(3600), trace: .none)
                        }
                        await ended(notice.reference, base: nil)
                    }
                    let release = releaseMemory
                    // It cannot fail: `release` does not throw.
                    try? await training.run { release() }
                }
            }
        }
    }

    /// Asks the core, on every connection, about what is not being worked on: an update it lacks, or a job that is over.
    private func repeatNotices() async throws {
        for notice in try await storage.notices() where active[notice.reference.jobUID] == nil {
            let (stopped, stop) = AsyncStream<Void>.makeStream()
            active[notice.reference.jobUID] = Activity(round: notice.reference.round, base: nil, stop: stop)
            queue.yield(.deliver(notice, stopped))
        }
    }

    /// Asks the core, on every connection, which of the jobs that something is held for are over: also those of which nothing
    /// was trained here, such as one whose first model was still on its way when this edge was killed. Best effort: the next
    /// connection asks again.
    private func forgetFinishedJobs() async {
        do {
            let transfer = ModelTransfer(bus: bus, trace: .none)
            let held =
                try await transfer.references(Job.references) + transfer.references(Job.personalReferences)
            let idle = Set(held.compactMap(Job.uid(ofReference:))).filter { active[$0] == nil }
            guard !idle.isEmpty else { return }
            let answer = try await bus.call(
                FedLearnContract.finished, JobList(jobs: idle.sorted()), to: .peer(.core), timeout: .seconds(10)
            ).body
            for uid in answer.deleted ?? [] where idle.contains(uid) && active[uid] == nil {
                try await storage.forgetPersonal(job: uid)
                try await transfer.release(Job.personalPrefix(uid))
            }
            let shared = Set(held.filter { $0.hasPrefix(Job.references) }.compactMap(Job.uid(ofReference:)))
            for uid in answer.jobs where shared.contains(uid) && idle.contains(uid) && active[uid] == nil {
                try await forget(uid)
                logger.info("what was kept for a job that is over is dropped", ["uid": uid])
            }
        } catch { logger.debug("could not ask which jobs are over", error: error) }
    }

    /// Runs `work` until it ends or `stopped` does, which cancels it.
    /// - Returns: what `work` returned, if it ended first.
    private static func race<Result: Sendable>(
        _ stopped: AsyncStream<Void>, _ work: @escaping @Sendable () async -> Result
    ) async -> Result? {
        await withTaskGroup(of: Result?.self) { group in
            group.addTask { await work() }
            group.addTask {
                for await _ in stopped {}
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }

    static func requireCore(_ peer: PeerID) throws {
        guard peer == .core else {
            throw FedLearnError("refused", "only the core orders training, not '\(peer)'")
        }
    }

    // MARK: - Orders

    private func accept(_ order: TrainOrder, trace: TraceID) async throws -> TrainAcceptance {
        let reference = order.reference
        let samples = try await samples(for: order)
        guard !forgetting.contains(reference.jobUID) else {
            throw FedLearnError("in-progress", "an earlier end of this job is being tidied up", isRetriable: true)
        }
        if let current = active[reference.jobUID], current.round == reference.round, current.base == order.manifest {
            return TrainAcceptance(samples: samples)
        }
        // The job has work again: what ends now no longer ends the job.
        abandoned.remove(reference.jobUID)
        active[reference.jobUID]?.stop.finish()
        let (stopped, stop) = AsyncStream<Void>.makeStream()
        active[reference.jobUID] = Activity(round: reference.round, base: order.manifest, stop: stop)
        queue.yield(.train(order, trace, stopped))
        return TrainAcceptance(samples: samples)
    }

    private func samples(for order: TrainOrder) async throws -> Int {
        if order.environment != nil { return (order.reinforcement ?? ReinforcementSpec()).stepsPerRound }
        return order.tensors == nil
            ? try await data(try order.data, features: order.features, classes: order.classes).count
            : try externalSamples(for: order)
    }

    /// A job's data, checked against what the job says of it.
    func data(_ dataset: Name, features: Int, classes: Int) async throws -> LabelledData {
        let data = try await datasets.load(dataset)
        guard data.featureCount == features, data.classCount <= classes, data.count > 0 else {
            throw FedLearnError(
                "wrong-shape",
                "data set '\(dataset)' has \(data.count) samples of \(data.featureCount) features in "
                    + "\(data.classCount) classes; the job's model takes \(features) features in \(classes)"
            )
        }
        return try data.withClasses(classes)
    }

    private func ended(_ reference: RoundReference, base: Digest?) async {
        let uid = reference.jobUID
        if let current = active[uid], current.round == reference.round, current.base == base { active[uid] = nil }
        guard active[uid] == nil, abandoned.remove(uid) != nil else { return }
        do { try await forget(uid) } catch {
            logger.warning("data of a job that is over stays until the next connection", error: error)
        }
    }

    private func abandon(_ reference: RoundReference) async throws {
        if let activity = active.removeValue(forKey: reference.jobUID) {
            abandoned.insert(reference.jobUID)
            activity.stop.finish()
        }
        try await forget(reference.jobUID)
        logger.info("job is over", ["job": reference.job.text])
    }

    /// Drops everything that was kept for a job.
    private func forget(_ uid: String) async throws {
        forgetting.insert(uid)
        defer { forgetting.remove(uid) }
        try await storage.forget(job: uid)
        try await ModelTransfer(bus: bus, trace: .none).release(Job.referencePrefix(uid))
        await datasets.forget()
        if ownThreads.removeValue(forKey: uid) != nil {
            _ = try await bus.call(AllocationContract.release, AllocationRelease(owner: uid))
        }
    }

    /// Where the order's job trains: beside others, or on hardware threads that are given to it alone.
    private func executor(for order: TrainOrder, trace: TraceID) async throws -> ThreadExecutor {
        let uid = order.reference.jobUID
        guard let threads = order.exclusiveThreads else { return training }
        if let own = ownThreads[uid] { return own }
        let own = ThreadExecutor(name: "training-own")
        let request = AllocationRequest(
            owner: uid, threads: threads, policy: .bestEffort, kernelThread: try await own.kernelThread())
        let allocation = try await bus.call(AllocationContract.allocate, request, trace: trace).body
        try await own.bind(to: allocation.threads)
        ownThreads[uid] = own
        return own
    }

    // MARK: - Training

    /// - Returns: why the round cannot be trained here, for the core to be told.
    private func train(_ order: TrainOrder, trace: TraceID) async -> Failure? {
        let reference = order.reference
        let logger = logger.with(["job": reference.job.text, "trace": trace.description, "round": "\(reference.round)"])
        do {
            let notice: UpdateNotice
            if let earlier = try await storage.notice(for: reference, base: order.manifest) {
                logger.info("this round is trained already")
                notice = earlier
            } else {
                notice = try await trained(order, trace: trace, logger: logger)
            }
            await deliver(notice, timeout: .seconds(order.deadlineSeconds * 2), trace: trace)
            return nil
        } catch let error as any ModuleError where error.isRetriable {
            // A full disk, a lost connection: the core waits until the round's deadline, so there is time to try again.
            guard !Task.isCancelled else { return nil }
            logger.warning("the round is tried again", error: error)
            do { try await Task.sleep(for: .seconds(1)) } catch { return nil }
            return await train(order, trace: trace)
        } catch {
            guard !Task.isCancelled else { return nil }
            logger.error("the round could not be trained", error: error)
            return Failure(error)
        }
    }

    private func decline(_ reference: RoundReference, _ failure: Failure, trace: TraceID) async {
        do {
            _ = try await bus.call(
                FedLearnContract.decline, DeclineNotice(reference: reference, failure: failure), to: .peer(.core),
                retry: RetryPolicy(), trace: trace)
        } catch { logger.warning("the core could not be told", error: error) }
    }

    /// Fetches the global model, trains it on the local data and publishes the update, durably.
    private func trained(_ order: TrainOrder, trace: TraceID, logger: Logger) async throws -> UpdateNotice {
        if order.tensors != nil { return try await trainedOutside(order, trace: trace, logger: logger) }
        let reference = order.reference
        let transfer = ModelTransfer(bus: bus, trace: trace)
        let reply = try await transfer.fetch(
            order.manifest, from: .core, reference: "\(Job.referencePrefix(reference.jobUID))\(reference.round)/global",
            expecting: order.architecture.tensors, timeout: .seconds(order.deadlineSeconds), tags: order.tags(.model))
        let global = try await transfer.read(reply.manifest)
        let own = order.model.personalIndices(of: reply.manifest.tensors)
        let withheld = order.withheldIndices(of: reply.manifest.tensors)
        let codec = UpdateCodec(order.compression)
        let last = try await kept(own, withheld, codec, global, of: order, transfer)
        var tensors = global
        for (index, tensor) in zip(own, last?.own ?? []) { tensors[index] = tensor }
        var data: LabelledData?
        if order.environment == nil {
            data = try await self.data(try order.data, features: order.features, classes: order.classes)
        }
        let variate = try await controlVariate(of: order, own: last?.control, transfer)
        let started = ContinuousClock.now
        let executor = try await executor(for: order, trace: trace)
        let outcome = try await fit(
            tensors, to: data, order, correction: try variate?.terms.correction() ?? [], on: executor)
        let seconds = (ContinuousClock.now - started).seconds
        let sent = try await send(
            outcome.tensors, base: global, keeping: own, withholding: withheld, codec, last, of: order, transfer,
            control: { sent in
                try variate?.terms.next(
                    base: global, model: sent, steps: outcome.steps, rate: order.optimizer.rate) ?? []
            })
        var notice = UpdateNotice(
            reference: reference, manifest: sent.update, samples: outcome.samples, loss: outcome.loss,
            trainSeconds: seconds, fetchedBytes: reply.movedBytes + (variate?.bytes ?? 0), steps: outcome.steps,
            baseLoss: outcome.baseLoss)
        (notice.meanReturn, notice.episodes) = (outcome.meanReturn, outcome.episodes)
        try await storage.save(notice, base: order.manifest, personal: sent.kept)
        // A round may be trained again from another model, and then from the last round's own part.
        if let last { try await dropKept(but: last.round, of: reference, transfer) }
        logger.info(
            "round trained", ["samples": "\(notice.samples)", "loss": "\(notice.loss)", "seconds": "\(seconds)"])
        return notice
    }

    /// What training one round came to.
    private struct Outcome: Sendable {
        var tensors: [Tensor]
        var samples: Int
        var loss: Double
        var steps: Int
        var baseLoss: Double?
        var meanReturn: Double?
        var episodes: Int?
    }

    /// - Parameter data: `nil` for a job that learns in an environment.
    private func fit(
        _ tensors: [Tensor], to data: LabelledData?, _ order: TrainOrder, correction: [Tensor],
        on executor: ThreadExecutor
    ) async throws -> Outcome {
        let isStopped = CancellationFlag()
        // One stream per round and edge: the shuffle never repeats and never depends on when the edge was asked, nor on what
        // the job is called.
        var options = order.optimizer.training(
            seed: order.seed, streams: ["\(order.reference.round)", edge.text])
        options.proximal = Float(order.proximal ?? 0)
        options.frozen = Set(order.frozen ?? [])
        options.correction = Dictionary(zip(try order.architecture.tensors.map(\.name), correction)) { first, _ in first
        }
        let result = try await withTaskCancellationHandler {
            try await executor.run { [options, edge] in
                guard let data else {
                    let learnt = try order.policyLearner(edge: edge).learn(
                        from: try order.architecture.policy(tensors), shouldStop: { isStopped.isSet })
                    return Outcome(
                        tensors: learnt.network.parameters.map(\.tensor), samples: learnt.samples, loss: learnt.loss,
                        steps: learnt.steps, meanReturn: learnt.meanReturn, episodes: learnt.episodes)
                }
                var network = try order.architecture.network(tensors)
                let baseLoss =
                    order.reportsBaseLoss == true
                    ? try network.evaluate(
                        on: data, batchSize: order.architecture.judgingBatch, shouldStop: { isStopped.isSet }
                    ).loss : nil
                let report = try network.train(
                    on: data, options: options, shouldStop: { isStopped.isSet }, progress: { _ in })
                return Outcome(
                    tensors: network.parameters.map(\.tensor), samples: data.count, loss: report.loss,
                    steps: report.steps, baseLoss: baseLoss)
            }
        } onCancel: {
            isStopped.set()
        }
        try Task.checkCancellation()
        return result
    }

    // MARK: - Delivery

    /// Repeats the notice until the core gives a verdict. Then the update, and everything before it, can go.
    private func deliver(_ notice: UpdateNotice, timeout: Duration, trace: TraceID) async {
        let reference = notice.reference
        let logger = logger.with(["job": reference.job.text, "round": "\(reference.round)"])
        let end = ContinuousClock.now + timeout
        let patience = RetryPolicy(base: .milliseconds(200), maximum: .seconds(2), attempts: nil)
        var generator = SystemRandomNumberGenerator()
        var attempt = 0
        while !Task.isCancelled && ContinuousClock.now < end {
            do {
                try await bus.ready(.core, timeout: end - .now)
                let verdict = try await bus.call(
                    FedLearnContract.update, notice, to: .peer(.core), timeout: .seconds(120), trace: trace
                ).body
                if verdict.isJobOver {
                    try await forget(reference.jobUID)
                    logger.info("job is over")
                } else if verdict.isAccepted {
                    try await storage.forget(job: reference.jobUID, before: reference.round)
                    let transfer = ModelTransfer(bus: bus, trace: trace)
                    for past in max(0, reference.round - 2)..<reference.round {
                        try await transfer.release("\(Job.referencePrefix(reference.jobUID))\(past)/")
                    }
                } else {
                    logger.warning("the core refused the update", ["reason": verdict.reason])
                }
                return
            } catch {
                guard !Task.isCancelled else { return }
                if (error as? any ModuleError)?.isRetriable != true {
                    logger.error("the update cannot be delivered", error: error)
                    return
                }
                logger.debug("delivering again", error: error)
                let pause = patience.delay(beforeRetry: min(attempt, 8), using: &generator) ?? .seconds(1)
                attempt += 1
                do { try await Task.sleep(for: pause) } catch { return }
            }
        }
    }
}

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
    private let bus: Bus
    private let edge: Name
    private let storage: UpdateStorage
    private let datasets: any DatasetProvider
    private let logger: Logger
    private let training = ThreadExecutor(name: "training")
    /// The round each job is at, by the job's uid.
    private var active: [String: Activity] = [:]
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

    /// - Parameter edge: this edge's name; it is part of the seed of everything it trains.
    public init(bus: Bus, edge: Name, database: Database, datasets: any DatasetProvider, logger: Logger) {
        self.bus = bus
        self.edge = edge
        storage = UpdateStorage(database: database)
        self.datasets = datasets
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
    }

    /// Trains and delivers until cancelled. On every connection the core counts what it has not of what was trained, and says
    /// which jobs are over.
    public func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { [self] in
                for await event in bus.peerEvents() {
                    if case .connected(.core) = event { try await repeatNotices() }
                }
            }
            for await work in works {
                group.addTask { [self] in
                    switch work {
                    case .train(let order, let trace, let stopped):
                        await Self.race(stopped) { [self] in await train(order, trace: trace) }
                        await ended(order.reference, base: order.manifest)
                    case .deliver(let notice, let stopped):
                        await Self.race(stopped) { [self] in
                            await deliver(notice, timeout: .seconds(3600), trace: .none)
                        }
                        await ended(notice.reference, base: nil)
                    }
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

    /// Runs `work` until it ends or `stopped` does, which cancels it.
    private static func race(_ stopped: AsyncStream<Void>, _ work: @escaping @Sendable () async -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask(operation: work)
            group.addTask { for await _ in stopped {} }
            await group.next()
            group.cancelAll()
        }
    }

    private static func requireCore(_ peer: PeerID) throws {
        guard peer == .core else {
            throw FedLearnError("refused", "only the core orders training, not '\(peer)'")
        }
    }

    // MARK: - Orders

    private func accept(_ order: TrainOrder, trace: TraceID) async throws -> TrainAcceptance {
        let reference = order.reference
        let data = try await data(for: order)
        if let current = active[reference.jobUID], current.round == reference.round, current.base == order.manifest {
            return TrainAcceptance(samples: data.count)
        }
        active[reference.jobUID]?.stop.finish()
        let (stopped, stop) = AsyncStream<Void>.makeStream()
        active[reference.jobUID] = Activity(round: reference.round, base: order.manifest, stop: stop)
        queue.yield(.train(order, trace, stopped))
        return TrainAcceptance(samples: data.count)
    }

    /// The order's data, checked against what the job says of it.
    private func data(for order: TrainOrder) async throws -> LabelledData {
        let data = try await datasets.load(order.dataset)
        guard data.featureCount == order.features, data.classCount <= order.classes, data.count > 0 else {
            throw FedLearnError(
                "wrong-shape",
                "data set '\(order.dataset)' has \(data.count) samples of \(data.featureCount) features in "
                    + "\(data.classCount) classes; the job's model takes \(order.features) features in \(order.classes)"
            )
        }
        return try data.withClasses(order.classes)
    }

    private func ended(_ reference: RoundReference, base: Digest?) {
        guard let current = active[reference.jobUID], current.round == reference.round, current.base == base else {
            return
        }
        active[reference.jobUID] = nil
    }

    private func abandon(_ reference: RoundReference) async throws {
        active.removeValue(forKey: reference.jobUID)?.stop.finish()
        try await forget(reference)
    }

    /// Drops everything that was kept for a job.
    private func forget(_ reference: RoundReference) async throws {
        try await storage.forget(job: reference.jobUID)
        try await ModelTransfer(bus: bus, trace: .none).release(Self.prefix(reference.jobUID))
        await datasets.forget()
        logger.info("job is over", ["job": reference.job.text])
    }

    private static func prefix(_ uid: String) -> String { "fedlearn/\(uid)/" }

    // MARK: - Training

    private func train(_ order: TrainOrder, trace: TraceID) async {
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
        } catch let error as any ModuleError where error.isRetriable {
            // A full disk, a lost connection: the core waits until the round's deadline, so there is time to try again.
            guard !Task.isCancelled else { return }
            logger.warning("the round is tried again", error: error)
            do { try await Task.sleep(for: .seconds(1)) } catch { return }
            await train(order, trace: trace)
        } catch {
            guard !Task.isCancelled else { return }
            logger.error("the round could not be trained", error: error)
            do {
                _ = try await bus.call(
                    FedLearnContract.decline, DeclineNotice(reference: reference, failure: Failure(error)),
                    to: .peer(.core), retry: RetryPolicy(), trace: trace)
            } catch { logger.warning("the core could not be told", error: error) }
        }
    }

    /// Fetches the global model, trains it on the local data and publishes the update, durably.
    private func trained(_ order: TrainOrder, trace: TraceID, logger: Logger) async throws -> UpdateNotice {
        let reference = order.reference
        let transfer = ModelTransfer(bus: bus, trace: trace)
        let reply = try await transfer.fetch(
            order.manifest, from: .core, reference: "\(Self.prefix(reference.jobUID))\(reference.round)/global",
            expecting: order.architecture, timeout: .seconds(order.deadlineSeconds))
        let tensors = try await transfer.read(reply.manifest)
        let data = try await data(for: order)
        let started = ContinuousClock.now
        let (trained, loss) = try await fit(tensors, to: data, order)
        let seconds = (ContinuousClock.now - started).seconds
        let update = try await transfer.publish(
            trained, of: order.architecture,
            reference: "\(Self.prefix(reference.jobUID))\(reference.round)/update")
        let notice = UpdateNotice(
            reference: reference, manifest: update.digest, samples: data.count, loss: loss, trainSeconds: seconds,
            fetchedBytes: reply.movedBytes)
        try await storage.save(notice, base: order.manifest)
        logger.info("round trained", ["samples": "\(data.count)", "loss": "\(loss)", "seconds": "\(seconds)"])
        return notice
    }

    private func fit(
        _ tensors: [Tensor], to data: LabelledData, _ order: TrainOrder
    ) async throws -> ([Tensor], loss: Double) {
        let isStopped = CancellationFlag()
        // One stream per job, round and edge: the shuffle never repeats and never depends on when the edge was asked.
        let options = order.optimizer.training(
            seed: order.seed, streams: [order.reference.job.text, "\(order.reference.round)", edge.text])
        let result = try await withTaskCancellationHandler {
            try await training.run {
                var network = try order.architecture.network(tensors)
                let report = try network.train(on: data, options: options, shouldStop: { isStopped.isSet })
                return (network.parameters.map(\.tensor), report.loss)
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
                    try await forget(reference)
                } else if verdict.isAccepted {
                    try await storage.forget(job: reference.jobUID, before: reference.round)
                    let transfer = ModelTransfer(bus: bus, trace: trace)
                    for past in max(0, reference.round - 2)..<reference.round {
                        try await transfer.release("\(Self.prefix(reference.jobUID))\(past)/")
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

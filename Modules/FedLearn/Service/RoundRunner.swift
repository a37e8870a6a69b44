import Contracts
import Core
import MessageBus
import Telemetry
import Tensor

/// Runs one round: plan, ask, collect, aggregate, commit.
struct RoundRunner: Sendable {
    /// Too few updates came; the round is asked again.
    struct Repeat: Error {
        var reason: String
        /// The edges answered, and would answer the same again.
        var isRefused: Bool
    }

    /// How often a round is refused before the job gives up on it. Deadlines that pass are waited out for ever.
    private static let refusals = 10

    let runner: JobRunner
    let judge: Judge?

    var coordinator: FedLearnCoordinator { runner.coordinator }
    var bus: Bus { runner.bus }

    /// - Throws: `FedLearnError` `round-failed` when the round was repeated too often.
    func run(round: Int) async throws {
        let patience = RetryPolicy(base: .seconds(1), maximum: .seconds(20), attempts: nil)
        var generator = SystemRandomNumberGenerator()
        var last = ""
        var refusals = 0
        var attempt = 0
        while refusals < Self.refusals {
            do {
                try await attemptRound(round)
                return
            } catch let error as Repeat {
                attempt += 1
                if error.isRefused { refusals += 1 }
                last = error.reason
                coordinator.metrics.repeatedRounds.increment()
                let job = try await runner.currentJob()
                coordinator.logger(for: job).warning(
                    "round is repeated", ["round": "\(round)", "attempt": "\(attempt)", "reason": last])
                await runner.show(job) { $0.set("Progressing", false, "RoundRepeated", last, at: runner.now) }
                let pause = patience.delay(beforeRetry: min(attempt, 8), using: &generator) ?? .seconds(20)
                try await Task.sleep(for: .milliseconds(200) + pause)
            }
        }
        throw FedLearnError(
            "round-failed",
            "round \(round) was refused \(Self.refusals) times; last: \(last). Apply the job again once that is mended")
    }

    private func attemptRound(_ round: Int) async throws {
        var job = try await runner.currentJob()
        var open = try await coordinator.storage.openRound(of: job.uid)
        if open == nil {
            let (plan, planned) = try await plan(job)
            job = planned
            await leave(Set(job.header.placement?.chosen ?? []).subtracting(plan.chosen), job)
            job.header.placement = plan
            if round == 1 { job.header.forecast = plan.prediction }
            job.header.set("Progressing", true, "RoundStarted", "round \(round) of \(job.spec.rounds)", at: runner.now)
            let base = job.rounds.last?.manifest ?? job.header.initialManifest
            guard let base else { throw FedLearnError("corrupt", "job '\(job.name)' runs without an initial model") }
            let participants = job.spec.drawn(from: plan.chosen, round: round)
            let fresh = OpenRound(round: round, participants: participants, base: base, started: runner.now)
            try await coordinator.storage.begin(fresh, of: job)
            open = fresh
        }
        let opened = ContinuousClock.now
        guard let open, open.round == round else {
            throw FedLearnError("corrupt", "job '\(job.name)' has an open round other than \(round); restore a backup")
        }
        let base = try await mender(job).whole(
            open.base, from: open.participants + job.knownEdges, reference: job.globalReference(round: round - 1),
            tags: job.tags(.model, round: round - 1))
        let strategy = try coordinator.strategies.strategy(of: job.spec)
        if !open.isAggregating {
            let absences = try await collect(open, base: base, duties: strategy.duties, job: &job)
            try await coordinator.storage.close(job.reference(round: round), absences: absences)
        }
        try await commit(open, base: base, strategy: strategy, job: job, opened: opened)
    }

    func mender(_ job: Job) throws -> ModelMender {
        ModelMender(
            transfer: ModelTransfer(bus: bus, trace: job.traceID), tensors: try job.architecture.tensors,
            timeout: job.spec.deadline, logger: coordinator.logger(for: job))
    }

    /// Waits until enough edges are eligible and have room, which is then held for the job.
    func plan(_ job: Job) async throws -> (PlacementPlan, Job) {
        var (lastReason, lastWord) = ("", "")
        let ahead = ModelsAhead(bus: bus, logger: coordinator.logger(for: job))
        while true {
            let job = try await runner.currentJob()
            var plan = try await bus.call(
                PlacementContract.reserve, job.placementRequest(), trace: job.traceID
            ).body
            plan.typeReason = job.header.typeReason ?? plan.typeReason
            guard plan.trainingType == job.trainingType else {
                throw FedLearnError(
                    "unsupported",
                    "placement takes the job for '\(plan.trainingType.rawValue)' (\(plan.typeReason)), but as its spec is, it can "
                        + "run only as '\(job.trainingType.rawValue)'; say so in spec.trainingType")
            }
            let isEnough =
                plan.wait == nil && plan.pending.isEmpty && plan.chosen.count >= job.spec.minimumClients
            // While the others are waited for, those that are planned fetch the model.
            await ahead.follow(plan, job, begins: !isEnough)
            if isEnough { return (plan, job) }
            let reason =
                plan.wait?.reason
                ?? (plan.pending.isEmpty
                    ? "\(plan.chosen.count) of at least \(job.spec.minimumClients) edges are eligible: "
                        + (plan.decisions.isEmpty
                            ? "none has joined"
                            : plan.decisions.filter { $0.outcome != .chosen }.map { "\($0.edge): \($0.reason)" }.joined(
                                separator: "; "))
                    : "waiting for \(plan.pending.map(\.text).joined(separator: ", ")) to reconnect")
            if reason != lastReason {
                let isForever = plan.wait?.isForever == true
                let word = isForever ? "ExceedsQuota" : plan.wait == nil ? "WaitingForEdges" : "WaitingForRoom"
                // A place in the queue changes all the time; the log says once that there is one.
                if word != lastWord || plan.wait == nil {
                    let message = isForever ? "the job can never run as it is" : "waiting for edges"
                    coordinator.logger(for: job).info(message, ["reason": reason])
                }
                (lastReason, lastWord) = (reason, word)
                var shown = job
                shown.header.placement = plan
                await runner.show(shown) { $0.set("Progressing", false, word, reason, at: runner.now) }
            }
            try await Task.sleep(for: .seconds(plan.wait?.retrySeconds ?? 0.2))
        }
    }

    /// Tells edges that the job has moved away from, which then keep nothing for it. Best effort, as at the job's end.
    private func leave(_ edges: Set<Name>, _ job: Job) async {
        for edge in edges.sorted() where bus.isConnected(PeerID(edge)) {
            do {
                _ = try await bus.call(
                    FedLearnContract.abandon, job.reference(round: job.rounds.count), to: .peer(PeerID(edge)),
                    timeout: .seconds(2), trace: job.traceID)
            } catch {
                coordinator.logger(for: job).debug(
                    "could not tell an edge that the job has moved", ["edge": edge.text], error: error)
            }
        }
    }

    // MARK: - Collecting

    /// Asks every participant and waits until each has delivered or declined, or the deadline passes.
    /// - Returns: who is absent and why.
    private func collect(
        _ open: OpenRound, base: Manifest, duties: ClientDuties, job: inout Job
    ) async throws -> [Name: String] {
        let reference = job.reference(round: open.round)
        let (events, mailbox) = AsyncStream<RoundEvent>.makeStream()
        // Open before reading what was counted: an update that lands in between is seen twice, never missed.
        await coordinator.open(open, of: job.uid, base: base, mailbox)
        let counted = try await coordinator.storage.updates(in: reference).map(\.edge)
        var machine = RoundMachine(
            participants: open.participants, minimum: job.spec.minimumClients,
            enough: job.spec.enoughUpdates(of: open.participants.count), contributors: Set(counted))
        var order = TrainOrder(
            reference: reference, model: job.spec.model, manifest: open.base, modelBytes: job.architecture.bytes,
            dataset: job.spec.data?.dataset, features: job.spec.features, classes: job.spec.classes,
            optimizer: job.spec.optimizer(round: open.round), seed: job.spec.seed ?? 0,
            deadlineSeconds: job.spec.deadline.seconds, sync: job.spec.sync,
            exclusiveThreads: job.spec.exclusiveThreads, proximal: duties.proximal,
            reportsBaseLoss: duties.reportsBaseLoss ? true : nil, compression: job.compression)
        order.tensors = job.header.tensors
        order.trainingType = job.trainingType
        if job.spec.transfer != nil {
            let tensors = try job.architecture.tensors
            order.frozen = job.spec.frozenIndices(of: tensors).map { tensors[$0].name }
        }
        (order.environment, order.reinforcement) = (job.spec.environment, job.spec.reinforcement)
        var lasts: [Name: Int]?
        if let name = duties.controlVariate {
            order.controlVariate = ControlOrder(manifest: job.rounds.last?.state?[name])
        }
        if job.codec?.keepsResidual == true || job.spec.model.personal != nil || order.controlVariate != nil {
            lasts = try await coordinator.storage.lastContributions(to: job.uid)
        }
        job.current = Self.current(open.round, "Training", machine)
        await coordinator.show(job)
        coordinator.logger(for: job).info(
            "round opened",
            ["round": "\(open.round)", "edges": open.participants.map(\.text).joined(separator: ",")])

        var step = machine.settled()
        let (deadline, trace, logger) = (job.spec.deadline, job.traceID, coordinator.logger(for: job))
        if step == .wait {
            step = try await withThrowingTaskGroup(of: Void.self) { group in
                defer { group.cancelAll() }
                let ask: @Sendable (Name) async -> Void = { [bus, order, lasts] edge in
                    var order = order
                    order.lastCounted = lasts.map { $0[edge] ?? 0 }
                    await Asking(bus: bus, edge: edge, order: order, trace: trace, logger: logger).run(mailbox)
                }
                for edge in open.participants where !machine.contributors.contains(edge) {
                    group.addTask { await ask(edge) }
                }
                var mends = Mends()
                group.addTask {
                    try await Task.sleep(for: deadline)
                    mailbox.yield(.deadline)
                }
                for await event in events {
                    let step: RoundMachine.Step
                    switch event {
                    case .contributed(let edge):
                        step = machine.contributed(edge)
                        await coordinator.settleMemory()
                    case .declined(let edge, let failure):
                        if mends.mayHelp(edge, failure), await mend(open, job) {
                            group.addTask { await ask(edge) }
                            continue
                        }
                        step = machine.declined(edge, reason: failure.message)
                    case .deadline: step = machine.deadlinePassed(deadline)
                    }
                    job.current = Self.current(open.round, "Training", machine)
                    await coordinator.show(job)
                    if step != .wait { return step }
                }
                throw CancellationError()
            }
        }
        await coordinator.closeRound(of: job.uid)
        try Task.checkCancellation()
        if case .repeatRound(let reason, let isRefused) = step {
            // Ask whoever is eligible by then; what was counted stays counted.
            let (plan, planned) = try await plan(job)
            var wider = open
            let heard = Set(machine.absences.keys)
            let others = plan.chosen.filter { !heard.contains($0) && !machine.contributors.contains($0) }
            let chosen =
                job.spec.clients?.fraction == nil || others.isEmpty
                ? plan.chosen : job.spec.drawn(from: others, round: open.round)
            wider.participants = Set(chosen).union(machine.contributors).sorted()
            try await coordinator.storage.begin(wider, of: planned)
            throw Repeat(reason: reason, isRefused: isRefused)
        }
        return machine.absences
    }

    /// Which edges were asked again because the core could not send them the model.
    private struct Mends {
        private static let limit = 3
        private var counts: [Name: Int] = [:]

        mutating func mayHelp(_ edge: Name, _ failure: Failure) -> Bool {
            guard ModelMender.isLoss(failure.code), counts[edge, default: 0] < Self.limit else { return false }
            counts[edge, default: 0] += 1
            return true
        }
    }

    /// Brings back what the core lost of the model that a round starts from.
    /// - Returns: whether all of it is here.
    private func mend(_ open: OpenRound, _ job: Job) async -> Bool {
        do {
            _ = try await mender(job).whole(
                open.base, from: open.participants + job.knownEdges,
                reference: job.globalReference(round: open.round - 1), tags: job.tags(.model, round: open.round - 1))
            return true
        } catch {
            // The round is refused and begun again, and that says it once more, for the job to fail.
            coordinator.logger(for: job).error("the global model is damaged", error: error)
            return false
        }
    }

    private static func current(_ round: Int, _ state: String, _ machine: RoundMachine) -> CurrentRound {
        CurrentRound(
            round: round, state: state, participants: machine.participants, received: machine.contributors.sorted())
    }
}

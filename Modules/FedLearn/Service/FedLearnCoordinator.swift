import Contracts
public import Core
public import MessageBus
public import Store
public import Telemetry

/// The core's side of federated learning: keeps the jobs, runs their rounds, counts the updates.
///
/// Each job is one `JobRunner`; this actor owns what they share: the jobs' state, the open rounds' mailboxes, and the calls
/// from outside. A job's document is changed by `apply` alone; its header and rounds by its runner alone, so that neither
/// overwrites the other across an `await`.
public actor FedLearnCoordinator {
    let bus: Bus
    let storage: JobStorage
    let datasets: any DatasetProvider
    let logger: Logger
    let metrics: FedLearnMetrics
    let wallClock: any WallClock
    let strategies: StrategyCatalogue
    /// The most bytes of updates in memory while they are aggregated.
    let aggregationMemory: Int
    let changes = ChangeFeed<Name, ResourceRecord>()
    /// Where evaluation and the baseline's training run, off the cooperative pool.
    let computing = ThreadExecutor(name: "fedlearn")
    private let releaseMemory: @Sendable () -> Void
    private var jobs: [Name: Job] = [:]
    private var mailboxes: [String: Mailbox] = [:]
    private var stops: [String: AsyncStream<Void>.Continuation] = [:]
    /// Jobs that must have no runner now, and who waits for theirs to end.
    private var halting: [String: Int] = [:]
    private var endings: [String: [CheckedContinuation<Void, Never>]] = [:]
    /// Jobs that changed while their runner was about to end.
    private var restarts: Set<String> = []
    /// Update notices that are being fetched, so that an impatient repetition joins instead of fetching twice.
    private var receiving: Set<UpdateNotice> = []
    private let starts: AsyncStream<Name>
    private let start: AsyncStream<Name>.Continuation

    private struct Mailbox {
        var round: Int
        var participants: Set<Name>
        var base: Manifest
        var opened = ContinuousClock.now
        var continuation: AsyncStream<RoundEvent>.Continuation
    }

    /// Loads the jobs of the run before.
    /// - Parameter releaseMemory: gives free memory back to the system; called between moving models and averaging them,
    ///   which both take much and at different times, and when a job ends. It may block.
    /// - Parameters:
    ///   - strategies: those that jobs may name.
    ///   - aggregationMemory: the most bytes of one job's updates in memory while they are aggregated; beside them are the new
    ///     model and what its strategy keeps.
    public init(
        bus: Bus, database: Database, datasets: any DatasetProvider, strategies: StrategyCatalogue = .standard,
        aggregationMemory: Int = 64 << 20, wallClock: any WallClock = SystemWallClock(),
        logger: Logger, metrics: MetricsRegistry = MetricsRegistry(),
        releaseMemory: @escaping @Sendable () -> Void = {}
    ) async throws {
        self.releaseMemory = releaseMemory
        self.metrics = FedLearnMetrics(metrics)
        self.bus = bus
        storage = JobStorage(database: database)
        self.datasets = datasets
        self.logger = logger.with(["service": "fedlearn"])
        self.wallClock = wallClock
        self.strategies = strategies
        self.aggregationMemory = aggregationMemory
        (starts, start) = AsyncStream.makeStream()
        for job in try await storage.loadJobs() {
            jobs[job.name] = job
            if job.hasWork { start.yield(job.name) }
        }
    }

    /// Registers the calls this service answers. Call before the bus runs.
    public nonisolated func register() {
        bus.handle(FedLearnContract.update) { [self] request in try await update(request) }
        bus.handle(FedLearnContract.decline) { [self] (request: Inbound<DeclineNotice>) -> Empty in
            let notice = request.body
            await post(.declined(try Name(request.peer.text), notice.failure), to: notice.reference)
            return Empty()
        }
        bus.handle(FedLearnContract.finished) { [self] (request: Inbound<JobList>) -> JobList in
            await finished(among: request.body)
        }
        registerResource()
        registerControl()
    }

    /// Runs every job that is not finished, until cancelled.
    public func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { [self] in try await renewReservations() }
            for await name in starts {
                guard let job = jobs[name], job.hasWork, halting[job.uid] == nil else { continue }
                guard stops[job.uid] == nil else {
                    restarts.insert(job.uid)
                    continue
                }
                let (stopped, stop) = AsyncStream<Void>.makeStream()
                stops[job.uid] = stop
                group.addTask { [self] in await runJob(uid: job.uid, name: name, until: stopped) }
            }
        }
    }

    /// Runs one job until it is finished or deleted, whichever is first.
    private nonisolated func runJob(uid: String, name: Name, until stopped: AsyncStream<Void>) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [self] in await JobRunner(coordinator: self, bus: bus, uid: uid, name: name).run() }
            group.addTask { for await _ in stopped {} }
            await group.next()
            group.cancelAll()
        }
        await ended(uid, name)
    }

    /// Has a job run on if it has work.
    func begin(_ name: Name) { start.yield(name) }

    /// Stops a job's runner and keeps others from beginning while `body` runs.
    func withoutRunner(_ job: Job, _ body: () async throws -> Void) async throws {
        halting[job.uid, default: 0] += 1
        if let stop = stops[job.uid] {
            await withCheckedContinuation { continuation in
                endings[job.uid, default: []].append(continuation)
                stop.finish()
            }
        }
        defer {
            halting[job.uid, default: 1] -= 1
            if halting[job.uid] == 0 { halting[job.uid] = nil }
            // Whatever it is now: a change may have been passed over meanwhile.
            begin(job.name)
        }
        try await body()
    }

    private func ended(_ uid: String, _ name: Name) async {
        stops.removeValue(forKey: uid)?.finish()
        endings.removeValue(forKey: uid)?.forEach { $0.resume() }
        if restarts.remove(uid) != nil { start.yield(name) }
        guard job(uid: uid, name: name) == nil else { return }
        // The job was deleted; whatever its runner published meanwhile goes too.
        do {
            try await ModelTransfer(bus: bus, trace: .none).release(Job.referencePrefix(uid))
        } catch { logger.warning("shards of a deleted job remain", ["job": name.text], error: error) }
    }

    /// Tells placement, several times within a lease, which jobs are alive, however long their rounds take.
    private func renewReservations() async throws {
        while true {
            try await Task.sleep(for: .seconds(5), tolerance: .seconds(1))
            let live = jobs.values.filter(\.hasWork).map(\.uid)
            guard !live.isEmpty else { continue }
            do { _ = try await bus.call(PlacementContract.renew, JobList(jobs: live)) } catch {
                logger.warning("the jobs' reservations could not be renewed", error: error)
            }
        }
    }

    /// The job needs nothing of its edges any more. Best effort: what is not released runs out.
    nonisolated func releaseEdges(of job: Job) async {
        do {
            _ = try await bus.call(PlacementContract.release, JobList(jobs: [job.uid]), trace: job.traceID)
        } catch { logger.warning("a job's reservation stays until it runs out", ["job": job.name.text], error: error) }
    }

    /// Gives free memory back to the system.
    nonisolated func settleMemory() async {
        let release = releaseMemory
        // It cannot fail: `release` does not throw.
        try? await computing.run { release() }
    }

    // MARK: - Jobs

    /// Those jobs that need nothing more from an edge: finished, failed or unknown.
    private func finished(among list: JobList) -> JobList {
        let live = Set(jobs.values.filter(\.hasWork).map(\.uid))
        let known = Set(jobs.values.map(\.uid))
        return JobList(
            jobs: list.jobs.filter { !live.contains($0) }, deleted: list.jobs.filter { !known.contains($0) })
    }

    var allJobs: [Job] { jobs.values.sorted { $0.name < $1.name } }

    func job(named name: String) throws -> Job {
        // `try?`: what is no name is no job's either.
        guard let key = try? Name(name), let job = jobs[key] else { throw FedLearnError.unknownJob(name) }
        return job
    }

    /// The job with this `uid`, unless it was deleted meanwhile.
    func job(uid: String, name: Name) -> Job? { jobs[name].flatMap { $0.uid == uid ? $0 : nil } }

    func add(_ job: Job) async throws {
        try await storage.insert(job)
        jobs[job.name] = job
        start.yield(job.name)
        announce(job.name)
    }

    /// Stores what the user changed and runs the job on if that gives it work.
    func replace(_ document: TrainingJobDocument, of uid: String) async throws {
        try await storage.update(document, of: uid)
        let name = document.metadata.name
        guard jobs[name]?.uid == uid else { return }
        jobs[name]?.document = document
        if var job = jobs[name], [.failed, .cancelled].contains(job.phase), stops[uid] == nil {
            job.header.phase = .running
            job.header.set("Progressing", true, "AppliedAgain", "tried again", at: wallClock.now())
            try await save(job)
        }
        announce(name)
        start.yield(name)
    }

    /// Stores the header that the job's runner changed, and shows the job.
    func save(_ job: Job) async throws {
        try await storage.update(job.header, of: job.uid)
        show(job)
    }

    /// Shows what a job's runner says of it: stored already, or following from what is.
    func show(_ job: Job) {
        guard var shown = jobs[job.name], shown.uid == job.uid else { return }
        shown.header = job.header
        shown.rounds = job.rounds
        shown.current = job.current
        jobs[job.name] = shown
        announce(job.name)
    }

    func remove(_ name: String) async throws {
        let job = try job(named: name)
        try await storage.delete(job.uid)
        jobs[job.name] = nil
        stops[job.uid]?.finish()
        changes.finish(job.name)
        await releaseEdges(of: job)
        let reference = job.reference(round: job.current?.round ?? 0)
        for edge in job.knownEdges where bus.isConnected(PeerID(edge)) {
            do {
                _ = try await bus.call(
                    FedLearnContract.abandon, reference, to: .peer(PeerID(edge)), timeout: .seconds(2))
                await ModelsAhead.cancel(job, at: edge, bus, logger)
            } catch { logger.debug("could not tell an edge that a job is gone", ["edge": edge.text], error: error) }
        }
        try await ModelTransfer(bus: bus, trace: job.traceID).release(Job.referencePrefix(job.uid))
        logger.notice("job deleted", ["job": name])
    }

    private func announce(_ name: Name) {
        guard changes.hasListeners(of: name), let job = jobs[name] else { return }
        do { changes.send(try job.record(), for: name) } catch {
            logger.error("a job's status could not be encoded", ["job": name.text], error: error)
        }
    }

    // MARK: - Rounds

    func open(_ round: OpenRound, of uid: String, base: Manifest, _ mailbox: AsyncStream<RoundEvent>.Continuation) {
        mailboxes[uid] = Mailbox(
            round: round.round, participants: Set(round.participants), base: base, continuation: mailbox)
    }

    func closeRound(of uid: String) { mailboxes.removeValue(forKey: uid)?.continuation.finish() }

    private func post(_ event: RoundEvent, to reference: RoundReference) {
        guard let mailbox = mailboxes[reference.jobUID], mailbox.round == reference.round else { return }
        mailbox.continuation.yield(event)
    }

    /// An edge has an update: fetch it, check it, count it. The edge repeats its notice until it gets a verdict.
    private func update(_ request: Inbound<UpdateNotice>) async throws -> UpdateVerdict {
        let notice = request.body
        let edge = try Name(request.peer.text)
        guard let job = job(uid: notice.reference.jobUID, name: notice.reference.job) else {
            return UpdateVerdict(isAccepted: false, reason: "there is no such job any more", isJobOver: true)
        }
        let counted = try await storage.updates(in: notice.reference)
        if counted.contains(where: { $0.edge == edge }) {
            return UpdateVerdict(isAccepted: true, reason: "counted already", isJobOver: !job.hasWork)
        }
        guard let mailbox = mailboxes[job.uid], mailbox.round == notice.reference.round,
            mailbox.participants.contains(edge)
        else {
            return UpdateVerdict(
                isAccepted: false, reason: "round \(notice.reference.round) is not open to '\(edge)'",
                isJobOver: !job.hasWork)
        }
        guard receiving.insert(notice).inserted else {
            throw FedLearnError("in-progress", "this update is being fetched", isRetriable: true)
        }
        defer { receiving.remove(notice) }
        let verdict: UpdateVerdict
        do {
            verdict = try await receive(notice, from: edge, of: job, mailbox)
        } catch let error as any ModuleError where !error.isRetriable {
            verdict = UpdateVerdict(isAccepted: false, reason: error.message)
        }
        if verdict.isAccepted {
            metrics.countedUpdates.increment()
            post(.contributed(edge), to: notice.reference)
        } else {
            metrics.refusedUpdates.increment()
            logger.warning(
                "update refused",
                [
                    "job": job.name.text, "edge": edge.text, "round": "\(notice.reference.round)",
                    "reason": verdict.reason,
                ])
            post(
                .declined(edge, Failure(code: "refused", message: verdict.reason)), to: notice.reference)
        }
        return verdict
    }

    private func receive(
        _ notice: UpdateNotice, from edge: Name, of job: Job, _ mailbox: Mailbox
    ) async throws -> UpdateVerdict {
        guard (1...1_000_000_000_000).contains(notice.samples), notice.loss.isFinite, notice.loss >= 0 else {
            return UpdateVerdict(
                isAccepted: false, reason: "it claims \(notice.samples) samples and a loss of \(notice.loss)")
        }
        if let lie = try job.lie(in: notice, from: edge, duties: strategies.strategy(of: job.spec).duties) {
            return UpdateVerdict(isAccepted: false, reason: lie)
        }
        let transfer = ModelTransfer(bus: bus, trace: job.traceID)
        let reply = try await transfer.fetch(
            notice.manifest, from: PeerID(edge),
            reference: job.updatePrefix(round: notice.reference.round) + edge.text,
            expecting: job.updateTensors, timeout: job.spec.deadline,
            tags: job.tags(.update, round: notice.reference.round))
        if let codec = job.codec {
            let kept = Set(job.spec.withheldIndices(of: mailbox.base.tensors))
            let encoded = EncodedUpdates(
                codec: codec, base: mailbox.base, updates: [reply.manifest], kept: kept,
                read: { try await transfer.shard($0) })
            if let fault = try await encoded.fault(in: 0) {
                return UpdateVerdict(isAccepted: false, reason: "its update cannot be decoded: \(fault)")
            }
        } else if !reply.manifest.isCutLike(mailbox.base) {
            return UpdateVerdict(isAccepted: false, reason: "its shards are cut differently from the global model's")
        }
        let isCounted = try await storage.count(
            CountedUpdate(
                edge: edge, manifest: notice.manifest, samples: notice.samples, loss: notice.loss,
                bytes: reply.movedBytes, fetchedBytes: notice.fetchedBytes, trainSeconds: notice.trainSeconds,
                totalSeconds: (ContinuousClock.now - mailbox.opened).seconds,
                steps: notice.steps ?? job.spec.steps(samples: notice.samples), baseLoss: notice.baseLoss,
                meanReturn: notice.meanReturn, episodes: notice.episodes),
            in: notice.reference)
        return isCounted
            ? UpdateVerdict(isAccepted: true, reason: "counted")
            : UpdateVerdict(isAccepted: false, reason: "round \(notice.reference.round) has closed")
    }
}

/// What a runner learns of its open round.
enum RoundEvent: Sendable {
    case contributed(Name)
    case declined(Name, Failure)
    case deadline
}

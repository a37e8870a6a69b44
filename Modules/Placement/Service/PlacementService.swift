import Contracts
public import Core
public import MessageBus
public import Store
public import Telemetry

/// Answers where a job should run, from the live topology, and keeps what jobs hold.
///
/// Decisions are made one at a time, in memory, and stored before they are told: callers that race never get the same room, and
/// what was told is known again after a crash.
public actor PlacementService {
    private let bus: Bus
    private let storage: ReservationStorage
    private let profileStorage: ProfileStorage
    private let classifier: TrainingTypeClassifier
    private let quotas: [Name: GroupQuota]
    private let logger: Logger
    private let startTime: Timestamp
    private let start = ContinuousClock.now
    private var desk: PlacementDesk
    /// Jobs whose rows are not what memory says.
    private var unsaved: Set<String> = []
    private var isSaving = false
    private var savers: [CheckedContinuation<Void, Never>] = []
    private var forecaster = RoundForecaster()
    private var snapshot: (value: TopologySnapshot, taken: ContinuousClock.Instant)?

    /// Loads what was held, and learned, in the runs before.
    /// - Parameter rules: the text of a file with an operator's own rules for training types; `nil` for those that are shipped.
    /// - Throws: `PlacementError` for rules or settings that cannot be used.
    public init(
        bus: Bus, database: Database, settings: PlacementSettings = PlacementSettings(), rules: [UInt8]? = nil,
        wallClock: any WallClock = SystemWallClock(), logger: Logger
    ) async throws {
        self.bus = bus
        self.logger = logger.with(["service": "placement"])
        quotas = try settings.groupQuotas
        storage = ReservationStorage(database: database)
        classifier = TrainingTypeClassifier(try rules.map { try TrainingTypeRules(json: $0) } ?? .shipped())
        startTime = wallClock.now()
        profileStorage = ProfileStorage(database: database)
        let learned = try await profileStorage.load()
        if learned.skipped > 0 {
            self.logger.warning(
                "some of what was learned cannot be read and does not count", ["rows": String(learned.skipped)])
        }
        forecaster.restore(learned.entries, scores: learned.scores)
        desk = PlacementDesk(try await storage.load(), lease: .seconds(settings.leaseSeconds), now: startTime)
    }

    /// Registers the calls this service answers. Call before the bus runs.
    public nonisolated func register() {
        bus.handle(PlacementContract.plan) { [self] (request: Inbound<PlacementRequest>) -> PlacementPlan in
            try await plan(request.body, request.trace)
        }
        bus.handle(PlacementContract.reserve) { [self] (request: Inbound<PlacementRequest>) -> PlacementPlan in
            try await reserve(request.body, request.trace)
        }
        bus.handle(PlacementContract.renew) { [self] (request: Inbound<JobList>) -> Empty in
            await renew(request.body.jobs)
            return Empty()
        }
        bus.handle(PlacementContract.release) { [self] (request: Inbound<JobList>) -> Empty in
            try await release(request.body.jobs)
            return Empty()
        }
        bus.handle(PlacementContract.record) { [self] (request: Inbound<RoundRecords>) -> Empty in
            try await learn(request.body.records, request.trace)
            return Empty()
        }
        bus.handle(PlacementContract.reservations) { [self] (_: Inbound<Empty>) -> ReservationList in
            ReservationList(reservations: await desk.book.all.map(\.summary))
        }
    }

    /// Ends reservations whose jobs are not heard of, until cancelled.
    public func run() async throws {
        while true {
            try await Task.sleep(for: desk.lease / 4, tolerance: desk.lease / 20)
            let change = desk.expire(now: now)
            for uid in change.released {
                logger.warning("a reservation ran out: its job was not heard of", ["uid": uid])
            }
            // What is freed in memory only is freed again after a restart, by the same lease.
            do { try await save(change) } catch { logger.error("an ended reservation stays stored", error: error) }
        }
    }

    // MARK: - Calls

    private var now: Timestamp { startTime.advanced(by: start.duration(to: .now)) }

    private func plan(_ request: PlacementRequest, _ trace: TraceID) async throws -> PlacementPlan {
        let topology = try await topology(trace)
        return try desk.plan(request, context(topology))
    }

    private func reserve(_ request: PlacementRequest, _ trace: TraceID) async throws -> PlacementPlan {
        let topology = try await topology(trace)
        let (plan, change) = try desk.reserve(request, context(topology))
        // What cannot be stored is not told. It stays held in memory, and the job, which asks again, gets it then.
        try await save(change)
        if !change.isEmpty {
            logger.debug(
                "reserved",
                [
                    "job": request.job.text, "type": plan.trainingType.rawValue,
                    "chosen": plan.chosen.map(\.text).joined(separator: ","), "wait": plan.wait?.reason ?? "-",
                ])
        }
        return plan
    }

    private func learn(_ records: [RoundRecord], _ trace: TraceID) async throws {
        for record in records {
            if let flaw = record.flaw { throw PlacementError(.invalidValue, "a round is not learned from: \(flaw)") }
        }
        let sites = try await topology(trace).sites
        let hardware = Dictionary(uniqueKeysWithValues: sites.map { ($0.name, $0.report.hardware.profileClass) })
        let entries = records.compactMap { record in
            hardware[record.edge].map { ProfileStorage.Entry(record: record, hardware: $0) }
        }
        // What is kept already was learned already.
        let new = try await profileStorage.save(entries)
        let scores = forecaster.add(new)
        try await profileStorage.save([], scores: scores)
    }

    private func renew(_ uids: [String]) { desk.renew(uids, now: now) }

    private func release(_ uids: [String]) async throws { try await save(desk.release(uids)) }

    /// Stores how the jobs of `change` stand now. One write at a time and of what is true by then, so that none overtakes another;
    /// whoever waits for a write finds what it wanted stored together with the others'.
    private func save(_ change: PlacementDesk.Change) async throws {
        unsaved.formUnion(change.held.map(\.jobUID) + change.released)
        while isSaving { await withCheckedContinuation { savers.append($0) } }
        guard !unsaved.isEmpty else { return }
        let jobs = unsaved
        unsaved = []
        isSaving = true
        defer {
            isSaving = false
            for saver in savers { saver.resume() }
            savers = []
        }
        do { try await storage.save(jobs.map { ($0, desk.book[$0]) }) } catch {
            unsaved.formUnion(jobs)
            throw error
        }
    }

    private func context(_ topology: TopologySnapshot) -> PlacementContext {
        PlacementContext(
            topology: topology, now: now, quotas: quotas, classifier: classifier, forecaster: forecaster)
    }

    /// The topology as it was at most a moment ago: very many jobs that ask at once share one answer.
    private func topology(_ trace: TraceID) async throws -> TopologySnapshot {
        if let snapshot, snapshot.taken.duration(to: .now) < .milliseconds(100) { return snapshot.value }
        let taken = ContinuousClock.now
        let value = try await bus.call(TopologyContract.snapshot, Empty(), trace: trace).body
        snapshot = (value, taken)
        return value
    }
}

import Contracts
import Core
import Store
import Synchronization
import Telemetry

/// Reads and hashes everything that is stored, now and then, slowly, and while nothing else moves. Where it is survives
/// restarts.
final class Scrubber: Sendable {
    private struct State {
        var record: ScrubRecord?
        var isRunning = false
    }

    /// How long transfers may keep it from reading the next few leaves.
    private static let patience: Duration = .seconds(60)
    private static let glance: Duration = .seconds(1)
    /// The longest sleep, so that a clock that is set is noticed.
    private static let nap: Duration = .seconds(600)

    private let shards: ShardStore
    private let store: Database
    private let board: TransferBoard
    private let settings: ScrubSettings
    private let metrics: DataSyncMetrics
    /// Raised when damage was found.
    private let damage: Signal
    private let logger: Logger
    private let clock: any WallClock
    /// How much of a walk may be done again after a restart.
    private let saving: Duration
    /// One walk at a time, whoever asks for it.
    private let walking = Turnstile(places: 1)
    private let state = Mutex(State())

    init(
        shards: ShardStore, store: Database, board: TransferBoard, settings: ScrubSettings, metrics: DataSyncMetrics,
        damage: Signal, logger: Logger, clock: any WallClock, saving: Duration = .seconds(10)
    ) {
        self.shards = shards
        self.store = store
        self.board = board
        self.settings = settings
        self.metrics = metrics
        self.damage = damage
        self.logger = logger
        self.clock = clock
        self.saving = saving
    }

    /// Walks when it is time, until cancelled; returns at once where it never is.
    func run() async throws {
        guard settings.interval > .zero else { return }
        while true {
            let record = try await load()
            let wait = Duration.milliseconds(record.due.milliseconds - clock.now().milliseconds)
            guard record.position != nil || wait <= .zero else {
                try await ContinuousClock().sleep(for: min(wait, Self.nap))
                continue
            }
            do { try await walk() } catch let error as StoreError {
                logger.warning("the look for damage on the disk was cut short and goes on later", error: error)
                try await ContinuousClock().sleep(for: Self.nap)
            }
        }
    }

    /// One walk to its end, from where the last one was cut short.
    func walk() async throws {
        try await walking.within {
            var record = try await load()
            var cursor = LeafPosition(record.begin(now: clock.now()))
            state.withLock { $0.isRunning = true }
            defer { state.withLock { $0.isRunning = false } }
            try await save(record)
            var saved = ContinuousClock.now
            while true {
                var report = ShardStore.ScrubReport()
                guard let next = try await shards.scrub(from: cursor, into: &report) else { break }
                cursor = next
                record.advance(to: next.value, bytes: report.bytes, damaged: report.damaged.count)
                note(report)
                state.withLock { [record] in $0.record = record }
                if !report.damaged.isEmpty || saved.duration(to: .now) >= saving {
                    try await save(record)
                    saved = .now
                }
                try await pace(report.bytes)
            }
            try await finish(&record)
        }
    }

    /// One walk from the beginning, as fast as it can, for somebody who waits for it. It counts as one of its kind, unless a
    /// slow one goes on.
    func walkNow(progress: @Sendable (ShardStore.ScrubReport) -> Void) async throws -> ShardStore.ScrubReport {
        let started = clock.now()
        let report = try await shards.scrub(progress: progress)
        note(report)
        var record = try await load()
        guard record.position == nil else { return report }
        _ = record.begin(now: started)
        record.advance(to: 0, bytes: report.bytes, damaged: report.damaged.count)
        try await finish(&record)
        return report
    }

    /// What is told of it.
    func status() async throws -> ScrubStatus {
        let record = try await load()
        let isRunning = state.withLock { $0.isRunning }
        let waiting = try await store.read { try Catalogue(connection: $0).damaged() }.count
        let total = isRunning ? try await shards.usage().liveBytes : 0
        return ScrubStatus(
            isRunning: isRunning, checkedBytes: record.bytes, totalBytes: max(total, record.bytes),
            started: record.started, finished: record.finished,
            next: settings.interval > .zero && record.position == nil ? record.due : nil, damaged: record.damaged,
            waiting: waiting)
    }

    // MARK: Steps

    private func load() async throws -> ScrubRecord {
        if let record = state.withLock({ $0.record }) { return record }
        let now = clock.now()
        var record =
            try await store.read { try Catalogue(connection: $0).scrubRecord() }
            ?? .first(now: now, interval: settings.interval, jitter: .random(in: 0...1))
        record.adjust(now: now, interval: settings.interval, jitter: .random(in: 0...1))
        // Whoever is told to walk later draws the moment then.
        if settings.interval > .zero { try await save(record) }
        return record
    }

    private func save(_ record: ScrubRecord) async throws {
        try await store.write { try Catalogue(connection: $0).setScrub(record) }
        state.withLock { $0.record = record }
    }

    private func finish(_ record: inout ScrubRecord) async throws {
        record.finish(now: clock.now(), interval: settings.interval, jitter: .random(in: 0...1))
        try await save(record)
        metrics.scrubs.increment()
        logger.notice(
            "everything that is stored was read", ["bytes": "\(record.bytes)", "damaged": "\(record.damaged)"])
    }

    private func note(_ report: ShardStore.ScrubReport) {
        metrics.scrubbedBytes.increment(by: report.bytes)
        guard !report.damaged.isEmpty else { return }
        metrics.damagedShards.increment(by: report.damaged.count)
        for leaf in report.damaged {
            logger.error("damage was found on the disk", ["leaf": leaf.digest.hex])
        }
        damage.raise()
    }

    /// Waits as long as the rate wants it, and while something moves, but not for ever.
    private func pace(_ bytes: Int) async throws {
        if settings.bytesPerSecond.bytes > 0 {
            try await ContinuousClock().sleep(
                for: .seconds(Double(bytes) / Double(settings.bytesPerSecond.bytes)))
        }
        let start = ContinuousClock.now
        while board.isMoving, start.duration(to: .now) < Self.patience {
            try await ContinuousClock().sleep(for: Self.glance)
        }
    }
}

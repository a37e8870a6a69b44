import Contracts
import Core
public import MessageBus
import Store
public import Telemetry

/// Drops what the policies no longer keep: references of older rounds and versions, never the newest one, never a pinned one,
/// and never a job's two newest models, from which a round in progress may have to start again.
public struct RetentionKeeper: Sendable {
    /// What was fetched for people is kept this long.
    static let obtainedAge: Duration = .seconds(3600)

    private let bus: Bus
    private let dataSync: DataSyncService
    private let gate: PolicyGate
    private let interval: Duration
    private let logger: Logger
    /// What a data set's own document says.
    private let documented: @Sendable (DatasetName) async -> Retention?

    /// - Parameters:
    ///   - policies: at the core, whose data sets' documents may say how long versions are kept.
    ///   - interval: between two looks.
    public init(
        bus: Bus, dataSync: DataSyncService, gate: PolicyGate, policies: SyncPolicyService? = nil,
        interval: Duration = .seconds(60), logger: Logger = .disabled
    ) {
        self.bus = bus
        self.dataSync = dataSync
        self.gate = gate
        self.interval = interval
        self.logger = logger.with(["service": "retention"])
        documented = { name in await policies?.datasets[name]?.document.spec.retention }
    }

    /// Looks again and again until cancelled.
    public func run() async throws {
        while true {
            try await ContinuousClock().sleep(for: interval)
            do { try await sweep() } catch let error as CancellationError { throw error } catch {
                logger.warning("what the policies no longer keep stays until the next look", error: error)
            }
        }
    }

    /// Drops once what is not kept.
    /// - Returns: the references that were dropped.
    @discardableResult
    func sweep() async throws -> [String] {
        // What is cached goes when there is no room, not by rule.
        let all = try await dataSync.store.read { try Catalogue(connection: $0).taggedReferences() }
            .filter { !$0.owner.hasPrefix(CacheTable.prefix) }
        let now = gate.clock.now()
        let table = gate.table
        var dropped: Set<String> = []
        for family in Dictionary(grouping: all.compactMap(Member.init), by: \.item.family).values {
            guard let tags = family.first?.reference.tags else { continue }
            let retention = await retention(of: family[0], tags, table)
            let floor = tags.artefact == .model && tags.dataset == nil ? 2 : 1
            dropped.formUnion(
                RetentionPlan.releases(of: family.map(\.item), under: retention, floor: floor, now: now))
        }
        for reference in all where reference.owner.hasPrefix(SyncPolicyService.obtainedPrefix) {
            if reference.created.advanced(by: Self.obtainedAge) < now { dropped.insert(reference.owner) }
        }
        return try await drop(dropped, of: all)
    }

    private func retention(of member: Member, _ tags: TransferTags, _ table: PolicyTable) async -> Retention {
        if let dataset = tags.dataset, let own = await documented(dataset) { return own }
        return table.retention(of: tags)
    }

    private func drop(_ owners: Set<String>, of all: [TaggedReference]) async throws -> [String] {
        let kept = all.map(\.owner).filter { !owners.contains($0) }
        var dropped: [String] = []
        for reference in all where owners.contains(reference.owner) {
            // A release takes every reference that begins so: one whose name begins another's waits for that.
            guard !kept.contains(where: { $0.hasPrefix(reference.owner) }) else { continue }
            if let dataset = reference.tags.dataset, let version = reference.version {
                _ = try await bus.call(
                    DataSyncContract.removeVersion, DatasetReference(dataset, version: version), timeout: .seconds(60))
            } else {
                try await dataSync.release(prefix: reference.owner)
            }
            dropped.append(reference.owner)
        }
        if !dropped.isEmpty {
            logger.info("dropped what the policies no longer keep", ["references": "\(dropped.count)"])
        }
        return dropped
    }

    /// A reference that competes with others for the places a rule gives.
    private struct Member {
        let reference: TaggedReference
        let item: RetainedItem

        /// - Returns: `nil` for what has no number: it is neither a round's nor a version.
        init?(_ reference: TaggedReference) {
            let tags = reference.tags
            let family: String
            let number: Int
            if let dataset = tags.dataset, let version = reference.version {
                (family, number) = ("dataset \(dataset)", version)
            } else if let job = tags.job, let round = tags.round, let stem = Self.jobStem(reference.owner) {
                (family, number) = ("job \(job) \(stem) \(tags.artefact.rawValue)", round)
            } else {
                return nil
            }
            self.reference = reference
            item = RetainedItem(
                reference: reference.owner, family: family, number: number, created: reference.created,
                isPinned: reference.isPinned)
        }

        /// `fedlearn/UID` of `fedlearn/UID/3/global`: a job's name may be used again, its references' stem may not.
        private static func jobStem(_ owner: String) -> String? {
            let parts = owner.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
            return parts.count == 3 ? "\(parts[0])/\(parts[1])" : nil
        }
    }
}

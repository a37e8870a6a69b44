import Contracts
import Core
import MessageBus
import Store
import Synchronization
import Telemetry

/// Fetches again what was found damaged, from whoever has it: an edge from the core, the core from where it had it and from
/// edges. Everything that comes is checked against its name, and the rules decide as of any other fetch.
final class DamageMender: Sendable {
    private struct Trial {
        var failures = 0
        var next = ContinuousClock.now
    }

    /// Whom it asks in one attempt, at most.
    private static let maximumSources = 8
    /// How long one attempt may take; a rule may hold it back for longer.
    private static let patience: Duration = .seconds(900)
    private static let look: Duration = .seconds(60)
    private static let retry = RetryPolicy(base: .seconds(60), maximum: .seconds(3600), attempts: nil)

    private let service: DataSyncService
    private let logger: Logger
    private let trials = Mutex<[Digest: Trial]>([:])

    init(service: DataSyncService, logger: Logger) {
        self.service = service
        self.logger = logger
    }

    /// Mends until cancelled.
    func run() async throws {
        while true {
            let number = service.damage.number
            do { try await mend() } catch let error as StoreError {
                logger.warning("what was found damaged is looked at later", error: error)
            }
            _ = try await service.damage.wait(past: number, atMost: Self.look)
        }
    }

    /// Tries once for each damaged manifest whose turn it is.
    func mend() async throws {
        let damaged = try await service.store.read { try Catalogue(connection: $0).damaged() }
        service.metrics.damagedManifests.set(Double(damaged.count))
        trials.withLock { trials in trials = trials.filter { damaged.contains($0.key) } }
        for digest in damaged {
            let isDue = trials.withLock { ($0[digest]?.next ?? .now) <= .now }
            // Whoever fetches it already mends it.
            guard isDue, !service.board.isFetching(digest) else { continue }
            if try await mend(digest) {
                service.metrics.mendedManifests.increment()
                continue
            }
            var generator = SystemRandomNumberGenerator()
            trials.withLock { trials in
                var trial = trials[digest] ?? Trial()
                let pause = Self.retry.delay(beforeRetry: trial.failures, using: &generator) ?? Self.retry.maximum
                trial.failures += 1
                trial.next = .now + max(Self.look, pause)
                trials[digest] = trial
            }
        }
    }

    /// - Returns: whether it is whole again.
    private func mend(_ digest: Digest) async throws -> Bool {
        let (entry, holder, source) = try await service.store.read { connection in
            let catalogue = Catalogue(connection: connection)
            return (try catalogue.entry(digest), try catalogue.holder(of: digest), try catalogue.source(of: digest))
        }
        guard let manifest = entry?.manifest, let holder else { return false }
        var failures: [String] = []
        for peer in sources(first: source) {
            let request = FetchRequest(
                manifest: digest, source: peer, reference: holder.owner, maximumBytes: manifest.rawBytes,
                tags: holder.tags)
            do {
                guard let reply = try await fetch(request) else {
                    failures.append("\(peer): not within \(Self.patience)")
                    continue
                }
                logger.notice(
                    "what was damaged is whole again",
                    ["manifest": digest.hex, "source": peer.text, "shards": "\(reply.movedShards)"])
                return true
            } catch let error as any ModuleError {
                try Task.checkCancellation()
                failures.append("\(peer): \(error.description)")
            }
        }
        let isFirst = trials.withLock { $0[digest] == nil }
        if isFirst {
            logger.error(
                "a manifest is damaged here, and nobody who was asked has what is missing; tried again later",
                [
                    "manifest": digest.hex, "reference": holder.owner,
                    "asked": failures.isEmpty ? "nobody is connected" : failures.joined(separator: "; "),
                ])
        }
        return false
    }

    /// Where it came from, then the core, then edges.
    private func sources(first: PeerID?) -> [PeerID] {
        let connected = service.bus.connectedPeers.filter { $0 != .operator && $0 != .local }
        let order = ([first, .core].compactMap(\.self) + connected.sorted()).filter(connected.contains)
        var seen: Set<PeerID> = []
        return Array(order.filter { seen.insert($0).inserted }.prefix(Self.maximumSources))
    }

    /// - Returns: `nil` when it took too long.
    private func fetch(_ request: FetchRequest) async throws -> FetchReply? {
        try await withThrowingTaskGroup(of: FetchReply?.self) { group in
            group.addTask { [service] in try await service.fetch(request) }
            group.addTask {
                try await ContinuousClock().sleep(for: Self.patience)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }
}

import Contracts
import Core
import MessageBus
import Synchronization
import Telemetry

/// Brings shards from one or more sources. While some are on the wire others are verified and written, so that network,
/// processor and disk work at once; what arrived before a failure is kept.
final class PullSession: Sendable {
    /// Where shards can come from.
    struct Link: Sendable {
        let peer: PeerID
        let bus: Bus
        /// As in `SourceAssignment`.
        let tier: Int
        /// How long it may send nothing.
        let patience: Duration
        /// Whether it must look again at what it has.
        var recheck = false
    }

    /// What is the same for all shards of the session.
    struct Setting: Sendable {
        let manifest: Digest
        let elementBytes: Int
        let priority: TransferPriority
        let codec: TransferCodec
        let deadline: ContinuousClock.Instant?
        let trace: TraceID
        let room: TransferRoom
        /// The version whose shards lie as the manifest's do.
        let base: (digest: Digest, shards: [ShardSpec])?
    }

    struct State {
        var plan: SourceAssignment
        var wanted: [ShardAssembler.Wanted]
        var streams: [Int: InboundStream<PullItem>] = [:]
        var usesBase: Bool
        /// Why the session ends before everything came.
        var fatal: (any Error)?
        /// Why sources were given up.
        var failures: [PeerID: any Error] = [:]
        var lastFailure: (any Error)?
        var sawDamage: Set<PeerID> = []
        var movedShards = 0
        var movedBytes = 0
    }

    /// What a source is asked for while its rate is unknown, and at least.
    private static let firstGrab = 8 << 20

    let service: DataSyncService
    let setting: Setting
    let links: [Link]
    let record: TransferRecord
    let state: Mutex<State>
    let changes = Signal()
    let queue: ArrivalQueue<(source: Int, arrived: ShardAssembler.Arrived)>
    /// What is written and not durable yet.
    let written: ArrivalQueue<WrittenBatch>

    init(
        _ service: DataSyncService, _ setting: Setting, wanted: [ShardAssembler.Wanted], links: [Link],
        record: TransferRecord
    ) {
        self.service = service
        self.setting = setting
        self.links = links
        self.record = record
        // Who passes on what it receives itself may be slow without being stalled: its patience is the rule.
        var plan = SourceAssignment(
            costs: wanted.map(\.wantedBytes), patience: service.configuration.relayPatience)
        let now = ContinuousClock.now
        for link in links {
            _ = plan.addSource(
                tier: link.tier, bytesPerSecond: service.links.estimate(of: link.peer).bytesPerSecond, at: now)
        }
        state = Mutex(State(plan: plan, wanted: wanted, usesBase: setting.base != nil))
        queue = ArrivalQueue(capacity: 3 * setting.room.batch)
        written = ArrivalQueue(capacity: 2 * setting.room.batch)
    }

    /// What came so far.
    var moved: MovedShards {
        state.withLock { MovedShards(shards: $0.movedShards, bytes: $0.movedBytes, damaging: $0.sawDamage) }
    }

    /// Whether all that was wanted is here.
    var isDone: Bool { state.withLock { $0.plan.isDone } }

    /// Sources that failed.
    var failed: [PeerID] { state.withLock { Array($0.failures.keys) } }

    /// Brings everything that is wanted.
    /// - Throws: the failure of the last source that was left; `StoreError` at once.
    func run() async throws {
        try await storing { [self] in
            await withTaskGroup(of: Void.self) { sources in
                for id in links.indices { sources.addTask { [self] in await bring(from: id) } }
            }
        }
        try state.withLock { state in
            guard !state.plan.isDone else { return }
            throw state.lastFailure
                ?? DataSyncError(
                    .missing, "none of its sources has \(state.plan.count - state.plan.arrivedCount) of its shards")
        }
    }

    /// Stores what came from the only source without being asked for; what is no good of it stays wanted.
    /// - Throws: `StoreError`.
    func absorb(_ events: [ShardAssembler.Event]) async throws {
        let pieces = state.withLock { $0.plan.take(Int.max / 2, from: 0, at: .now) }
        let places = state.withLock { state in
            Dictionary(pieces.map { (state.wanted[$0].index, $0) }) { first, _ in first }
        }
        try await storing { [self] in
            do { try await take(events, from: 0, places) } catch { end(error) }
        }
    }

    /// Verifies, writes and makes durable what `bring` hands over.
    private func storing(_ bring: @escaping @Sendable () async -> Void) async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [self] in
                await withTaskGroup(of: Void.self) { writers in
                    for _ in 0..<2 { writers.addTask { [self] in await write() } }
                }
                written.finish()
            }
            group.addTask { [self] in await land() }
            group.addTask { [self] in
                await bring()
                queue.finish()
            }
        }
        // What a cancellation left.
        await land()
        try Task.checkCancellation()
        try state.withLock { if let fatal = $0.fatal { throw fatal } }
    }

    // MARK: One source

    private enum Step {
        case ask([Int])
        case wait(until: ContinuousClock.Instant?)
        case end
    }

    private func bring(from id: Int) async {
        while !Task.isCancelled {
            let number = changes.number
            switch next(for: id) {
            case .end: return
            case .wait(let until):
                do {
                    if let until {
                        _ = try await changes.wait(
                            past: number, atMost: max(.milliseconds(1), ContinuousClock.now.duration(to: until)))
                    } else {
                        try await changes.wait(past: number)
                    }
                } catch { return }  // Cancelled: `run` says so.
            case .ask(let pieces):
                do { try await stream(pieces, from: id) } catch { lose(id, error) }
                state.withLock { state in
                    state.streams[id] = nil
                    if !state.plan.sources[id].isLost { state.plan.release(id) }
                }
                changes.raise()
            }
        }
    }

    private func next(for id: Int) -> Step {
        let rate = service.links.estimate(of: links[id].peer).bytesPerSecond
        return state.withLock { state in
            if state.fatal != nil || state.plan.isDone || state.plan.sources[id].isLost { return .end }
            if let rate { state.plan.setRate(rate, of: id) }
            // Alone it is asked for everything; beside others for what it brings in half a second.
            let isAlone = state.plan.sources.indices.allSatisfy { other in
                other == id || state.plan.sources[other].isLost || links[other].tier > links[id].tier
            }
            let grab = rate.map { isAlone ? Int.max / 2 : max(Self.firstGrab, Int($0 / 2)) } ?? Self.firstGrab
            let pieces = state.plan.take(grab, from: id, at: .now)
            if !pieces.isEmpty { return .ask(pieces) }
            return state.plan.isStuck ? .end : .wait(until: links.count > 1 ? state.plan.nextDue : nil)
        }
    }

    /// A source failed: what it was asked for is asked of others.
    private func lose(_ id: Int, _ error: any Error) {
        if error is CancellationError, !Task.isCancelled { return }  // What it was asked for came from elsewhere.
        let peer = links[id].peer
        state.withLock { state in
            state.plan.lost(id)
            state.failures[peer] = error
            state.lastFailure = error
            if (error as? DataSyncError)?.is(.corruptShard) ?? false { state.sawDamage.insert(peer) }
        }
        if !(error is CancellationError) {
            service.logger.info(
                "a source is given up", ["manifest": setting.manifest.hex, "source": peer.text], error: error)
        }
        changes.raise()
    }

    /// The session cannot go on.
    func end(_ error: any Error) {
        let streams = state.withLock { state in
            state.fatal = state.fatal ?? error
            return Array(state.streams.values)
        }
        for stream in streams { stream.cancel() }
        changes.raise()
    }
}

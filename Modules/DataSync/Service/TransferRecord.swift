import Contracts
import Core
import Synchronization

/// One transfer while it goes on, and for a while after: what it moved, and whether it may go on.
final class TransferRecord: Sendable {
    /// Bytes; see `TransferStatus`.
    struct Counters: Sendable, Hashable {
        var wanted = 0
        var done = 0
        var moved = 0
        var deduplicated = 0
        var deltaSaved = 0
        var compressionSaved = 0

        mutating func add(_ other: Counters) {
            wanted += other.wanted
            done += other.done
            moved += other.moved
            deduplicated += other.deduplicated
            deltaSaved += other.deltaSaved
            compressionSaved += other.compressionSaved
        }
    }

    private struct State {
        var machine = TransferMachine()
        var counters = Counters()
        var meter = RateMeter()
        var peers: [PeerID]
        var attempts = 0
        var updated: Timestamp
        var rule: RuleName?
        var tags: TransferTags?
        var failure: Failure?
        /// A phase that the machine does not tell apart.
        var shown: TransferPhase?
        var isCancelled = false
    }

    let id: String
    let direction: TransferDirection
    let manifest: Digest
    let started: Timestamp
    private let clock: any WallClock
    private let state: Mutex<State>
    /// Raised when it may go on, must stop, or ends.
    let changes = Signal()

    init(
        id: String, direction: TransferDirection, manifest: Digest, peers: [PeerID], tags: TransferTags?,
        clock: any WallClock
    ) {
        self.id = id
        self.direction = direction
        self.manifest = manifest
        self.clock = clock
        started = clock.now()
        state = Mutex(State(peers: peers, updated: started, tags: tags))
    }

    var phase: TransferMachine.Phase { state.withLock { $0.machine.phase } }
    var isOver: Bool { phase.isOver }
    var peers: [PeerID] { state.withLock { $0.peers } }
    var counters: Counters { state.withLock { $0.counters } }

    /// What a person or the work itself did to it.
    @discardableResult
    func handle(_ event: TransferMachine.Event) -> TransferMachine.Action {
        let action = state.withLock { state in
            state.updated = clock.now()
            state.shown = nil
            return state.machine.handle(event)
        }
        changes.raise()
        return action
    }

    /// A person wants it no more.
    func cancel() {
        state.withLock { state in
            state.isCancelled = true
            state.updated = clock.now()
        }
        changes.raise()
    }

    /// Its end, when it ends otherwise than complete.
    func fail(_ failure: Failure, shown: TransferPhase = .failed) {
        state.withLock { state in
            _ = state.machine.handle(.gaveUp)
            state.failure = failure
            state.shown = shown
            state.updated = clock.now()
        }
        changes.raise()
    }

    /// Waits while it is paused.
    /// - Throws: `DataSyncError` `cancelled`; `CancellationError`.
    func mayGoOn() async throws {
        while true {
            let number = changes.number
            let (isCancelled, phase) = state.withLock { ($0.isCancelled, $0.machine.phase) }
            if isCancelled { throw DataSyncError(.cancelled, "it was cancelled by an operator") }
            if phase != .paused { return }
            try await changes.wait(past: number)
        }
    }

    /// Waits until it must stop.
    func mustStop() async throws {
        while true {
            let number = changes.number
            let goesOn = state.withLock { !$0.isCancelled && $0.machine.phase == .moving }
            if !goesOn { return }
            try await changes.wait(past: number)
        }
    }

    /// Bytes crossed the bus.
    func moved(_ bytes: Int) {
        let now = ContinuousClock.now
        state.withLock { state in
            state.counters.moved += bytes
            state.meter.note(bytes, at: now)
            state.updated = clock.now()
        }
    }

    func count(_ change: (inout Counters) -> Void) {
        state.withLock { state in
            change(&state.counters)
            state.updated = clock.now()
        }
    }

    func attempt(peers: [PeerID]) {
        state.withLock { state in
            state.attempts += 1
            state.peers = peers
        }
    }

    func note(rule: RuleName, tags: TransferTags?) {
        state.withLock { state in
            state.rule = rule
            state.tags = tags ?? state.tags
        }
    }

    func show(_ phase: TransferPhase?) { state.withLock { $0.shown = phase } }

    /// As it is told to a person.
    var status: TransferStatus {
        let now = ContinuousClock.now
        return state.withLock { state in
            let rate = state.machine.phase.isOver ? 0 : state.meter.rate(at: now)
            let counters = state.counters
            // What is still to come shrinks on its way as what came did.
            let left = max(0, counters.wanted - counters.done)
            let came = max(1, counters.done - counters.deduplicated)
            let ratio = counters.moved > 0 ? min(1, Double(counters.moved) / Double(came)) : 1
            let isMoving = state.machine.phase == .moving && rate > 0
            return TransferStatus(
                id: id, direction: direction, peers: state.peers, manifest: manifest, tags: state.tags,
                phase: state.shown ?? Self.phase(state.machine.phase, state.isCancelled), wantedBytes: counters.wanted,
                doneBytes: counters.done, movedBytes: counters.moved, deduplicatedBytes: counters.deduplicated,
                deltaSavedBytes: counters.deltaSaved, compressionSavedBytes: counters.compressionSaved,
                bytesPerSecond: rate, remainingSeconds: isMoving ? Double(left) * ratio / rate : nil,
                attempts: state.attempts, started: started, updated: state.updated, rule: state.rule?.description,
                failure: state.failure)
        }
    }

    private static func phase(_ phase: TransferMachine.Phase, _ isCancelled: Bool) -> TransferPhase {
        switch phase {
        case .waiting: .waiting
        case .moving: .moving
        case .paused: .paused
        case .committing: .verifying
        case .complete: .complete
        case .failed, .released: isCancelled ? .cancelled : .failed
        }
    }
}

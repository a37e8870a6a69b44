import Contracts
import Core
import Synchronization

/// The transfers that go on and those that ended lately, and what a person wants of them.
final class TransferBoard: Sendable {
    private struct State {
        var active: [String: TransferRecord] = [:]
        /// Newest last.
        var ended: [TransferRecord] = []
        var nextNumber = 0
        var isPaused = false
        var pausedPeers: Set<PeerID> = []
    }

    /// Transfers that ended and are told of.
    private static let memory = 64

    private let clock: any WallClock
    private let state = Mutex(State())
    /// Raised when something may go on that could not.
    let changes = Signal()

    init(clock: any WallClock) { self.clock = clock }

    /// What an operator paused before the last restart.
    func restore(isPaused: Bool, pausedPeers: Set<PeerID>) {
        state.withLock { ($0.isPaused, $0.pausedPeers) = (isPaused, pausedPeers) }
    }

    /// Whether bytes move, to here or from here.
    var isMoving: Bool { state.withLock { $0.active.values.contains { $0.phase == .moving } } }

    var isPaused: Bool { state.withLock { $0.isPaused } }
    var pausedPeers: [PeerID] { state.withLock { $0.pausedPeers.sorted() } }

    /// Whether anything may move with `peer`.
    func isPaused(_ peer: PeerID) -> Bool { state.withLock { $0.isPaused || $0.pausedPeers.contains(peer) } }

    /// Enters a transfer, which begins paused where its peer is.
    func begin(
        _ direction: TransferDirection, _ manifest: Digest, with peer: PeerID, tags: TransferTags? = nil
    ) -> TransferRecord {
        let (record, isPaused) = state.withLock { state in
            state.nextNumber += 1
            let record = TransferRecord(
                id: "\(direction == .fetching ? "f" : "s")\(state.nextNumber)", direction: direction,
                manifest: manifest, peers: [peer], tags: tags, clock: clock)
            state.active[record.id] = record
            return (record, state.isPaused || state.pausedPeers.contains(peer))
        }
        if isPaused, direction == .fetching { record.handle(.pause) }
        return record
    }

    /// It is over; it is remembered for a while.
    func end(_ record: TransferRecord) {
        state.withLock { state in
            guard state.active.removeValue(forKey: record.id) != nil else { return }
            state.ended.append(record)
            if state.ended.count > Self.memory { state.ended.removeFirst() }
        }
    }

    /// Whether a manifest is on its way, to here or from here.
    func isActive(_ manifest: Digest) -> Bool {
        state.withLock { $0.active.values.contains { $0.manifest == manifest } }
    }

    /// Fetches of a manifest that go on.
    func isFetching(_ manifest: Digest) -> Bool {
        state.withLock { $0.active.values.contains { $0.manifest == manifest && $0.direction == .fetching } }
    }

    /// Those that go on, then those that ended, newest first.
    func transfers(recent: Int) -> [TransferRecord] {
        state.withLock { state in
            state.active.values.sorted { ($0.started, $0.id) < ($1.started, $1.id) }
                + state.ended.suffix(max(0, recent)).reversed()
        }
    }

    /// Pauses or resumes one transfer, those with a peer, or all.
    /// - Returns: the transfers that it is about.
    func setPaused(_ isPaused: Bool, transfer: String?, peer: PeerID?) throws -> [TransferRecord] {
        let records: [TransferRecord] = try state.withLock { state in
            let concerned = try Self.concerned(state.active, transfer: transfer, peer: peer)
            if transfer == nil {
                if let peer {
                    if isPaused { state.pausedPeers.insert(peer) } else { state.pausedPeers.remove(peer) }
                } else {
                    state.isPaused = isPaused
                    if !isPaused { state.pausedPeers = [] }
                }
            }
            return concerned
        }
        for record in records { record.handle(isPaused ? .pause : .resume) }
        changes.raise()
        return records
    }

    func cancel(transfer: String?, peer: PeerID?) throws -> [TransferRecord] {
        let records = try state.withLock { try Self.concerned($0.active, transfer: transfer, peer: peer) }
        for record in records { record.cancel() }
        return records
    }

    private static func concerned(
        _ active: [String: TransferRecord], transfer: String?, peer: PeerID?
    ) throws -> [TransferRecord] {
        guard let transfer else { return active.values.filter { peer.map($0.peers.contains) ?? true } }
        guard let record = active[transfer] else {
            throw DataSyncError(
                .missing, "no transfer '\(transfer.prefix(80))' goes on here; 'gedge sync status' lists those that do")
        }
        return [record]
    }
}

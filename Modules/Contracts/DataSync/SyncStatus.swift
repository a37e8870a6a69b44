public import Core

public struct SyncStatusQuery: Codable, Sendable {
    public var edge: Name?
    /// How many transfers that ended to tell of, newest first.
    public var recent: Int

    public init(edge: Name? = nil, recent: Int = 16) {
        self.edge = edge
        self.recent = recent
    }
}

/// What moves, and what may move.
public struct SyncStatus: Codable, Sendable {
    /// Those that go on first, in the order in which they are served; then those that ended, newest first.
    public var transfers: [TransferStatus]
    public var isPaused: Bool
    public var pausedPeers: [PeerID]
    /// Of all peers together; 0 for no limit.
    public var bytesPerSecondLimit: Int
    public var peerLimits: [PeerLimit]
    /// Bytes in memory on their way in or out, of `flightBudget`.
    public var flightBytes: Int
    public var flightBudget: Int
    /// What is kept in case it is wanted again; `nil` when whoever answers does not say.
    public var cache: CacheStatus?
    /// The Ed25519 key by which this cloud signs what it writes, 64 hexadecimal digits; absent where nothing is signed.
    public var signer: String?
    public var scrub: ScrubStatus?

    public init(
        transfers: [TransferStatus], isPaused: Bool, pausedPeers: [PeerID], bytesPerSecondLimit: Int,
        peerLimits: [PeerLimit], flightBytes: Int, flightBudget: Int, signer: String? = nil,
        scrub: ScrubStatus? = nil
    ) {
        self.scrub = scrub
        self.signer = signer
        self.transfers = transfers
        self.isPaused = isPaused
        self.pausedPeers = pausedPeers
        self.bytesPerSecondLimit = bytesPerSecondLimit
        self.peerLimits = peerLimits
        self.flightBytes = flightBytes
        self.flightBudget = flightBudget
    }
}

/// Versions that came from elsewhere, that nobody needs any more, and that are dropped when there is no room.
public struct CacheStatus: Codable, Sendable, Hashable {
    /// Raw bytes, of which `quota` may be kept; 0 for no cache.
    public var bytes: Int
    public var quota: Int
    public var versions: Int
    /// Since the daemon started: fetches that found the version cached, fetches that had to move bytes, and versions dropped.
    public var hits: Int
    public var misses: Int
    public var evictions: Int

    public init(bytes: Int, quota: Int, versions: Int, hits: Int, misses: Int, evictions: Int) {
        self.bytes = bytes
        self.quota = quota
        self.versions = versions
        self.hits = hits
        self.misses = misses
        self.evictions = evictions
    }
}

public struct PeerLimit: Codable, Sendable, Hashable {
    public var peer: PeerID
    public var bytesPerSecond: Int

    public init(peer: PeerID, bytesPerSecond: Int) {
        self.peer = peer
        self.bytesPerSecond = bytesPerSecond
    }
}

public enum TransferDirection: String, Codable, Sendable, Hashable {
    /// To here.
    case fetching
    /// From here.
    case serving
}

public enum TransferPhase: String, Codable, Sendable, Hashable {
    /// Its turn has not come.
    case waiting
    /// A rule holds it back until later.
    case deferred
    case moving
    case paused
    case verifying
    case complete
    case failed
    /// A rule refused it.
    case refused
    case cancelled

    public var isTerminal: Bool {
        switch self {
        case .complete, .failed, .refused, .cancelled: true
        case .waiting, .deferred, .moving, .paused, .verifying: false
        }
    }
}

/// One transfer. `wantedBytes` = moved raw + still to move + deduplicated.
public struct TransferStatus: Codable, Sendable, Hashable {
    /// Unique in the daemon's life; what `pause` and `cancel` name.
    public var id: String
    public var direction: TransferDirection
    public var peers: [PeerID]
    public var manifest: Digest
    public var tags: TransferTags?
    public var phase: TransferPhase
    /// Raw bytes of the manifest.
    public var wantedBytes: Int
    /// Raw bytes that are here, or that were sent, so far.
    public var doneBytes: Int
    /// Bytes that crossed the bus.
    public var movedBytes: Int
    /// Raw bytes that did not cross because they were there already.
    public var deduplicatedBytes: Int
    /// Raw bytes that a difference to an earlier version saved.
    public var deltaSavedBytes: Int
    /// Raw bytes that compression saved.
    public var compressionSavedBytes: Int
    /// On the bus, lately.
    public var bytesPerSecond: Double
    public var remainingSeconds: Double?
    public var attempts: Int
    public var started: Timestamp
    public var updated: Timestamp
    /// The rule that let it go, holds it back or refused it, as `policy/NAME rule N`.
    public var rule: String?
    public var failure: Failure?

    public init(
        id: String, direction: TransferDirection, peers: [PeerID], manifest: Digest, tags: TransferTags?,
        phase: TransferPhase, wantedBytes: Int, doneBytes: Int, movedBytes: Int, deduplicatedBytes: Int,
        deltaSavedBytes: Int, compressionSavedBytes: Int, bytesPerSecond: Double, remainingSeconds: Double?,
        attempts: Int, started: Timestamp, updated: Timestamp, rule: String? = nil, failure: Failure? = nil
    ) {
        self.id = id
        self.direction = direction
        self.peers = peers
        self.manifest = manifest
        self.tags = tags
        self.phase = phase
        self.wantedBytes = wantedBytes
        self.doneBytes = doneBytes
        self.movedBytes = movedBytes
        self.deduplicatedBytes = deduplicatedBytes
        self.deltaSavedBytes = deltaSavedBytes
        self.compressionSavedBytes = compressionSavedBytes
        self.bytesPerSecond = bytesPerSecond
        self.remainingSeconds = remainingSeconds
        self.attempts = attempts
        self.started = started
        self.updated = updated
        self.rule = rule
        self.failure = failure
    }
}

public enum SyncAction: String, Codable, Sendable, Hashable {
    case pause, resume, cancel
    /// Sets `SyncControl.bytesPerSecond`.
    case limit
}

/// What to do with which transfers: one of them, all with a peer, or all when neither is named.
public struct SyncControl: Codable, Sendable {
    public var action: SyncAction
    /// A transfer's `id`.
    public var transfer: String?
    public var peer: PeerID?
    /// Bytes per second, 0 for no limit; with `limit` only.
    public var bytesPerSecond: Int?
    public var edge: Name?

    public init(
        action: SyncAction, transfer: String? = nil, peer: PeerID? = nil, bytesPerSecond: Int? = nil, edge: Name? = nil
    ) {
        self.action = action
        self.transfer = transfer
        self.peer = peer
        self.bytesPerSecond = bytesPerSecond
        self.edge = edge
    }
}

public struct SyncControlReply: Codable, Sendable {
    /// Transfers that changed.
    public var affected: Int

    public init(affected: Int) { self.affected = affected }
}

import Contracts
import Core
import Store

/// The commits of a fetch. Each is in one transaction, and comes before its effect is told.
extension Catalogue {
    /// The manifest came and was checked: it is held, and its shards may move.
    func enter(_ manifest: Manifest, for request: FetchRequest, now: Timestamp) throws {
        try insert(manifest, digest: request.manifest, now: now)
        try hold(request.manifest, for: request.reference)
        try tag(request.manifest, of: request.reference, request.tags)
        try setTransfer(request.manifest, .moving, from: request.source, now: now)
    }

    /// Whether the manifest is held for whoever fetches it, and on its way.
    func isMoving(_ request: FetchRequest) throws -> Bool {
        try transferState(request.manifest) == .moving && isHeld(request.manifest, by: request.reference)
    }

    /// Shards of a manifest that is here are missing: it is held, and they may move.
    /// - Parameter wasHeld: whether it was held for the request before; then a release since ends the fetch.
    /// - Returns: whether it is still here; whoever else held it may have released it.
    /// - Throws: `missing` when it was released while it was fetched.
    func setMoving(_ request: FetchRequest, wasHeld: Bool, now: Timestamp) throws -> Bool {
        if wasHeld { try checkHeld(request) }
        guard try setComplete(request.manifest, false) else { return false }
        try hold(request.manifest, for: request.reference)
        try tag(request.manifest, of: request.reference, request.tags)
        let state = try transferState(request.manifest)
        if state == nil { try setTransfer(request.manifest, .wanted, from: request.source, now: now) }
        if state != .moving { try setTransfer(request.manifest, .moving, from: request.source, now: now) }
        return true
    }

    /// Everything is here: held and complete with this commit, if it is so.
    /// - Parameter wasHeld: as in `setMoving`.
    /// - Returns: whether it is: a shard, or what only others held, may have gone since it was looked at.
    /// - Throws: `missing` when it was released while it was fetched.
    func setComplete(_ request: FetchRequest, _ manifest: Manifest, wasHeld: Bool, now: Timestamp) throws -> Bool {
        if wasHeld { try checkHeld(request) }
        guard try holdsShards(of: manifest), try setComplete(request.manifest, true) else { return false }
        try hold(request.manifest, for: request.reference)
        try tag(request.manifest, of: request.reference, request.tags)
        if let state = try transferState(request.manifest), state != .complete {
            // All shards are durable (verified), and with this very commit they are held (complete).
            for next in [TransferState.verified, .complete] where state != next {
                try setTransfer(request.manifest, next, from: request.source, now: now)
            }
        }
        return true
    }

    /// - Throws: `missing` when it was released while it was fetched.
    func checkHeld(_ request: FetchRequest) throws {
        guard try isHeld(request.manifest, by: request.reference) else {
            throw DataSyncError(.missing, "it was released while it was fetched for '\(request.reference)'")
        }
    }

    private func isHeld(_ manifest: Digest, by owner: String) throws -> Bool {
        try connection.first(
            "SELECT 1 FROM datasync_references WHERE owner = ? AND manifest = ?", owner, manifest.hex
        ) { _ in true } ?? false
    }
}

import Contracts
import Core
import MessageBus
import Store

extension DataSyncService {
    /// The transfers there are and the limits they are under, here or at an edge.
    func status(_ query: SyncStatusQuery) async throws -> SyncStatus {
        if let edge = query.edge {
            var forwarded = query
            forwarded.edge = nil
            return try await bus.call(DataSyncContract.status, forwarded, to: .peer(PeerID(edge))).body
        }
        var status = SyncStatus(
            transfers: board.transfers(recent: min(query.recent, 64)).map(\.status), isPaused: board.isPaused,
            pausedPeers: board.pausedPeers, bytesPerSecondLimit: desk.totalLimit, peerLimits: desk.peerLimits,
            flightBytes: sending.outstanding + receiving.outstanding + urgentReceiving.outstanding,
            flightBudget: sending.capacity + receiving.capacity + urgentReceiving.capacity,
            signer: writers?.key.verifyingKey.hexadecimal, scrub: try await scrubber.status())
        status.cache = try await cacheStatus()
        return status
    }

    /// Puts in force what an operator ordered before the last restart.
    func restoreOrders() async throws {
        let orders = try await store.read { try OrderTable(connection: $0).load() }
        board.restore(isPaused: orders.isPaused, pausedPeers: orders.pausedPeers)
        if orders.limit > 0 { desk.setLimit(orders.limit, of: nil) }
        for (peer, limit) in orders.peerLimits { desk.setLimit(limit, of: peer) }
    }

    /// Pauses, resumes, cancels or limits.
    func control(_ order: SyncControl) async throws -> SyncControlReply {
        if let edge = order.edge {
            var forwarded = order
            forwarded.edge = nil
            return try await bus.call(DataSyncContract.control, forwarded, to: .peer(PeerID(edge))).body
        }
        switch order.action {
        case .pause, .resume:
            let isPaused = order.action == .pause
            // One transfer does not outlive the daemon; everything else is durable before it is told.
            if order.transfer == nil {
                try await store.write { try OrderTable(connection: $0).setPaused(isPaused, peer: order.peer) }
            }
            let records = try board.setPaused(isPaused, transfer: order.transfer, peer: order.peer)
            return SyncControlReply(affected: records.count)
        case .cancel:
            return SyncControlReply(affected: try board.cancel(transfer: order.transfer, peer: order.peer).count)
        case .limit:
            guard let rate = order.bytesPerSecond, rate >= 0 else {
                throw DataSyncError(.invalidRequest, "a limit needs its bytes per second; 0 lifts it")
            }
            guard order.transfer == nil else {
                throw DataSyncError(.invalidRequest, "limits are for a peer or for all; name no transfer")
            }
            try await store.write { try OrderTable(connection: $0).setLimit(rate, of: order.peer) }
            desk.setLimit(rate, of: order.peer)
            return SyncControlReply(
                affected: board.transfers(recent: 0).count { record in
                    record.direction == .serving && (order.peer.map(record.peers.contains) ?? true)
                })
        }
    }
}

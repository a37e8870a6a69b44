import Contracts
import Store

/// What an operator wants of transfers, of all or of those with a peer, until it is taken back; inside one transaction.
struct OrderTable {
    /// Everything that is in force.
    struct Orders: Sendable, Hashable {
        var isPaused = false
        var pausedPeers: Set<PeerID> = []
        /// Bytes per second; 0 for no limit.
        var limit = 0
        var peerLimits: [PeerID: Int] = [:]
    }

    let connection: Connection

    func load() throws -> Orders {
        var orders = Orders()
        let rows = try connection.query("SELECT peer, is_paused, bytes_per_second FROM datasync_orders") {
            (peer: try $0.string(0), isPaused: try $0.bool(1), limit: try $0.int(2))
        }
        for row in rows {
            if row.peer.isEmpty {
                (orders.isPaused, orders.limit) = (row.isPaused, row.limit)
            } else {
                let peer = PeerID(row.peer)
                if row.isPaused { orders.pausedPeers.insert(peer) }
                if row.limit > 0 { orders.peerLimits[peer] = row.limit }
            }
        }
        return orders
    }

    /// Pauses or resumes everything, or what moves with `peer`. Whoever resumes everything resumes every peer.
    func setPaused(_ isPaused: Bool, peer: PeerID?) throws {
        if peer == nil, !isPaused {
            try connection.execute("UPDATE datasync_orders SET is_paused = 0")
        } else {
            try connection.execute(
                """
                INSERT INTO datasync_orders (peer, is_paused) VALUES (?, ?)
                ON CONFLICT (peer) DO UPDATE SET is_paused = excluded.is_paused
                """, peer?.text ?? "", isPaused)
        }
        try tidy()
    }

    func setLimit(_ bytesPerSecond: Int, of peer: PeerID?) throws {
        try connection.execute(
            """
            INSERT INTO datasync_orders (peer, bytes_per_second) VALUES (?, ?)
            ON CONFLICT (peer) DO UPDATE SET bytes_per_second = excluded.bytes_per_second
            """, peer?.text ?? "", bytesPerSecond)
        try tidy()
    }

    private func tidy() throws {
        try connection.execute("DELETE FROM datasync_orders WHERE is_paused = 0 AND bytes_per_second = 0")
    }
}

public import Contracts
import Core
public import MessageBus
public import Telemetry

/// Says how busy the link to another cloud is.
public protocol LinkMeter: Sendable {
    /// Bytes per second that move between here and `peer` now; infinity when that cannot be found out.
    func bytesPerSecond(with peer: PeerID) async -> Double
}

/// Adds up the rates of this process's own transfers.
public struct TransferLinkMeter: LinkMeter {
    private let bus: Bus
    private let logger: Logger

    public init(bus: Bus, logger: Logger) {
        self.bus = bus
        self.logger = logger
    }

    public func bytesPerSecond(with peer: PeerID) async -> Double {
        do {
            let status = try await bus.call(DataSyncContract.status, SyncStatusQuery(recent: 0)).body
            return status.transfers.filter { $0.phase == .moving && $0.peers.contains(peer) }
                .reduce(0) { $0 + $1.bytesPerSecond }
        } catch {
            // A link whose load is not known is not taken for idle.
            logger.warning("the load of a link could not be found out", ["peer": peer.text], error: error)
            return .infinity
        }
    }
}

public import Contracts
import Core
import MessageBus
import Synchronization
import Telemetry

/// Which key an edge enrolled with, as the core knows it: how clouds that never met know each other.
public protocol EnrolledKeys: Sendable {
    /// The CURVE key in Z85; `nil` for a cloud that is not enrolled.
    func enrolledKey(of peer: PeerID) -> String?
}

/// The core's part in clouds passing shards on to each other: knows where each can be reached, arranges who gets what from
/// whom (`RelayBoard`), and tells the one side to let the other in.
final class RelayCoordinator: Sendable {
    private struct State {
        var board = RelayBoard()
        var addresses: [PeerID: String] = [:]
    }

    /// How long another one may connect to it.
    private static let admittedSeconds = 900.0
    private static let maximumAddressBytes = 256
    private static let attempts = 3

    private let bus: Bus
    private let keys: (any EnrolledKeys)?
    /// How long the cloud that is to pass something on has to answer.
    private let patience: Duration
    private let logger: Logger
    private let state = Mutex(State())

    /// - Parameter keys: `nil` where connections are not encrypted.
    init(bus: Bus, keys: (any EnrolledKeys)?, patience: Duration, logger: Logger) {
        self.bus = bus
        self.patience = patience
        self.keys = keys
        self.logger = logger
    }

    /// The clouds that others can be sent to.
    var reachable: [PeerID] { state.withLock { $0.addresses.keys.sorted() } }

    /// The key by which others know a cloud.
    func key(of peer: PeerID) -> String? { keys?.enrolledKey(of: peer) }

    /// An edge says where others can reach it.
    func announce(_ announcement: RelayAnnouncement, by peer: PeerID) throws {
        if let address = announcement.address {
            guard address.utf8.count <= Self.maximumAddressBytes else {
                throw DataSyncError(.invalidRequest, "an address of \(address.utf8.count) bytes")
            }
            _ = try BusAddress(address)
        }
        state.withLock { $0.addresses[peer] = announcement.address }
    }

    func left(_ peer: PeerID) {
        state.withLock { state in
            state.addresses[peer] = nil
            state.board.remove(peer)
        }
    }

    /// Whom `peer` gets a manifest from, who has been told to let it in; empty for the core itself.
    func holders(of manifest: Digest, for peer: PeerID, avoid: Set<PeerID>) async throws -> [Holder] {
        guard !peer.isReserved, keys == nil || keys?.enrolledKey(of: peer) != nil else { return [] }
        var avoid = avoid
        for _ in 0..<Self.attempts {
            let chosen = state.withLock { state -> (PeerID, String)? in
                let addresses = state.addresses
                let upstream = state.board.assign(manifest, to: peer, avoid: avoid, at: .now) {
                    addresses[$0] != nil && bus.isConnected($0)
                }
                return upstream.flatMap { upstream in addresses[upstream].map { (upstream, $0) } }
            }
            guard let (upstream, address) = chosen else { return [] }
            do {
                let key = keys?.enrolledKey(of: upstream)
                guard keys == nil || key != nil else { throw DataSyncError(.missing, "'\(upstream)' is not enrolled") }
                _ = try await bus.call(
                    DataSyncContract.admit,
                    RelayAdmission(peer: peer, key: keys?.enrolledKey(of: peer), seconds: Self.admittedSeconds),
                    to: .peer(upstream), timeout: patience)
                return [Holder(peer: upstream, address: address, key: key)]
            } catch let error as any ModuleError {
                logger.info("an edge cannot pass shards on", ["edge": upstream.text], error: error)
                avoid.insert(upstream)
            }
        }
        state.withLock { $0.board.detach(manifest, peer) }
        return []
    }
}

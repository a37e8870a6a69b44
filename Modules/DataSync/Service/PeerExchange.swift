public import Contracts
import Core
public import MessageBus
import Synchronization
public import Telemetry

/// A cloud's connections to its like, over which they pass shards on to each other: a bus of its own, so that nothing else
/// of the cloud can be reached by them. It listens only where it was told to, and admits only whom the core announced.
public final class PeerExchange: Sendable {
    /// How the clouds know each other.
    public enum Security: Sendable {
        /// Every connection is encrypted, by the key that the cloud enrolled with. Required on `tcp`.
        case curve(KeyPair)
        /// For clouds of one process or one machine.
        case none
    }

    private struct State {
        /// How many transfers use a connection.
        var users: [PeerID: Int] = [:]
    }

    let bus: Bus
    /// Where others can connect; `nil` when nowhere.
    public let address: String?
    private let security: Security
    private let admitted = AdmittedPeers()
    private let state = Mutex(State())
    private let needed = Signal()

    /// - Parameters:
    ///   - identity: what the core calls this cloud.
    ///   - listen: where to listen; `nil` for nowhere. Port 0 chooses a free one.
    ///   - advertise: what to tell others instead, such as where `listen` stands for all of a machine's addresses.
    ///   - context: shared by buses of one process that talk over `inproc`.
    /// - Throws: `BusError` for an address that cannot be listened at.
    public init(
        identity: PeerID, listen: BusAddress?, advertise: String? = nil, security: Security,
        context: BusContext = BusContext(), logger: Logger = .disabled
    ) throws {
        self.security = security
        bus = Bus(configuration: BusConfiguration(identity: identity), context: context, logger: logger)
        guard let listen else {
            address = nil
            return
        }
        let bound =
            switch security {
            case .curve(let keys): try bus.listen(listen, security: .curve(serverKeys: keys, directory: admitted))
            case .none: try bus.listen(listen, security: .none)
            }
        address = advertise ?? bound.description
    }

    /// Moves bytes until cancelled; without an address only once somebody is to be connected to.
    func run() async throws {
        if address == nil { try await needed.wait(past: 0) }
        try await bus.run()
    }

    /// Lets another cloud in, on the core's word.
    func admit(_ request: RelayAdmission) throws {
        guard case .curve = security else { return }
        guard let text = request.key, let key = PublicKey(z85: text), request.seconds.isFinite else {
            throw DataSyncError(.invalidRequest, "'\(request.peer)' cannot be admitted without its key")
        }
        try admitted.admit(request.peer, key, for: .seconds(min(max(0, request.seconds), 86_400)))
    }

    /// Connects to a holder that the core named, if no other transfer did; `disconnect` when done.
    /// - Throws: `BusError` when it cannot be reached in time; then there is nothing to disconnect.
    func connect(_ holder: Holder, timeout: Duration) async throws {
        let address = try BusAddress(holder.address)
        let isFirst = state.withLock { state in
            state.users[holder.peer, default: 0] += 1
            return state.users[holder.peer] == 1
        }
        do {
            if isFirst {
                switch security {
                case .curve(let keys):
                    guard let key = holder.key.flatMap({ PublicKey(z85: $0) }) else {
                        throw DataSyncError(.protocolViolation, "'\(holder.peer)' was named without its key")
                    }
                    try bus.connect(address, as: holder.peer, security: .curve(client: keys, serverKey: key))
                case .none: try bus.connect(address, as: holder.peer, security: .none)
                }
                needed.raise()
            }
            try await bus.ready(holder.peer, timeout: timeout)
        } catch {
            disconnect(holder.peer)
            throw error
        }
    }

    func disconnect(_ peer: PeerID) {
        let isLast = state.withLock { state in
            guard let users = state.users[peer] else { return false }
            state.users[peer] = users > 1 ? users - 1 : nil
            return users == 1
        }
        if isLast { bus.disconnect(peer) }
    }
}
